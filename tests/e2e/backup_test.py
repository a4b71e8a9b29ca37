#!/usr/bin/python3
"""Backups: made beside a running server, cut at any point, checked, restored;
and what a restored line must learn before it may go on."""
import glob
import json
import os
import random
import shutil
import sqlite3
import stat
import subprocess
import threading
import time

from disk import Disk
from handoff import (DAY, Bundle, Root, chain_of, confirmed, link_item, reply,
                     return_bundle, server_key)
from tipline import LONG, PASSPHRASE, Line, expect, opened, run_tests

TODAY = int(time.time()) // DAY


def restore_tool(line, *args, **kw):
    return line.tool("tipline-restore", *args, **kw)


def make_backup_key(line, name="backup.key"):
    """Beside the line; a passphrase file as well."""
    line.pass_file = os.path.join(line.home, "backup-passphrase")
    with open(line.pass_file, "w") as f:
        os.fchmod(f.fileno(), 0o600)
        f.write(PASSPHRASE + "\n")
    path = os.path.join(line.home, name)
    restore_tool(line, "key", "make", path, "--passphrase-file",
                 line.pass_file)
    return path


def backup(line, folder, *keys, check=True):
    args = ["backup", line.line, folder]
    for key in keys:
        args += ["--key", key + ".pub"]
    return line.tool("tipline-operator", *args, check=check)


def drill(line, folder, key, check=True):
    p = restore_tool(line, "check", folder, "--key", key, "--passphrase-file",
                     line.pass_file, check=check)
    return p.returncode, p.stdout.decode(), p.stderr.decode()


def restore(line, folder, to, key, *args, check=True):
    return restore_tool(line, "restore", folder, to, "--key", key,
                        "--passphrase-file", line.pass_file, *args,
                        check=check)


def names(folder):
    return sorted(os.listdir(folder))


def say(line, count, size=0):
    for i in range(count):
        files = [("f", os.urandom(size))] if size else ()
        expect(line.tip("tip %d" % i, files).received, "no tip is taken")


def all_tips(line, folder, server):
    """What a line's database holds, by a bundle of its own making."""
    path = os.path.join(line.home, "all-%d" % random.getrandbits(40))
    line.tool("tipline-operator", "export", folder, path, "--from", "1")
    with open(path, "rb") as f:
        raw = f.read()
    os.unlink(path)
    return Bundle(raw, server)


class Seized(Line):
    """A line with a key set whose signers we hold."""

    def __init__(self):
        super().__init__(keys=False)
        self.root = Root("alice")
        self.root_pub = os.path.join(self.home, "root.pub")
        self.root.write_pub(self.root_pub)
        self.server = server_key(os.path.join(self.line, "server.pub"))
        self.set_path = os.path.join(self.home, "set.txt")
        self.root.write_set(os.path.join(self.line, "server.pub"),
                            self.set_path)
        self.tool("tipline-operator", "keyset", "install", self.line,
                  self.set_path, "--root", self.root_pub)

    def give(self, number, items):
        path = os.path.join(self.home, "return%d" % number)
        with open(path, "wb") as f:
            f.write(return_bundle(self.server, self.root.signer["alice"],
                                  number, items))
        return path


def a_backup_key_is_made_once_and_opens_with_its_passphrase_only():
    with Line(keys=False) as line:
        key = make_backup_key(line)
        for path in (key, key + ".pub"):
            expect(stat.S_IMODE(os.stat(path).st_mode) == 0o600, path)
        with open(key + ".pub") as f:
            text = f.read()
        expect(text.startswith("tipline-backup-key 1\nkey "), text)
        p = restore_tool(line, "key", "make", key, "--passphrase-file",
                         line.pass_file, check=False)
        expect(p.returncode == 1 and b"not overwritten" in p.stderr, p.stderr)
        p = restore_tool(line, "key", "--help")
        expect(b"key make" in p.stdout, p.stdout)
        folder = os.path.join(line.home, "b")
        backup(line, folder, key)
        wrong = os.path.join(line.home, "wrong")
        with open(wrong, "w") as f:
            f.write("another passphrase\n")
        p = restore_tool(line, "check", folder, "--key", key,
                         "--passphrase-file", wrong, check=False)
        expect(p.returncode == 1 and b"passphrase is wrong" in p.stderr,
               p.stderr)
        p = restore_tool(line, "check", folder, "--key", key + ".pub",
                         "--passphrase-file", line.pass_file, check=False)
        expect(p.returncode == 1 and b"not its .pub" in p.stderr, p.stderr)
        os.chmod(key, 0o644)
        code, _, err = drill(line, folder, key, check=False)
        expect(code == 1 and "mode 0600" in err, err)
        os.chmod(key, 0o600)
        other = make_backup_key(line, "other.key")
        code, _, err = drill(line, folder, other, check=False)
        expect(code == 1 and "there is no state that can be opened" in err,
               err)
        code, out, _ = drill(line, folder, key)
        expect("All of it can be restored." in out, out)


def a_later_backup_adds_only_what_is_new():
    with Seized() as line:
        key, second = make_backup_key(line), make_backup_key(line, "two.key")
        folder = os.path.join(line.home, "b")
        line.start()
        say(line, 3)
        p = backup(line, folder, key, second)
        expect(b"3 new tips in 1 file" in p.stdout, p.stdout)
        expect(names(folder) == ["backup.txt", "state-000001.sealed",
                                 "tips-000000001-000000003.sealed"],
               names(folder))
        first = os.stat(os.path.join(folder, names(folder)[2]))
        backup(line, folder, second, key)  # in whatever order
        say(line, 2)
        p = backup(line, folder, key, second)
        expect(b"2 new tips in 1 file" in p.stdout, p.stdout)
        p = backup(line, folder, key, second)
        expect(b"no new tips" in p.stdout, p.stdout)
        # The two newest states stay.
        expect(names(folder) == ["backup.txt", "state-000003.sealed",
                                 "state-000004.sealed",
                                 "tips-000000001-000000003.sealed",
                                 "tips-000000004-000000005.sealed"],
               names(folder))
        again = os.stat(os.path.join(folder, names(folder)[3]))
        expect(first.st_mtime_ns == again.st_mtime_ns and
               first.st_ino == again.st_ino, "what was saved was written anew")
        for k in (key, second):
            code, out, _ = drill(line, folder, k)
            expect("5 (1 to 5)" in out and "All of it" in out, out)
        # A file that is lost is made again.
        os.unlink(os.path.join(folder, "tips-000000001-000000003.sealed"))
        code, out, err = drill(line, folder, key, check=False)
        expect(code == 1 and "tips 1 to 3 is missing" in err, out, err)
        p = backup(line, folder, key, second)
        expect(b"3 new tips in 1 file" in p.stdout, p.stdout)
        drill(line, folder, key)
        line.stop()
        # Another line's, or other keys: refused.
        p = backup(line, folder, key, check=False)
        expect(p.returncode == 1 and b"sealed to other keys" in p.stderr,
               p.stderr)
        with Seized() as other:
            before = names(folder)
            p = other.tool("tipline-operator", "backup", other.line, folder,
                           "--key", key + ".pub", "--key", second + ".pub",
                           check=False)
            expect(p.returncode == 1 and b"of another line" in p.stderr,
                   p.stderr)
            expect(names(folder) == before, "a refused backup wrote")
        p = line.tool("tipline-operator", "backup", line.line, folder,
                      check=False)
        expect(p.returncode == 2 and b"needs --key" in p.stderr, p.stderr)
        p = line.tool("tipline-operator", "backup", line.line, folder,
                      "--key", key, check=False)
        expect(p.returncode == 1 and b"no public backup key" in p.stderr,
               p.stderr)


def backups_beside_arriving_tips_are_whole_wherever_they_are_killed():
    with Line() as line:
        key = make_backup_key(line)
        folder = os.path.join(line.home, "b")
        line.start()
        stop = threading.Event()
        sent = []

        def send():
            r = random.Random(1)
            while not stop.is_set():
                body = os.urandom(r.choice([10, 3000, 200000]))
                if line.tip("tip %d" % len(sent), [("f", body)]).received:
                    sent.append(body)
                time.sleep(0.02)

        thread = threading.Thread(target=send)
        thread.start()
        r = random.Random(2)
        killed = 0
        try:
            runs, end = 0, time.monotonic() + 60
            while (runs < (120 if LONG else 25) or len(sent) < 30) and \
                    time.monotonic() < end:
                runs += 1
                p = subprocess.Popen(
                    [os.path.join(line.bin, "tipline-operator"), "backup",
                     line.line, folder, "--key", key + ".pub"],
                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(r.random() * 0.03)
                p.kill()
                killed += p.wait() != 0
        finally:
            stop.set()
            thread.join()
        expect(killed > 0, "no run was cut")
        expect(len(sent) > 20, "hardly any tip came")
        backup(line, folder, key)
        expect(not [n for n in names(folder) if ".part" in n], names(folder))
        code, out, err = drill(line, folder, key)
        expect("All of it can be restored." in out, out, err)
        expect("(1 to %d)" % len(sent) in out, out)
        line.stop()
        new = os.path.join(line.home, "new")
        said = restore(line, folder, new, key).stdout.decode()
        expect("keyset install" in said and "--sequence N" in said, said)
        # Every tip opens, from the restored line.
        line.tool("tipline-operator", "keyset", "install", new,
                  os.path.join(line.home, "keyset.txt"), "--sequence", "1")
        bundle = os.path.join(line.home, "bundle")
        cases = os.path.join(line.home, "cases")
        line.tool("tipline-operator", "export", new, bundle, "--from", "1")
        line.analyst("open", line.keys, bundle, cases)
        tips = opened(cases)
        expect(len(tips) == len(sent), len(tips), "of", len(sent))
        got = {open(t.files[0][1], "rb").read() for t in tips}
        expect(got == set(sent), "other tips came back")
        print("       %d tips, %d runs killed, %d files" % (
            len(sent), killed, len(names(folder))))


def a_power_cut_leaves_a_backup_that_goes_on():
    r = random.Random(21)
    with Seized() as line, Disk(96) as disk:
        key = make_backup_key(line)
        folder = os.path.join(disk.folder, "b")
        line.start()
        cut = 0
        for i in range(30 if LONG else 8):
            say(line, 2, size=400000)
            p = subprocess.Popen(
                [os.path.join(line.bin, "tipline-operator"), "backup",
                 line.line, folder, "--key", key + ".pub"],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(r.random() * 0.1)
            disk.power_cut()
            p.kill()
            cut += p.wait() != 0
            disk.unmount()
            disk.mount()
            if i % 4 == 3:
                backup(line, folder, key)
                code, out, err = drill(line, folder, key)
                expect("(1 to %d)" % (2 * i + 2) in out and
                       "All of it" in out, out, err)
        expect(cut > 0, "no run was cut")
        line.stop()


def a_restored_line_is_the_line_and_goes_on_after_the_links():
    with Seized() as line:
        key = make_backup_key(line)
        folder = os.path.join(line.home, "b")
        texts = os.path.join(line.home, "texts.ini")
        with open(texts, "w") as f:
            f.write("[topic fraud]\ntitle = Fraud\ntitle[ko] = 사기\n")
        line.tool("tipline-operator", "texts", "install", line.line, texts)
        line.start()
        say(line, 2)
        say(line, 1, size=400000)
        say(line, 3)
        b = all_tips(line, line.line, line.server)
        links = chain_of(line.server, b.tips)
        line.tool("tipline-operator", "import", line.line, line.give(1, [
            confirmed(1, 2, links[0], links[2]), reply(TODAY + 40),
            reply(TODAY + 50)]))
        line.tool("tipline-operator", "purge", line.line)
        backup(line, folder, key)
        code, out, _ = drill(line, folder, key)
        expect("6 (1 to 6)" in out and "2 of them purged" in out and
               "2 answers waiting" in out, out)
        # What came after the backup, and reached the analysts.
        say(line, 2)
        later = all_tips(line, line.line, line.server)
        line.stop()

        new = os.path.join(line.home, "new")
        p = restore(line, folder, new, key, "--bundle", "7")
        said = p.stdout.decode()
        expect("the next one has number 8" in said and
               "tips from 7 on" in said and "2 without their bytes" in
               said.replace("of these ", ""), said)
        for name in ("server.key", "server.pub", "root.pub", "tipline.conf",
                     "texts.ini", "keyset.txt", "keyset.txt.minisig", "sequence", "epoch"):
            with open(os.path.join(line.line, name), "rb") as f, \
                    open(os.path.join(new, name), "rb") as g:
                expect(f.read() == g.read(), name, "is another one")
        for path in glob.glob(os.path.join(new, "**"), recursive=True):
            expect(os.stat(path).st_mode & 0o077 == 0, path, "is open")
        # No key set until the analysts' number is named.
        p = line.tool("tipline-operator", "export", new,
                      os.path.join(line.home, "x"), check=False)
        expect(p.returncode == 1, "it signs before it has a key set")
        install = ["keyset", "install", new, line.set_path]
        p = line.tool("tipline-operator", *install, check=False)
        expect(p.returncode == 1, "a restored line takes any key set")
        p = line.tool("tipline-operator", *install, "--sequence", "1")
        expect(b"Before it is started, import" in p.stdout, p.stdout)
        # Who is in a hurry looks at status, which does not say: start it.
        said = line.tool("tipline-operator", "status", new).stdout.decode()
        expect("start it only when" in said and "--links-from 7)" in said,
               said)
        got = all_tips(line, new, line.server)
        expect(got.number == 8, got.number)
        expect([(t.number, t.digest, t.sealed) for t in got.tips] ==
               [(t.number, t.digest, t.sealed) for t in later.tips[:6]],
               "the tips are other ones")
        status = json.loads(line.tool("tipline-operator", "status", new,
                                      "--json").stdout)
        expect(status["replies_waiting"] == 2, status)
        # Confirmations alone do not fit; links that leave one out neither.
        links = chain_of(line.server, later.tips)
        for items, words in (
                ([confirmed(1, 8, links[0], links[8])], "ends with 6"),
                ([link_item(later.tips[7])], "ask for links from 7 on"),
                ([link_item(t) for t in later.tips[6:]] +
                 [confirmed(1, 8, links[0], links[7])], "not those of this")):
            p = line.tool("tipline-operator", "import", new,
                          line.give(2, items), check=False)
            expect(p.returncode == 1 and words in p.stderr.decode(), p.stderr)
        items = [link_item(t) for t in later.tips[4:]] + [
            confirmed(1, 8, links[0], links[8]), reply(TODAY + 9)]
        was, line.line = line.line, new
        line.start()
        p = line.tool("tipline-operator", "import", new, line.give(2, items),
                      check=False)
        expect(p.returncode == 1 and b"stop tipline-intake first" in p.stderr,
               p.stderr)
        line.stop()
        line.line = was
        p = line.tool("tipline-operator", "import", new, line.give(2, items))
        expect(b"Links of tips 7 to 8 taken up" in p.stdout and
               b"1 answer taken" in p.stdout, p.stdout)
        # The chain goes on where the lost server left it.
        line.tool("tipline-operator", "purge", new)
        line.line = new
        line.start()
        say(line, 2)
        after = all_tips(line, new, line.server)
        line.stop()
        expect(len(after.tips) == 10 and
               chain_of(line.server, after.tips)[8] == later.head,
               "the chain is another one")
        expect([t.number for t in after.tips if t.sealed] == [9, 10],
               "the purge left something, or took too much")
        # Now that new tips have come, nothing is taken up any more.
        fake = later.tips[7]
        fake.number = 11
        p = line.tool("tipline-operator", "import", new,
                      line.give(3, [link_item(fake)]), check=False)
        expect(p.returncode == 1 and b"takes links up" in p.stderr, p.stderr)
        # And the old folder of backups goes on, too.
        p = backup(line, folder, key)
        expect(b"4 new tips" in p.stdout, p.stdout)
        code, out, _ = drill(line, folder, key)
        expect("10 (1 to 10)" in out and "All of it" in out, out)
        expect(links[8] == later.head, "the test is wrong")


def the_analysts_own_tool_brings_the_links_that_a_backup_lacks():
    with Line() as line:
        key = make_backup_key(line)
        folder = os.path.join(line.home, "b")
        server = server_key(os.path.join(line.line, "server.pub"))
        cases = os.path.join(line.home, "cases")

        def carry(place, name):
            path = os.path.join(line.home, name)
            line.tool("tipline-operator", "export", place, path)
            line.tool("tipline-analyst", "verify", line.keys, path)
            line.analyst("open", line.keys, path, cases)

        line.start()
        say(line, 2)
        backup(line, folder, key)
        say(line, 3)
        carry(line.line, "b1")
        line.stop()
        was = all_tips(line, line.line, server).head
        new = os.path.join(line.home, "new")
        said = restore(line, folder, new, key, "--bundle", "2").stdout
        expect(b"--links-from 3" in said, said)
        line.tool("tipline-operator", "keyset", "install", new,
                  os.path.join(line.home, "keyset.txt"), "--sequence", "1")
        back = os.path.join(line.home, "r")
        line.analyst("ack", line.keys, back, "--links-from", "3")
        said = line.tool("tipline-operator", "import", new, back).stdout
        expect(b"Links of tips 3 to 5 taken up" in said and
               b"Tips 1 to 5 confirmed by" in said, said)
        shutil.rmtree(line.line)
        line.line = new
        line.start()
        say(line, 2)
        # Nothing looks as if the server had gone back in time.
        carry(new, "b2")
        line.stop()
        b = all_tips(line, new, server)
        expect(chain_of(server, b.tips)[5] == was, "another chain")
        expect(len(opened(cases)) == 7, len(opened(cases)))


def a_tip_damaged_in_the_database_keeps_its_place_and_is_named():
    with Seized() as line:
        key = make_backup_key(line)
        folder = os.path.join(line.home, "b")
        line.start()
        say(line, 3)
        line.stop()
        db = sqlite3.connect(os.path.join(line.line, "data/tips.sqlite"))
        at, sealed = db.execute(
            "SELECT id, sealed FROM chunk WHERE id >> 24 ="
            " (SELECT upload FROM tip WHERE number = 2)").fetchone()
        sealed = sealed[:-1] + bytes([sealed[-1] ^ 1])
        db.execute("UPDATE chunk SET sealed = ? WHERE id = ?", (sealed, at))
        db.commit()
        db.close()
        p = backup(line, folder, key, check=False)
        expect(p.returncode == 1 and b"tip 2 is damaged" in p.stderr,
               p.stderr)
        code, out, err = drill(line, folder, key, check=False)
        expect(code == 0 and "1 damaged" in out and "tip 2 was damaged" in
               err, out, err)
        new = os.path.join(line.home, "new")
        p = restore(line, folder, new, key)
        expect(b"tip 2 was damaged" in p.stderr, p.stderr)
        line.tool("tipline-operator", "keyset", "install", new,
                  line.set_path, "--sequence", "1")
        p = line.tool("tipline-operator", "export", new,
                      os.path.join(line.home, "x"), check=False)
        expect(p.returncode == 1 and b"tip 2 is damaged" in p.stderr and
               b"tips 1 to 3" in p.stdout, p.stderr)
        # In the middle of a file of tips, too.
        part = os.path.join(line.home, "part")
        said = restore(line, folder, part, key, "--to", "1").stdout
        expect(b"tips from 2 on" in said, said)


def a_damaged_backup_is_told_and_what_is_good_comes_back():
    with Seized() as line:
        key = make_backup_key(line)
        folder = os.path.join(line.home, "b")
        line.start()
        for n in (3, 2, 4):
            say(line, n)
            backup(line, folder, key)
        line.stop()
        good = os.path.join(line.home, "good")
        shutil.copytree(folder, good)
        r = random.Random(4)

        def broken(name, change):
            shutil.rmtree(folder)
            shutil.copytree(good, folder)
            path = os.path.join(folder, name)
            with open(path, "rb") as f:
                raw = bytearray(f.read())
            change(raw)
            with open(path, "wb") as f:
                f.write(raw)

        def flip(raw):
            raw[r.randrange(len(raw))] ^= 1 << r.randrange(8)

        def cut(raw):
            del raw[r.randrange(len(raw)):]

        new = os.path.join(line.home, "new")
        tips = "tips-000000004-000000005.sealed"
        changes = [flip] * (60 if LONG else 6) + [cut] * 3
        for i, change in enumerate(changes):
            broken(tips, change)
            code, out, err = drill(line, folder, key, check=False)
            expect(code == 1 and tips in err and "Not all" in out, err, out)
            if i % 4 != 0:
                continue
            p = restore(line, folder, new, key, check=False)
            expect(p.returncode == 1 and b"the folder is empty" in p.stderr,
                   p.stderr)
            expect(names(new) == [], "half a line was left", names(new))
        restore(line, folder, new, key, "--to", "3")
        line.tool("tipline-operator", "keyset", "install", new,
                  line.set_path, "--sequence", "1")
        expect(len(all_tips(line, new, line.server).tips) == 3, "not 3 tips")
        # A segment in the place of another, or another server's.
        broken(tips, lambda raw: None)
        shutil.copy(os.path.join(folder, "tips-000000001-000000003.sealed"),
                    os.path.join(folder, tips))
        code, out, err = drill(line, folder, key, check=False)
        expect(code == 1 and tips in err, err)
        # The last file is gone, after which no other shows the hole.
        broken(tips, lambda raw: None)
        os.unlink(os.path.join(folder, "tips-000000006-000000009.sealed"))
        code, out, err = drill(line, folder, key, check=False)
        expect(code == 1 and "tips 6 to 9 is missing" in err and
               "Not all" in out, err, out)
        shutil.rmtree(new)
        p = restore(line, folder, new, key, check=False)
        expect(p.returncode == 1 and b"tips 6 to 9 is missing" in p.stderr and
               names(new) == [], p.stderr)
        restore(line, folder, new, key, "--to", "5")
        # The newest state is damaged: the one before it serves.
        broken("state-000003.sealed", flip)
        code, out, err = drill(line, folder, key, check=False)
        expect(code == 1 and "state 3 cannot be used" in err and
               "9 (1 to 9)" in out, err, out)
        # Not into a folder that has something in it.
        p = restore(line, good, new, key, check=False)
        expect(p.returncode == 1 and b"is not empty" in p.stderr, p.stderr)
        expect(os.path.exists(os.path.join(new, "tipline.conf")),
               "a refused restore took a line away")


def a_large_tip_has_a_file_of_its_own():
    with Seized() as line:
        key = make_backup_key(line)
        folder = os.path.join(line.home, "b")
        line.start()
        say(line, 1)
        say(line, 1, size=70 << 20)
        say(line, 2)
        backup(line, folder, key)
        line.stop()
        expect([n for n in names(folder) if n.startswith("tips")] == [
            "tips-000000001-000000001.sealed",
            "tips-000000002-000000002.sealed",
            "tips-000000003-000000004.sealed"], names(folder))
        new = os.path.join(line.home, "new")
        restore(line, folder, new, key)
        line.tool("tipline-operator", "keyset", "install", new,
                  line.set_path, "--sequence", "1")
        expect([(t.digest, t.length) for t in
                all_tips(line, new, line.server).tips] ==
               [(t.digest, t.length) for t in
                all_tips(line, line.line, line.server).tips],
               "other tips came back")


run_tests(a_backup_key_is_made_once_and_opens_with_its_passphrase_only,
          a_later_backup_adds_only_what_is_new,
          backups_beside_arriving_tips_are_whole_wherever_they_are_killed,
          a_power_cut_leaves_a_backup_that_goes_on,
          a_restored_line_is_the_line_and_goes_on_after_the_links,
          the_analysts_own_tool_brings_the_links_that_a_backup_lacks,
          a_tip_damaged_in_the_database_keeps_its_place_and_is_named,
          a_damaged_backup_is_told_and_what_is_good_comes_back,
          a_large_tip_has_a_file_of_its_own)
