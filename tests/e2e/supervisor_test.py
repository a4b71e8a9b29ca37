#!/usr/bin/python3
"""The supervisor, with the real programs and with ones that end at once.

usage: supervisor_test.py BIN"""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

BIN = sys.argv.pop(1) if len(sys.argv) > 1 else '.'
ONION = 'duckduckgogg42xjoc72x3sjasowoarfbgcmvfimaftt6twagswzczad.onion'
HERE = os.path.dirname(os.path.abspath(__file__))


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.01)
    raise AssertionError('not within %d s' % seconds)


def children(pid):
    """{name: process id} of the living and dead children of pid."""
    found = {}
    for entry in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open(f'/proc/{entry}/stat') as f:
                text = f.read()
        except OSError:
            continue
        name, rest = text[text.index('(') + 1:].rsplit(')', 1)
        if int(rest.split()[1]) == pid:
            found.setdefault(name + (' zombie' if rest.split()[0] == 'Z'
                                     else ''), int(entry))
    return found


def walls(pid):
    """What the kernel says of a process: {field: number}."""
    with open(f'/proc/{pid}/status') as f:
        return {name: int(value) for name, value in re.findall(
            r'^(Seccomp|Seccomp_filters|NoNewPrivs|Threads):\s+(\d+)$',
            f.read(), re.M)}


def alive(pid):
    try:
        with open(f'/proc/{pid}/stat') as f:
            return f.read().rsplit(')', 1)[1].split()[0] != 'Z'
    except OSError:
        return False


class Supervisor(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix='tipline-sup-')
        self.socket = f'{self.folder}/s'
        self.started = []
        self.tool('init', 'line', '--listen', f'unix:{self.socket}',
                  '--listen', '127.0.0.1:0', '--onion', ONION, '--proxy',
                  'off')
        maker = ['/usr/bin/python3', f'{HERE}/make_keyset.py']
        subprocess.run([*maker, 'root', 'keys'], cwd=self.folder, check=True)
        subprocess.run([*maker, 'set', 'keys', 'line/server.pub', 'k.txt'],
                       cwd=self.folder, check=True)

    def tearDown(self):
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait()
        shutil.rmtree(self.folder)

    def tool(self, *args):
        return subprocess.run([f'{BIN}/tipline-operator', *args],
                              cwd=self.folder, check=True,
                              stdout=subprocess.PIPE).stdout.decode()

    def install(self):
        return self.tool('keyset', 'install', 'line', 'k.txt', '--root',
                         'keys/root.pub')

    def start(self, folder=None, log='log', **more):
        with open(f'{self.folder}/{log}', 'wb') as f:
            process = subprocess.Popen(
                [f'{folder or BIN}/tipline-intake', 'line'], stderr=f,
                cwd=self.folder, **more)
        self.started.append(process)
        return process

    def log(self, log='log'):
        with open(f'{self.folder}/{log}') as f:
            return f.read()

    def ready(self, log='log'):
        until(lambda: 'ready on' in self.log(log))

    def page(self):
        with socket.socket(socket.AF_UNIX) as s:
            s.settimeout(5)
            s.connect(self.socket)
            s.sendall(b'GET /tip HTTP/1.1\r\nHost: %s\r\n\r\n' % ONION.encode())
            data = b''
            while piece := s.recv(65536):
                data += piece
        return data

    def two(self, process):
        """Both programs, once both are there."""
        def both():
            now = children(process.pid)
            if {'tipline-receive', 'tipline-keeper'} <= now.keys():
                return now
            return None
        return until(both)

    def test_each_process_stands_behind_walls_of_its_own(self):
        self.install()
        process = self.start()
        self.ready()
        both = self.two(process)
        until(lambda: 'tipline-keeper: E200' in self.log())
        if 'E106' in self.log():  # a build with sanitizers has no filters
            return
        own = walls(process.pid)
        self.assertEqual(own['Seccomp'], 2)
        self.assertEqual(own['NoNewPrivs'], 1)
        # They are born behind the supervisor's walls, and add their own.
        for pid in both.values():
            self.assertEqual(walls(pid)['Seccomp'], 2)
            self.assertEqual(walls(pid)['NoNewPrivs'], 1)
            self.assertGreater(walls(pid)['Seccomp_filters'],
                               own['Seccomp_filters'])
            with open(f'/proc/{pid}/limits') as f:
                self.assertRegex(f.read(), r'Max core file size +0 +0 ')
            with open(f'/proc/{pid}/environ', 'rb') as f:
                self.assertEqual(f.read(), b'LC_ALL=C\0')

    def test_it_serves_says_so_once_and_leaves_nothing(self):
        self.install()
        process = self.start()
        self.ready()
        match = re.search(r'tipline-intake: ready on unix:(\S+) and '
                          r'http://127\.0\.0\.1:(\d+)/\n', self.log())
        self.assertEqual(match[1], self.socket)
        self.assertEqual(os.stat(self.socket).st_mode & 0o777, 0o660)
        self.assertTrue(b'<form' in self.page())
        both = self.two(process)
        os.kill(both['tipline-receive'], signal.SIGKILL)
        until(lambda: self.two(process)['tipline-receive'] !=
              both['tipline-receive'])
        both = self.two(process)
        process.terminate()
        self.assertEqual(process.wait(60), 0)
        self.assertEqual(self.log().count('ready on'), 1)
        self.assertFalse(os.path.exists(self.socket))
        for pid in both.values():
            self.assertFalse(alive(pid))

    def test_the_port_of_127_0_0_1_serves_besides(self):
        self.install()
        self.start()
        self.ready()
        port = re.search(r'http://127\.0\.0\.1:(\d+)/\n', self.log())[1]
        with socket.create_connection(('127.0.0.1', int(port))) as s:
            s.settimeout(5)
            s.sendall(b'HEAD / HTTP/1.1\r\nHost: 127.0.0.1:%s\r\n\r\n'
                      % port.encode())
            self.assertIn(b' 200 ', s.recv(4096))

    def test_interrupt_ends_it_too_and_the_children_do_not_hear_it(self):
        self.install()
        process = self.start(start_new_session=True)
        self.ready()
        self.two(process)
        os.killpg(process.pid, signal.SIGINT)
        self.assertEqual(process.wait(60), 0)
        self.assertNotIn('starting it again', self.log())

    def test_children_get_only_what_they_need(self):
        self.install()
        secret = os.open(f'{self.folder}/k.txt', os.O_RDONLY)
        process = self.start(pass_fds=[secret],
                             env={'SECRET': 'x', 'PATH': '/bin'})
        os.close(secret)
        self.ready()
        both = self.two(process)
        for name, most in (('tipline-keeper', 'data'),
                           ('tipline-receive', '')):
            folder = f'/proc/{both[name]}'
            with open(f'{folder}/environ', 'rb') as f:
                self.assertEqual(f.read().count(b'SECRET'), 0)
            for fd in os.listdir(f'{folder}/fd'):
                target = os.readlink(f'{folder}/fd/{fd}')
                self.assertNotIn('k.txt', target)
                if target.startswith(self.folder) and int(fd) != 2:
                    self.assertTrue(most and f'/{most}' in target, target)
            self.assertEqual(os.readlink(f'{folder}/fd/0'), '/dev/null')

    def test_without_a_key_set_it_serves_closed_and_opens_when_told(self):
        process = self.start()
        self.ready()
        self.assertIn('the form is closed', self.log())
        self.assertFalse(b'<form' in self.page())
        self.assertIn('was told', self.install())
        until(lambda: 'E204' in self.log())
        until(lambda: b'<form' in self.page())
        # A key set that is spoilt later is refused; the one in use stays.
        with open(f'{self.folder}/line/keyset.txt', 'ab') as f:
            f.write(b'x')
        process.send_signal(signal.SIGHUP)
        until(lambda: 'E205' in self.log())
        self.assertTrue(b'<form' in self.page())
        self.assertIn('or closes when tipline-intake is started again',
                      self.tool('status', 'line'))

    def test_texts_are_taken_up_and_broken_ones_are_not(self):
        self.install()
        texts = f'{self.folder}/line/texts.ini'
        # Broken at the start: it says so, and serves neutral pages.
        with open(texts, 'w') as f:
            f.write('[topic a]\n')
        process = self.start()
        self.ready()
        self.assertIn('texts.ini line 1: this topic has no title', self.log())
        self.assertIn('going on with neutral texts', self.log())
        self.assertTrue(b'<form' in self.page())
        receiver = self.two(process)['tipline-receive']
        # More than one message holds goes to the receiver in pieces.
        with open(f'{self.folder}/t.ini', 'w') as f:
            for i in range(24):
                f.write(f'[topic x{i}]\ntitle = T\n')
                for code in 'ko', 'ru', 'zh', 'fa', 'ar':
                    f.write(f'text[{code}] = 1\n' + 4 * ('  ' + 160 * 'x'
                                                          + '\n'))
        self.assertGreater(os.stat(f'{self.folder}/t.ini').st_size, 70000)
        for said in ('24 topics', '24 topics'):
            self.assertIn(said, self.tool('texts', 'install', 'line',
                                          't.ini'))
            until(lambda: 'E221' in self.log())
        until(lambda: self.log().count('E204') == 2)
        self.assertNotIn('E222', self.log())
        with open(texts, 'ab') as f:
            f.write(b'x')
        process.send_signal(signal.SIGHUP)
        until(lambda: 'E222' in self.log())
        self.assertTrue(b'<form' in self.page())
        # Only a change is spoken of, and it is taken up by the same receiver.
        self.assertEqual(self.log().count('E221'), 1)
        self.assertEqual(self.two(process)['tipline-receive'], receiver)
        # One that is started anew gets them, too.
        os.kill(receiver, signal.SIGKILL)
        until(lambda: self.two(process)['tipline-receive'] != receiver)
        until(self.answers)
        os.unlink(texts)
        process.send_signal(signal.SIGHUP)
        until(lambda: self.log().count('E221') == 2)
        self.assertTrue(b'<form' in self.page())
        self.assertNotIn('E214', self.log())

    def test_texts_that_no_page_holds_are_not_taken(self):
        """Put in past the tool: the form would end before its button."""
        self.install()
        texts = f'{self.folder}/line/texts.ini'

        def write(label):
            with open(texts, 'w') as f:
                for i in range(8):
                    f.write(f'[question q{i}]\nkind = choice\nlabel = Q\n')
                    for choice in range(16):
                        f.write(f'choice.c{choice} = {label}\n')

        write(2 * (150 * 'x' + '\n  '))
        process = self.start()
        self.ready()
        self.assertIn('the page large (Send large files)', self.log())
        self.assertIn('make it shorter by', self.log())
        self.assertIn('going on with neutral texts', self.log())
        self.assertNotIn(b'id="q-q0"', self.page())
        self.assertIn(b'</html>', self.page())
        write('short')
        process.send_signal(signal.SIGHUP)
        until(lambda: b'id="q-q7"' in self.page())
        write(2 * (150 * 'x' + '\n  '))
        process.send_signal(signal.SIGHUP)
        until(lambda: 'E222' in self.log())
        self.assertIn(b'>short</option>', self.page())
        self.assertIn(b'</html>', self.page())

    def answers(self):
        try:
            return b'<form' in self.page()
        except OSError:
            return False

    def test_a_folder_open_to_others_is_spoken_of_at_each_start(self):
        self.install()
        os.chmod(f'{self.folder}/line', 0o755)
        sup = self.start()
        self.ready()
        self.assertIn('chmod 0700', self.log())
        sup.terminate()
        sup.wait(60)
        os.chmod(f'{self.folder}/line', 0o700)
        self.start(log='log2')
        self.ready('log2')
        self.assertNotIn('chmod 0700', self.log('log2'))

    def test_a_second_one_is_refused_and_of_two_at_once_one_wins(self):
        self.install()
        first = self.start()
        self.ready()
        second = self.start(log='second')
        self.assertEqual(second.wait(60), 1)
        self.assertIn(f'already, as process {first.pid}', self.log('second'))
        self.assertTrue(b'<form' in self.page())
        first.terminate()
        first.wait(60)
        for _ in range(10):
            racers = [self.start(log=f'race{n}') for n in range(4)]
            until(lambda: sum(r.poll() is None for r in racers) == 1)
            winner = next(r for r in racers if r.poll() is None)
            self.ready(f'race{racers.index(winner)}')
            self.assertTrue(b'<form' in self.page())
            winner.terminate()
            self.assertEqual(winner.wait(60), 0)
            for r in racers:
                if r is not winner:
                    self.assertEqual(r.wait(), 1)

    def test_killing_it_leaves_nothing_running_and_nothing_in_the_way(self):
        self.install()
        process = self.start()
        self.ready()
        both = self.two(process)
        process.kill()
        process.wait()
        for pid in both.values():
            until(lambda: not alive(pid))
        self.assertTrue(os.path.exists(self.socket))
        self.start(log='again')
        self.ready('again')
        self.assertTrue(b'<form' in self.page())

    def test_each_that_is_killed_comes_back_and_no_zombie_stays(self):
        self.install()
        process = self.start()
        self.ready()
        for turn in range(12):
            name = ('tipline-receive', 'tipline-keeper')[turn % 2]
            before = self.two(process)
            os.kill(before[name], signal.SIGKILL)
            until(lambda: children(process.pid).get(name, before[name]) !=
                  before[name])
            until(lambda: b'<form' in self.page())
        self.assertNotIn('E206', self.log())  # none had to wait
        self.two(process)
        time.sleep(0.3)
        self.assertFalse([c for c in children(process.pid) if 'zombie' in c])
        self.assertEqual(len(children(process.pid)), 2)

    def test_a_program_that_ends_again_and_again_is_started_with_pauses(self):
        self.install()
        folder = f'{self.folder}/bin'
        os.mkdir(folder)
        for name in ('tipline-intake', 'tipline-receiver'):
            shutil.copy(f'{BIN}/{name}', folder)
        shutil.copy('/bin/false', f'{folder}/tipline-keeper')
        process = self.start(folder=folder)
        until(lambda: 'E206' in self.log())
        # The receiver serves on; what it lacks is said, not hidden.
        self.ready()
        self.assertTrue(self.page())
        usage = f'/proc/{process.pid}/stat'
        def forks():
            with open(usage) as f:
                return int(f.read().rsplit(')', 1)[1].split()[12])
        time.sleep(2)
        before = forks()
        time.sleep(2)
        self.assertLess(forks() - before, 50)  # hundredths of a second
        # It never gives up: the right program helps without a hand.
        os.unlink(f'{folder}/tipline-keeper')
        shutil.copy(f'{BIN}/tipline-keeper', folder)
        until(lambda: 'tipline-keeper: E200' in self.log())
        process.terminate()
        self.assertEqual(process.wait(60), 0)

    def test_one_that_does_not_end_is_killed_after_five_seconds(self):
        self.install()
        process = self.start()
        self.ready()
        both = self.two(process)
        for pid in both.values():
            os.kill(pid, signal.SIGSTOP)
        began = time.monotonic()
        process.terminate()
        self.assertEqual(process.wait(60), 0)
        self.assertGreater(time.monotonic() - began, 4.5)
        for pid in both.values():
            self.assertFalse(alive(pid))

    def test_what_hinders_it_is_said_in_words(self):
        self.install()
        def refused(words, folder=None):
            process = self.start(folder=folder, log='refused')
            self.assertEqual(process.wait(60), 1)
            self.assertIn(words, self.log('refused'))
        with open(self.socket, 'w'):
            pass
        refused('taken by something that is no socket')
        os.unlink(self.socket)
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(self.socket)
            other.listen()
            refused('another program listens')
        self.assertTrue(os.path.exists(self.socket))
        self.start(log='stale')
        self.ready('stale')
        self.started[-1].terminate()
        self.started[-1].wait()
        lonely = f'{self.folder}/lonely'
        os.mkdir(lonely)
        shutil.copy(f'{BIN}/tipline-intake', lonely)
        refused('tipline-receiver cannot be started', lonely)
        with open(f'{self.folder}/line/tipline.conf', 'a') as f:
            f.write('nonsense = 1\n')
        refused("unknown key 'nonsense'")
        with open(f'{self.folder}/line/tipline.conf', 'w') as f:
            f.write('[listen]\nunix = /nowhere/s\n')
        refused('make its folder first')


if __name__ == '__main__':
    unittest.main()
