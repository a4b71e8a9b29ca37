#!/usr/bin/python3
"""Keys change while the server runs, and so does its clock: no request is
refused, no key comes back, and whatever closes the form is said.

The clock is false for every program alike (clock_shim.c), the programs are
those that ship."""
import json
import os
import struct
import threading
import time

from keysets import WEEK, Root, keyset, this_monday
from tipline import LONG, Line, expect, form, post, run_tests, wait_for

DAY = 86400
WEEK_NOW = (this_monday() - 345600) // WEEK


class Clock:
    """What the programs take for the time.  It begins on this week's
    Wednesday, whatever day it is."""

    def __init__(self, home):
        self.path = os.path.join(home, "clock")
        with open(self.path, "wb") as f:
            f.write(bytes(8))
        self.go(this_monday() + 2 * DAY + 3600)

    def go(self, when):
        self.shift = int(when - time.time())
        with open(self.path, "r+b", buffering=0) as f:
            f.write(struct.pack("<q", self.shift))

    def by(self, seconds):
        self.go(time.time() + self.shift + seconds)

    def env(self):
        return dict(os.environ, CLOCK_SHIM_FILE=self.path,
                    LD_PRELOAD=os.environ["TIPLINE_CLOCK_SHIM"])


class Keyed(Line):
    """A line under a false clock, whose key sets are made here."""

    def __init__(self, **conf):
        super().__init__(keys=False, **conf)
        self.clock = Clock(self.home)
        self.root = Root()
        self.keys_of = {}  # key id: (sequence, week)
        self.sequence = 0

    def operator(self, *args, check=True):
        return self.tool("tipline-operator", *args, check=check,
                         env=self.clock.env())

    def put(self, name, data):
        path = os.path.join(self.home, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def new_set(self, weeks=8, start=0, without=(), root=None, check=True):
        """Make the next key set, from so many weeks after this one on, and
        install it."""
        self.sequence += 1
        lines = keyset(self.line, self.sequence,
                       this_monday() + start * WEEK, weeks)
        for week in without:
            at = next(i for i, x in enumerate(lines)
                      if x.startswith("epoch %d " % (WEEK_NOW + week)))
            del lines[at:at + 2]
        for epoch, key in zip(lines[7::2], lines[8::2]):
            self.keys_of[key.split(" ")[1]] = (
                self.sequence, int(epoch.split(" ")[1]) - WEEK_NOW)
        text = ("\n".join(lines) + "\n").encode()
        path = self.put("k%d.txt" % self.sequence, text)
        self.put("k%d.txt.minisig" % self.sequence,
                 (root or self.root).sign(text))
        more = [] if self.sequence > 1 else [
            "--root", self.put("root.pub", self.root.public().encode())]
        return self.operator("keyset", "install", self.line, path, *more,
                             check=check)

    def serve(self):
        self.start(env=self.clock.env())
        return self

    def sealed_to(self):
        """(sequence, week) of the key of each tip, in order."""
        bundle = os.path.join(self.home, "all.bundle")
        if os.path.exists(bundle):
            os.unlink(bundle)
        self.operator("export", self.line, bundle, "--from", "1")
        with open(bundle, "rb") as f:
            data = f.read()
        at, found = 156, []  # docs/FORMATS.md section 4
        while data[at] == 1:
            length, = struct.unpack_from("<Q", data, at + 9)
            at += 113
            epoch, count = struct.unpack_from("<IB", data, at + 16)
            key = self.keys_of[data[at + 24:at + 32].hex()]
            expect(count == 1 and epoch - WEEK_NOW == key[1],
                   "a tip of epoch", epoch, "is sealed to the key of", key)
            found.append(key)
            at += length
        return found

    def told(self):
        return json.loads(self.operator("status", self.line,
                                        "--json").stdout)

    def monitor(self):
        p = self.operator("status", self.line, "--monitor", check=False)
        text = p.stdout.decode()
        expect(text.count("\n") == 1, text)
        return p.returncode, text

    def becomes(self, page):
        wait_for("the page is " + page, lambda: self.get().page == page)

    def noticed(self, state):
        """The supervisor looks at least once a minute, under the shim twice
        a second."""
        wait_for("status says " + state,
                 lambda: self.told()["epoch_state"] == state)
        time.sleep(1.2)


class Slow:
    """An upload that has begun, and ends when it is told to."""

    def __init__(self, line, size=3 << 20):
        self.line = line
        body = form("slow", [("file", os.urandom(size))])
        self.rest = body[len(body) // 2:]
        self.visitor = line.visitor()
        # More than fits into the socket: when it is sent, most was read.
        expect(self.visitor.send(post(line.host, len(body)) +
                                 body[:len(body) // 2]), "not begun")

    def finish(self):
        expect(self.visitor.send(self.rest), "the slow upload was cut")
        answer = self.visitor.answer()
        expect(answer.received, "the slow upload was refused:", answer)


class Stream(threading.Thread):
    """Visitors one after the other; each must be served."""

    def __init__(self, line):
        super().__init__()
        self.line, self.sent, self.bad = line, 0, []
        self.over = threading.Event()

    def run(self):
        while not self.over.is_set():
            try:
                answer = self.line.tip("tip %d" % self.sent)
                if answer.received:
                    self.sent += 1
                else:
                    self.bad.append(answer)
            except Exception as e:  # a refused connection, say
                self.bad.append(e)

    def __enter__(self):
        self.start()
        wait_for("tips arrive", lambda: self.sent > 3 or self.bad)
        return self

    def more(self, count=5):
        now = self.sent
        wait_for("more tips arrive",
                 lambda: self.sent >= now + count or self.bad)

    def __exit__(self, *_):
        self.over.set()
        self.join()
        expect(not self.bad, "refused:", self.bad[:3])


def a_new_key_set_comes_while_uploads_run():
    with Keyed() as line:
        line.new_set()
        line.serve()
        with Stream(line) as stream:
            slow = Slow(line)
            stream.more()
            line.new_set()
            wait_for("it is taken up", lambda: "E204" in line.log())
            time.sleep(0.5)
            stream.more()
            first = stream.sent
            slow.finish()
            line.new_set()
            wait_for("it is taken up", lambda: line.log().count("E204") == 2)
            time.sleep(0.5)
            stream.more()
        keys = line.sealed_to()
        expect(len(keys) == stream.sent + 1, len(keys), "of", stream.sent + 1)
        expect({k[0] for k in keys} == {1, 2, 3}, "key sets:", set(keys))
        # In order, but for the slow one: its key is that of its beginning.
        late = [i for i in range(1, len(keys)) if keys[i] < keys[i - 1]]
        expect(len(late) == 1 and keys[late[0]] == (1, 0) and late[0] >= first,
               "tips under an older key at", late)
        line.stop()


def the_week_turns_while_uploads_run():
    with Keyed() as line:
        line.new_set()
        line.serve()
        with Stream(line) as stream:
            slow = Slow(line)
            for _ in range(3):
                line.clock.by(WEEK)
                stream.more()
            slow.finish()
        keys = line.sealed_to()
        expect({k[1] for k in keys} == {0, 1, 2, 3}, "weeks:", set(keys))
        late = [i for i in range(1, len(keys)) if keys[i] < keys[i - 1]]
        expect(len(late) == 1 and keys[late[0]] == (1, 0),
               "tips under an older key at", late)
        line.noticed("by_clock")
        told = line.told()
        expect(told["highest_epoch"] == WEEK_NOW + 3 and
               told["epoch"]["number"] == WEEK_NOW + 3, told)
        expect(told["state"] == "ok", told["warnings"])
        line.stop()


def a_clock_that_goes_back_brings_no_older_key_back():
    with Keyed() as line:
        line.new_set(weeks=12, start=-4)
        line.serve()
        expect(line.tip("now").received, "not taken")
        line.noticed("by_clock")
        for weeks in (1, 3, 52):
            line.clock.by(-weeks * WEEK)
            expect(line.tip("back %d" % weeks).received, "closed by the clock")
            line.noticed("clock_behind")
            told = line.told()
            expect(told["accepting_files"] and told["state"] == "warning" and
                   any("the clock is behind" in w and "set the clock" in w
                       for w in told["warnings"]), told)
            code, text = line.monitor()
            expect(code == 1 and "the clock is behind" in text, text)
            expect("E207" in line.log(), "the log says nothing")
            # Nor after a start with a wrong clock.
            line.stop()
            line.serve()
            expect(line.tip("anew %d" % weeks).received, "closed by the clock")
            line.clock.by(weeks * WEEK)
        line.noticed("by_clock")
        expect(line.told()["highest_epoch"] == WEEK_NOW, line.told())
        expect(line.sealed_to() == [(1, 0)] * 7, line.sealed_to())
        line.stop()


def a_clock_that_goes_forward_and_is_set_right_uses_no_ended_key():
    with Keyed() as line:
        line.new_set(weeks=8)
        line.serve()
        expect(line.tip("now").received, "not taken")
        line.clock.by(5 * WEEK)
        expect(line.tip("false").received, "not taken")
        line.noticed("by_clock")
        line.clock.by(-5 * WEEK)
        expect(line.tip("right").received, "closed by a clock set right")
        line.noticed("clock_behind")
        told = line.told()
        expect(told["epoch"]["number"] == WEEK_NOW + 5 and
               told["accepting_files"], told)
        expect([k[1] for k in line.sealed_to()] == [0, 5, 5],
               line.sealed_to())
        line.stop()


def beyond_the_last_key_the_form_closes_and_says_so():
    with Keyed() as line:
        line.new_set(weeks=3)
        line.serve()
        expect(line.tip("now").received, "not taken")
        line.clock.by(20 * WEEK)
        expect(line.tip("too late").page == "closed", "taken without a key")
        line.noticed("ended")
        told = line.told()
        expect(not told["accepting_text"] and told["state"] == "critical" and
               any(w.startswith("the form is closed: the key set's last key")
                   and "install a new key set" in w
                   for w in told["warnings"]), told)
        code, text = line.monitor()
        expect(code == 2 and "the form is closed" in text, code, text)
        expect("E210" in line.log(), "the log says nothing")
        # The clock was wrong: nothing was lost by it.
        line.clock.by(-20 * WEEK)
        line.becomes("form")
        line.noticed("by_clock")
        expect(line.tip("again").received, "not taken")
        # It was right: a new key set opens the form.
        line.clock.by(3 * WEEK)
        line.becomes("closed")
        line.new_set(weeks=8)
        line.becomes("form")
        expect(line.tip("new").received, "not taken")
        expect(line.sealed_to() == [(1, 0), (1, 0), (2, 3)], line.sealed_to())
        line.stop()


def a_hole_between_keys_closes_the_form_until_its_end():
    with Keyed() as line:
        line.new_set(weeks=4, without=[1])
        line.serve()
        told = line.told()
        expect(any("has no key from" in w for w in told["warnings"]), told)
        expect(line.tip("now").received, "not taken")
        line.clock.by(WEEK)
        line.becomes("closed")
        line.noticed("early")
        told = line.told()
        expect(told["opens"] == time.strftime(
            "%Y-%m-%dT%H:%M:%SZ", time.gmtime(this_monday() + 2 * WEEK)),
            told["opens"])
        expect(any("closed until " + told["opens"] in w
                   for w in told["warnings"]), told["warnings"])
        # A second before the next key, and a moment later.
        line.clock.go(this_monday() + 2 * WEEK - 2)
        expect(line.tip("a little early").page == "closed", "taken too early")
        line.becomes("form")
        expect(line.tip("now").received, "not taken")
        expect([k[1] for k in line.sealed_to()] == [0, 2], line.sealed_to())
        line.stop()


def half_of_the_life_is_warned_of_everywhere():
    with Keyed() as line:
        line.new_set(weeks=8)
        line.serve()
        line.noticed("by_clock")
        code, text = line.monitor()
        expect(code == 0 and text.startswith("TIPLINE OK - 0 tips kept"), text)
        expect("E208" not in line.log(), "too early")
        line.clock.by(4 * WEEK)
        wait_for("the log says so", lambda: "E208" in line.log())
        told = line.told()
        expect(told["key_set"]["past_half"] and told["state"] == "warning" and
               told["key_set"]["days_left"] == 25 and
               any("have a new one made" in w for w in told["warnings"]), told)
        code, text = line.monitor()
        expect(code == 1 and "25 days left" in text, code, text)
        p = line.operator("check", line.line, check=False)
        expect(b"warn  key set: number 1, 25 days left" in p.stdout, p.stdout)
        time.sleep(2)
        expect(line.log().count("E208") == 1, "said more than once a day")
        line.new_set(weeks=12)
        wait_for("the new one is taken up", lambda: "E204" in line.log())
        expect(line.told()["state"] == "ok", line.told())
        line.stop()


def a_disk_that_cannot_keep_the_epoch_stops_nothing():
    with Keyed() as line:
        line.new_set()
        line.serve()
        line.noticed("by_clock")
        path = os.path.join(line.line, "epoch")
        with open(path) as f:
            expect(f.read() == "%d\n" % WEEK_NOW, "not kept")
        # A file that somebody put in its place is not ours to write.
        with open(path + ".new", "w") as f:
            f.write("damaged")
        os.rename(path + ".new", path)
        line.clock.by(WEEK)
        wait_for("the log says so", lambda: "E209" in line.log())
        expect(line.tip("now").received, "not taken")
        told = line.told()
        expect(any("LINE/epoch is damaged" in w for w in told["warnings"]),
               told)
        line.stop()


def the_supervisor_looks_each_minute_of_its_own_accord():
    if not LONG:
        return
    with Keyed() as line:
        line.new_set()
        line.start(env=dict(line.clock.env(), CLOCK_SHIM_WAIT="1"))
        time.sleep(3)
        line.clock.by(WEEK)
        began = time.monotonic()
        wait_for("the epoch is kept", lambda: line.told()["highest_epoch"] ==
                 WEEK_NOW + 1, 65)
        expect(time.monotonic() - began > 5, "it was woken")
        line.stop()


def the_root_changes_while_the_server_runs():
    with Keyed() as line:
        line.new_set()
        line.serve()
        second, thief = Root(), Root()
        parts = line.root.change(second, 1)
        names = ("r.txt", "r.txt.minisig", "r.txt.new.minisig")
        for name, data in zip(names, parts):
            line.put(name, data)
        # Not signed by the old root, or not by the new one.
        path = os.path.join(line.home, names[0])
        for wrong in 1, 2:
            line.put(names[wrong], thief.sign(parts[0]))
            p = line.operator("root", "change", line.line, path, check=False)
            expect(p.returncode == 1 and b"refused: a signature of the change"
                   b" is wrong" in p.stderr, p.stderr)
            line.put(names[wrong], parts[wrong])
        p = line.operator("root", "change", line.line, path)
        expect(second.fingerprint().encode() in p.stdout and
               b"the form stays open" in p.stdout, p.stdout)
        p = line.operator("root", "change", line.line, path, check=False)
        expect(p.returncode == 1 and b"refused: this change is an old one: the"
               b" root was changed 1 time already" in p.stderr, p.stderr)
        p = line.operator("root", "show", line.line)
        expect(p.stdout.decode() == "root key       %s\nchanges        1\n" %
               second.fingerprint(), p.stdout)
        line.process.send_signal(1)
        wait_for("the set is read again", lambda: "E204" in line.log())
        expect(line.tip("under the old root's set").received, "not taken")
        line.stop()
        line.serve()
        expect(line.tip("and after a start").received, "not taken")
        p = line.new_set(check=False)
        expect(p.returncode == 1 and b"another key than the root" in p.stderr,
               "the old root signs still", p.stderr)
        line.root = second
        line.new_set()
        wait_for("the new root's set is taken up",
                 lambda: line.log().count("E204") == 2)
        time.sleep(0.3)
        expect(line.tip("new").received, "not taken")
        expect([k[0] for k in line.sealed_to()] == [1, 1, 3],
               line.sealed_to())
        line.stop()


def a_stolen_root_is_replaced_by_hand():
    with Keyed() as line:
        line.new_set()
        line.serve()
        expect(line.tip("before").received, "not taken")
        new = Root()
        pub = line.put("new.pub", new.public().encode())
        p = line.operator("root", "replace", line.line, pub, "--fingerprint",
                          Root().fingerprint(), check=False)
        expect(p.returncode == 1 and b"another fingerprint than the one you"
               b" typed" in p.stderr, p.stderr)
        expect(line.get().page == "form", "closed by a refused command")
        p = line.operator("root", "replace", line.line, pub, "--fingerprint",
                          new.fingerprint().upper().replace(" ", "-"))
        expect(b"the form is closed until you install one" in p.stdout,
               p.stdout)
        line.becomes("closed")
        expect("E220" in line.log(), "the log says nothing")
        told = line.told()
        expect(told["state"] == "critical" and "another root key" in
               told["key_set_problem"], told)
        p = line.new_set(check=False)
        expect(p.returncode == 1, "the thief signs still")
        line.root = new
        line.new_set()
        line.becomes("form")
        expect(line.tip("after").received, "not taken")
        expect([k[0] for k in line.sealed_to()] == [1, 3], line.sealed_to())
        line.stop()


if __name__ == "__main__":
    run_tests(a_new_key_set_comes_while_uploads_run,
              the_week_turns_while_uploads_run,
              a_clock_that_goes_back_brings_no_older_key_back,
              a_clock_that_goes_forward_and_is_set_right_uses_no_ended_key,
              beyond_the_last_key_the_form_closes_and_says_so,
              a_hole_between_keys_closes_the_form_until_its_end,
              half_of_the_life_is_warned_of_everywhere,
              a_disk_that_cannot_keep_the_epoch_stops_nothing,
              the_supervisor_looks_each_minute_of_its_own_accord,
              the_root_changes_while_the_server_runs,
              a_stolen_root_is_replaced_by_hand)
