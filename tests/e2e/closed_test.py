#!/usr/bin/python3
"""Without a key set in force the form is closed, and opens by itself."""
import os
import subprocess
import sys

from tipline import HERE, Line, expect, run_tests, wait_for

DAY = 86400


class Root:
    """A root key of our own, so that a key set may be of any time."""

    def __init__(self, line, name="root"):
        self.line = line
        self.folder = os.path.join(line.home, name)
        self.make("root", self.folder)

    @staticmethod
    def make(*args):
        subprocess.run([sys.executable, os.path.join(HERE, "make_keyset.py"),
                        *args], check=True)

    def keyset(self, sequence, begin):
        """One epoch of a week that begins so many days from now."""
        path = os.path.join(self.folder, "keyset-%d.txt" % sequence)
        self.make("set", self.folder,
                  os.path.join(self.line.line, "server.pub"), path,
                  "weeks=1", "sequence=%d" % sequence, "start=%d" % begin)
        return path

    def install(self, path, days=0):
        """As on the day that lies so many days from now."""
        env = dict(os.environ, CLOCK_SHIM_SECONDS=str(days * DAY),
                   LD_PRELOAD=os.environ["TIPLINE_CLOCK_SHIM"])
        return self.line.tool(
            "tipline-operator", "keyset", "install", self.line.line, path,
            "--root", os.path.join(self.folder, "root.pub"), env=env, check=False)


def expect_closed(line):
    expect(line.get().page == "closed", line.get())
    expect(line.tip("hello").page == "closed", "a tip is not refused")
    answer = line.tip("hello", [("f", os.urandom(1 << 20))])
    expect(answer.page == "closed", answer)
    expect(line.status()["tips"] == 0, "something was kept")


def with_no_key_set_the_line_is_closed_until_one_is_installed():
    with Line(keys=False) as line:
        line.start()
        expect_closed(line)
        line.make_keys()
        line.install(line.make_keyset())
        wait_for("the line is open", lambda: line.get().page == "form")
        expect(line.tip("now").received, "no tip is taken")
        expect([t.message for t in line.open()] == [b"now"], "not opened")
        line.stop()


def with_an_expired_key_set_the_line_is_closed():
    with Line(keys=False) as line:
        root = Root(line)
        old = root.keyset(1, -30)
        p = root.install(old)
        expect(p.returncode == 1, "an expired key set is taken")
        p = root.install(old, days=-28)
        expect(p.returncode == 0, p.stderr)
        line.start()
        expect_closed(line)
        # A new one opens it; then the old one is not taken up again.
        p = root.install(root.keyset(2, -1))
        expect(p.returncode == 0, p.stderr)
        wait_for("the line is open", lambda: line.get().page == "form")
        expect(line.tip("now").received, "no tip is taken")
        p = root.install(old, days=-28)
        expect(p.returncode == 1, "a lower sequence is taken")
        line.stop()


def a_key_set_that_is_not_yet_in_force_or_not_ours_is_refused():
    with Line(keys=False) as line:
        root = Root(line)
        later = root.keyset(1, 20)
        expect(root.install(later).returncode == 1, "taken too early")
        now = root.keyset(2, -1)
        with open(now, "a") as f:
            f.write("\n")
        expect(root.install(now).returncode == 1, "a changed one is taken")
        now = root.keyset(3, -1)
        expect(root.install(now).returncode == 0, "a good one is refused")
        other = Root(line, "other")
        p = other.install(other.keyset(4, -1))
        expect(p.returncode == 1, "another root is taken", p.stderr)
        line.start()
        expect(line.get().page == "form", line.get())
        line.stop()


if __name__ == "__main__":
    run_tests(with_no_key_set_the_line_is_closed_until_one_is_installed,
              with_an_expired_key_set_the_line_is_closed,
              a_key_set_that_is_not_yet_in_force_or_not_ours_is_refused)
