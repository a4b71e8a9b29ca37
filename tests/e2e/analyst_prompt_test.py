#!/usr/bin/env python3
"""The passphrase prompt of tipline-analyst on a terminal of its own.

    analyst_prompt_test.py PATH/tipline-analyst PATH/make_bundle

Nothing typed is shown; the terminal is as before afterwards; what would
protect nothing is refused.
"""

import os
import pty
import select
import signal
import subprocess
import sys
import tempfile
import termios
import time

ANALYST, MAKE_BUNDLE = sys.argv[1:3]
SECRET = "correct horse battery"


class Terminal:
    """A program with a terminal of its own."""

    def __init__(self, *words):
        self.shown = b""
        self.fd, other_end = pty.openpty()
        # Before the program can have changed anything.
        self.before = termios.tcgetattr(self.fd)
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self.fd)
            os.login_tty(other_end)
            os.execv(ANALYST, [ANALYST, *words])
        os.close(other_end)

    def read(self, until):
        """Wait for these words; everything shown is kept."""
        deadline = time.monotonic() + 20
        start = len(self.shown)
        while until not in self.shown[start:].decode(errors="replace"):
            ready, _, _ = select.select([self.fd], [], [], 0.2)
            if ready:
                try:
                    piece = os.read(self.fd, 4096)
                except OSError:
                    piece = b""
                if not piece:
                    raise AssertionError(f"no {until!r} in {self.shown!r}")
                self.shown += piece
            assert time.monotonic() < deadline, (until, self.shown)

    def type(self, text):
        # The prompt comes before the echo is off, or a key typed early
        # would be thrown away: wait for it.
        deadline = time.monotonic() + 20
        while termios.tcgetattr(self.fd)[3] & termios.ECHO:
            assert time.monotonic() < deadline, "echo stays on"
            time.sleep(0.01)
        os.write(self.fd, text.encode())

    def end(self):
        """The exit code, when the terminal is as it was before."""
        try:
            while True:
                ready, _, _ = select.select([self.fd], [], [], 20)
                assert ready, "does not end"
                piece = os.read(self.fd, 4096)
                if not piece:
                    break
                self.shown += piece
        except OSError:
            pass
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        return code


def a_new_passphrase_is_asked_for_twice_and_not_shown(keys):
    t = Terminal("init", keys)
    t.read("New passphrase")
    t.type("wrong at first\x15" + SECRET + "!\x7f\r")  # line and key erased
    t.read("again")
    t.type(SECRET + "\r")
    assert t.end() == 0, t.shown
    assert SECRET.encode() not in t.shown and b"wrong" not in t.shown, t.shown
    assert b"fingerprint" in t.shown


def the_same_passphrase_opens_the_keys(keys):
    """Typed, and as the first line of a file; another one does not."""
    work = os.path.dirname(keys)
    subprocess.run([MAKE_BUNDLE, "server", work], check=True)
    words = ("keyset", "make", keys, "--server",
             os.path.join(work, "server.pub"), "--weeks", "1", "--out")
    t = Terminal(*words, keys + "1.txt")
    t.read("Passphrase")
    t.type(SECRET + "\r")
    assert t.end() == 0, t.shown
    assert SECRET.encode() not in t.shown
    t = Terminal(*words, keys + "2.txt")
    t.read("Passphrase")
    t.type(SECRET + "!\r")
    assert t.end() == 1
    assert b"not the passphrase" in t.shown, t.shown
    with open(keys + ".pass", "w", encoding="utf-8") as f:
        f.write(SECRET + "\r\nanother line\n")
    t = Terminal(*words, keys + "3.txt", "--passphrase-file", f.name)
    assert t.end() == 0, t.shown


def two_that_differ_are_refused(keys):
    t = Terminal("init", keys)
    t.read("New passphrase")
    t.type(SECRET + "\r")
    t.read("again")
    t.type(SECRET + "?\r")
    assert t.end() == 1
    assert b"not the same" in t.shown and not os.path.exists(keys)


def an_empty_and_a_short_one_are_refused(keys):
    for typed, said in (("", b"empty"), ("seven77", b"too short"),
                        # Seven characters in more than eight bytes.
                        ("\uac00" * 7, b"too short")):
        t = Terminal("init", keys)
        t.read("New passphrase")
        t.type(typed + "\r")
        t.read("again")
        t.type(typed + "\r")
        assert t.end() == 1
        assert said in t.shown and not os.path.exists(keys), t.shown


def interrupting_ends_it_and_gives_the_echo_back(keys):
    t = Terminal("init", keys)
    t.read("New passphrase")
    t.type("half a passphrase")
    t.type("\x03")
    t.read("no passphrase given")
    after = termios.tcgetattr(t.fd)
    assert after == t.before, (after, t.before)
    assert t.end() == 1
    assert b"half" not in t.shown and not os.path.exists(keys)


def a_signal_ends_it_and_gives_the_echo_back(keys):
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT,
                   signal.SIGQUIT):
        t = Terminal("init", keys)
        t.read("New passphrase")
        t.type("half a passphrase")
        os.kill(t.pid, number)
        # The end must not be waited for by reading: look at the terminal
        # first, while it is still there.
        deadline = time.monotonic() + 20
        while os.waitid(os.P_PID, t.pid, os.WEXITED | os.WNOWAIT |
                        os.WNOHANG) is None:
            assert time.monotonic() < deadline, "does not end"
            time.sleep(0.01)
        after = termios.tcgetattr(t.fd)
        assert after == t.before, (after, t.before)
        assert t.end() == -number
        assert b"half" not in t.shown and not os.path.exists(keys)


def without_a_terminal_it_says_what_to_do(keys):
    pid = os.fork()
    if pid == 0:
        os.setsid()
        out = os.open(keys + ".said", os.O_WRONLY | os.O_CREAT)
        os.dup2(out, 2)
        os.execv(ANALYST, [ANALYST, "init", keys])
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 1
    with open(keys + ".said", encoding="utf-8") as f:
        assert "--passphrase-file" in f.read()
    assert not os.path.exists(keys)


def main():
    with tempfile.TemporaryDirectory() as work:
        first = os.path.join(work, "keys")
        other = os.path.join(work, "other")
        for test, keys in (
                (a_new_passphrase_is_asked_for_twice_and_not_shown, first),
                (the_same_passphrase_opens_the_keys, first),
                (two_that_differ_are_refused, other),
                (an_empty_and_a_short_one_are_refused, other),
                (interrupting_ends_it_and_gives_the_echo_back, other),
                (a_signal_ends_it_and_gives_the_echo_back, other),
                (without_a_terminal_it_says_what_to_do, other)):
            test(keys)
            print("ok ", test.__name__)


main()
