#!/usr/bin/python3
"""Without a key set in force the form is closed, and opens by itself."""
import os

from tipline import Line, expect, form, post, run_tests, wait_for

DAY = 86400


def at_another_time(days):
    """The environment of a program that lives so many days from now."""
    shim = os.environ["TIPLINE_CLOCK_SHIM"]
    return dict(os.environ, LD_PRELOAD=shim,
                CLOCK_SHIM_SECONDS=str(days * DAY))


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
        wait_for("the line is open", lambda: line.get().page == "form", 20)
        expect(line.tip("now").received, "no tip is taken")
        expect([t.message for t in line.open()] == [b"now"], "not opened")
        line.stop()


def with_an_expired_key_set_the_line_is_closed():
    with Line(keys=False) as line:
        line.make_keys()
        then = at_another_time(-100)
        line.install(line.make_keyset("old.txt", env=then), env=then)
        line.start()
        expect_closed(line)
        # A new one opens it; the old one is not taken up again.
        line.install(line.make_keyset("new.txt"))
        wait_for("the line is open", lambda: line.get().page == "form", 20)
        p = line.tool("tipline-operator", "keyset", "install", line.line,
                      os.path.join(line.home, "old.txt"), check=False)
        expect(p.returncode == 1, "an old key set is taken")
        p = line.tool("tipline-operator", "keyset", "install", line.line,
                      os.path.join(line.home, "old.txt"), check=False,
                      env=then)
        expect(p.returncode == 1, "a lower sequence is taken")
        expect(line.tip("now").received, "no tip is taken")
        line.stop()


def a_key_set_that_is_not_yet_in_force_is_refused():
    with Line(keys=False) as line:
        line.make_keys()
        later = at_another_time(30)
        keyset = line.make_keyset("later.txt", env=later)
        p = line.tool("tipline-operator", "keyset", "install", line.line,
                      keyset, "--root",
                      os.path.join(line.keys, "root.pub"), check=False)
        expect(p.returncode == 1 and p.stderr, "it is taken")
        line.start()
        expect_closed(line)
        line.stop()


if __name__ == "__main__":
    run_tests(with_no_key_set_the_line_is_closed_until_one_is_installed,
              with_an_expired_key_set_the_line_is_closed,
              a_key_set_that_is_not_yet_in_force_is_refused)
