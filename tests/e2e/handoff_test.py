#!/usr/bin/python3
"""Bundles out, return bundles in, purging: what an operator does each week,
and everything that must be refused, with the words a person sees."""
import fcntl
import glob
import os
import random
import re
import signal
import subprocess
import time

from disk import Disk
from handoff import (DAY, Bundle, Root, chain_of, confirmed, key_id,
                     link_item, reply, return_bundle, server_key)
from nacl.signing import SigningKey
from tipline import LONG, Line, expect, run_tests

TODAY = int(time.time()) // DAY


class Handoff(Line):
    """A line whose key set names alice and bob, whose keys we hold."""

    def __init__(self, names=("alice", "bob"), **kw):
        super().__init__(keys=False, **kw)
        self.root = Root(*names)
        self.root_pub = os.path.join(self.home, "root.pub")
        self.root.write_pub(self.root_pub)
        self.server = server_key(os.path.join(self.line, "server.pub"))
        self.numbers = 0
        self.take_set()

    def take_set(self, names=None):
        path = os.path.join(self.home, "set%d.txt" % self.root.sequence)
        self.root.write_set(os.path.join(self.line, "server.pub"), path,
                            names)
        self.tool("tipline-operator", "keyset", "install", self.line, path,
                  "--root", self.root_pub)

    def path(self, name):
        return os.path.join(self.home, name)

    def operator(self, *args, **kw):
        return self.tool("tipline-operator", *args, **kw)

    def refused(self, words, *args):
        """The command is refused with these words and changes nothing."""
        before = self.fingerprint()
        p = self.operator(*args, check=False)
        said = p.stderr.decode()
        expect(p.returncode == 1, args, "gave", p.returncode, said)
        expect(words in said, "no", repr(words), "in", repr(said))
        expect(self.fingerprint() == before, args, "changed something")

    def fingerprint(self):
        """Every small file of the line; what the database holds is told by
        status, since SQLite's own files change when they are read."""
        found = {}
        for here, _, names in os.walk(self.line):
            for name in names:
                path = os.path.join(here, name)
                if "tips.sqlite" not in name and "lock" not in name:
                    with open(path, "rb") as f:
                        found[path] = f.read()
        s = self.status()
        return found, s["tips"], s["last_number"], s["replies_waiting"]

    def tips(self, count, size=0):
        for i in range(count):
            files = [("f", os.urandom(size))] if size else ()
            expect(self.tip("tip %d" % i, files).received, "no tip is taken")

    def export(self, *args):
        """Export; gives the bundle, read, and what was said."""
        self.numbers += 1
        path = self.path("out%d" % self.numbers)
        p = self.operator("export", self.line, path, *args)
        with open(path, "rb") as f:
            raw = f.read()
        return Bundle(raw, self.server), p.stdout.decode(), path

    def give(self, who, number, items, server=None, name="return"):
        signer = who if isinstance(who, SigningKey) else self.root.signer[who]
        path = self.path(name)
        with open(path, "wb") as f:
            f.write(return_bundle(server or self.server, signer, number,
                                  items))
        return path

    def confirm(self, who, number, *ranges):
        links = self.links()
        items = [confirmed(a, b, links[a - 1], links[b]) for a, b in ranges]
        return self.operator("import", self.line,
                             self.give(who, number, items)).stdout.decode()

    def links(self):
        return chain_of(self.server, self.export("--from", "1")[0].tips)

    def exported(self):
        with open(os.path.join(self.line, "exported")) as f:
            return tuple(int(x) for x in re.findall(r"\d+", f.read()))


def an_export_takes_what_is_new_and_says_when_nothing_is():
    with Handoff() as line:
        line.start()
        b, said, _ = line.export()
        expect((b.number, b.last, b.first, len(b.tips)) == (1, 0, 1, 0), said)
        expect("no new tips" in said, said)
        line.tips(3)
        b, said, path = line.export()
        expect((b.number, b.last, b.first, len(b.tips)) == (2, 3, 1, 3), said)
        expect("bundle 2, tips 1 to 3" in said, said)
        expect(b.epoch == int((time.time() - 345600) // 604800),
               "the epoch in force is not told:", b.epoch)
        expect(line.exported() == (2, 3), line.exported())
        line.tips(2)
        head = b.head
        b, said, _ = line.export()
        expect((b.number, b.first, len(b.tips)) == (3, 4, 2), said)
        expect(b.before == head, "it does not go on where the last one ended")
        b, said, _ = line.export()
        expect((b.number, b.first, len(b.tips)) == (4, 6, 0), said)
        expect("no new tips since tip 5" in said, said)
        # A range is what was lost on the way; the mark stays.
        b, said, _ = line.export("--from", "2", "--to", "4")
        expect([t.number for t in b.tips] == [2, 3, 4] and b.last == 5, said)
        expect(line.exported() == (5, 5), line.exported())
        line.refused("is not overwritten", "export", line.line, path)
        expect(line.exported() == (5, 5), "a refused export took a number")
        line.refused("the last tip is 5", "export", line.line,
                     line.path("x"), "--from", "2", "--to", "6")
        for args in (["--to", "3"], ["--from", "3", "--to", "2"]):
            p = line.operator("export", line.line, line.path("x"), *args,
                              check=False)
            expect(p.returncode == 2 and b"a range is" in p.stderr, p.stderr)
        mark = os.path.join(line.line, "exported")
        with open(mark) as f:
            kept = f.read()
        with open(mark, "w") as f:
            f.write("bundle 5\n")
        line.refused("exported is damaged", "export", line.line,
                     line.path("x"))
        # Taken away, it would let numbers of bundles be used twice.
        said = line.operator("status", line.line).stdout
        expect(b"make it two lines" in said and b"remove it" not in said,
               said)
        with open(mark, "w") as f:
            f.write("bundle 5\ntip 9\n")
        for words in ("it is an older copy", "import it with --put-back"):
            line.refused(words, "export", line.line, line.path("x"))
        with open(mark, "w") as f:
            f.write(kept)
        # A range behind a hole moves no mark.
        line.tips(3)
        line.export("--from", "8", "--to", "8")
        expect(line.exported() == (6, 5), line.exported())
        line.export("--from", "6", "--to", "7")
        expect(line.exported() == (7, 7), line.exported())
        b, said, _ = line.export()
        expect([t.number for t in b.tips] == [8], said)
        line.stop()


def a_cut_export_goes_on_to_the_same_bytes():
    with Handoff() as line:
        line.start()
        line.tips(2)
        line.tips(2, size=300000)
        line.tips(2)
        b, _, whole = line.export()
        line.stop()
        with open(whole, "rb") as f:
            want = f.read()
        end = len(want)
        cuts = [156, 157, 200, end - 1, end]
        for e in b.ends:
            cuts += [e - 1, e, e + 1, e + 60]
        r = random.Random(3)
        cuts = [c for c in cuts if 156 <= c <= end]
        cuts += [r.randrange(156, end) for _ in range(200 if LONG else 20)]
        path = line.path("again")
        for cut in cuts:
            with open(path + ".part", "wb") as f:
                f.write(want[:cut])
            p = line.operator("export", line.line, path, "--from", "1")
            expect(b"gone on with" in p.stdout, p.stdout)
            with open(path, "rb") as f:
                expect(f.read() == want, "cut at", cut, "it is another bundle")
            os.unlink(path)
        # What a fault of the stick changed is written anew.
        for at in r.sample(range(156, end), 100 if LONG else 12):
            bad = bytearray(want)
            bad[at] ^= 0x20
            with open(path + ".part", "wb") as f:
                f.write(bad)
            line.operator("export", line.line, path, "--from", "1")
            with open(path, "rb") as f:
                expect(f.read() == want, "altered at", at, "it stays so")
            os.unlink(path)
        expect(line.exported() == (1, 6), line.exported())
        # The tips that came meanwhile are for the next bundle.
        with open(path + ".part", "wb") as f:
            f.write(want[:b.ends[2]])
        line.start()
        line.tips(2)
        line.operator("export", line.line, path, "--from", "1")
        with open(path, "rb") as f:
            expect(f.read() == want, "tips that came later are in it")
        line.stop()


def what_is_no_cut_bundle_of_this_export_is_refused():
    with Handoff() as line, Handoff() as other:
        for x in (line, other):
            x.start()
            x.tips(3)
            x.stop()
        _, _, mine = line.export()
        _, _, foreign = other.export()
        path = line.path("new")
        with open(mine, "rb") as f:
            want = f.read()
        with open(foreign, "rb") as f:
            theirs = f.read()
        forged = bytearray(want)
        forged[30] ^= 1
        for raw, words in ((theirs, "of another line"),
                           (bytes(forged), "not signed by this line"),
                           (b"my diary\n", "it is no bundle"),
                           (want[:80], "ends before its first tip"),
                           (want, "another range")):
            with open(path + ".part", "wb") as f:
                f.write(raw)
            args = [] if raw is want else ["--from", "1"]
            line.refused(words, "export", line.line, path, *args)
            with open(path + ".part", "rb") as f:
                expect(f.read() == raw, "what was refused was changed")
            expect(not os.path.exists(path), "refused, and yet written")
        line.refused("another range", "export", line.line, path, "--from",
                     "2")
        line.refused("another range", "export", line.line, path, "--from",
                     "1", "--to", "2")
        os.unlink(path + ".part")
        open(path + ".part", "w").close()  # an empty one tells nothing
        line.operator("export", line.line, path)
        # Only one at a time, whatever its file is called.
        with open(os.path.join(line.line, "operator.lock"), "r+b") as f:
            fcntl.lockf(f, fcntl.LOCK_EX, 1, 0)
            line.refused("another export is at work", "export", line.line,
                         line.path("two"))
            line.refused("another export is at work", "purge", line.line)
            fcntl.lockf(f, fcntl.LOCK_UN, 1, 0)
            fcntl.lockf(f, fcntl.LOCK_EX, 3, 0)
            line.refused("another purge is at work", "export", line.line,
                         line.path("two"))
        # Another key set's server.
        for name in ("server.key", "server.pub"):
            os.rename(os.path.join(line.line, name), line.path(name))
            with open(os.path.join(other.line, name), "rb") as f:
                raw = f.read()
            with open(os.path.join(line.line, name), "wb") as f:
                os.fchmod(f.fileno(), 0o600)
                f.write(raw)
        p = line.operator("export", line.line, line.path("z"), check=False)
        expect(p.returncode == 1 and b"no bundle was written" in p.stderr,
               p.stderr)


def a_killed_export_never_uses_a_number_twice():
    with Handoff() as line:
        line.start()
        line.tips(3, size=2 << 20)
        seen, killed = {}, 0
        r = random.Random(5)
        for i in range(60 if LONG else 12):
            path = line.path("k%d" % i)
            p = subprocess.Popen(
                [os.path.join(line.bin, "tipline-operator"), "export",
                 line.line, path, "--from", "1"], stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
            time.sleep(r.random() * 0.05)
            p.send_signal(signal.SIGKILL)
            killed += p.wait() != 0
            line.operator("export", line.line, path, "--from", "1",
                          check=False)
            with open(path, "rb") as f:
                b = Bundle(f.read(), line.server)
            expect(b.number not in seen, "number", b.number, "came twice")
            expect(len(b.tips) == 3, "not all tips are in it")
            seen[b.number] = path
        expect(killed > 0, "no run was cut")
        line.stop()


def a_full_stick_is_told_and_the_export_goes_on_when_there_is_room():
    with Handoff() as line, Disk(24) as stick:
        line.start()
        line.tips(4, size=3 << 20)
        line.stop()
        _, _, whole = line.export("--from", "1")
        path = os.path.join(stick.folder, "b")
        filler = stick.fill(6 << 20)
        p = line.operator("export", line.line, path, "--from", "1",
                          check=False)
        expect(p.returncode == 1 and b"which goes on with it" in p.stderr,
               p.stderr)
        expect(os.listdir(stick.folder).count("b") == 0, "half a bundle")
        os.unlink(filler)
        p = line.operator("export", line.line, path, "--from", "1")
        expect(b"gone on with after tip 1" in p.stdout, p.stdout)
        with open(path, "rb") as f:
            b = Bundle(f.read(), line.server)
        with open(whole, "rb") as f:
            same = Bundle(f.read(), line.server)
        expect([t.digest for t in b.tips] == [t.digest for t in same.tips] and
               b.head == same.head and b.number == same.number + 1,
               "another bundle")


def a_power_cut_uses_no_number_twice_and_loses_no_mark():
    r = random.Random(13)
    with Disk(96) as disk, Handoff(
            line=os.path.join(disk.folder, "line")) as line:
        line.start()
        line.tips(3, size=1 << 20)
        line.stop()
        seen = {}
        for i in range(40 if LONG else 8):
            # Every other time the bundle lies on the disk that is cut.
            path = os.path.join(disk.folder if i % 2 else line.home,
                                "p%d" % i)
            p = subprocess.Popen(
                [os.path.join(line.bin, "tipline-operator"), "export",
                 line.line, path, "--from", "1"], stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
            time.sleep(r.random() * 0.06)
            p.kill()  # or it would see a dead disk, and tell of damage
            p.wait()
            disk.power_cut()
            disk.unmount()
            disk.mount()
            finished = os.path.exists(path)
            p = line.operator("export", line.line, path, "--from", "1",
                              check=False)
            if not finished and p.returncode != 0:
                # What the cut left is no bundle any more: said, not used.
                expect(b"take it away" in p.stderr, p.stderr)
                os.unlink(path + ".part")
                line.operator("export", line.line, path, "--from", "1")
            with open(path, "rb") as f:
                b = Bundle(f.read(), line.server)
            expect(len(b.tips) == 3 and b.number not in seen,
                   "number", b.number, "came twice")
            seen[b.number] = path
            expect(line.exported()[0] >= b.number, line.exported())
            if path.startswith(disk.folder):
                os.unlink(path)
        expect(line.exported()[1] == 3, line.exported())


def a_return_bundle_is_taken_up_once_and_whole():
    with Handoff() as line:
        line.start()
        line.tips(5)
        links = line.links()
        said = line.confirm("alice", 1, (1, 3))
        expect("Tips 1 to 3 confirmed by alice." in said, said)
        items = [confirmed(1, 3, links[0], links[3]),
                 confirmed(5, 5, links[4], links[5]),
                 reply(TODAY + 30), reply(TODAY + 90), reply(TODAY - 1),
                 reply(TODAY + 5000)]
        path = line.give("alice", 4, items)
        said = line.operator("import", line.line, path).stdout.decode()
        for words in ("Return bundles 2 to 3 of alice have not come",
                      "3 answers taken, kept until " + time.strftime(
                          "%Y-%m-%d", time.gmtime((TODAY + 366) * DAY)),
                      "1 answer refused: the last day is over",
                      "1 answer shortened", "Tips 1 to 3 confirmed by alice",
                      "Tip 5 confirmed by alice"):
            expect(words in said, "no", words, "in", said)
        expect(line.status()["replies_waiting"] == 3, line.status())
        line.refused("number 4 was taken already", "import", line.line, path)
        line.refused("number 4 was taken already", "import", line.line,
                     line.give("alice", 3, []))
        # bob's numbers are his own.
        said = line.operator("import", line.line,
                             line.give("bob", 2, [])).stdout.decode()
        expect("Return bundle 1 of bob has not come" in said, said)
        expect("No tip confirmed by bob" in said, said)
        # A run that was cut after its answers: they do not come twice.
        found = glob.glob(os.path.join(line.line, "confirmed", "*"))
        expect(len(found) == 2, found)
        for name in found:
            with open(name) as f:
                text = f.read()
            if text.startswith("number 4\n"):
                with open(name, "w") as f:
                    f.write(text.replace("number 4", "number 1"))
        line.operator("import", line.line, line.give("alice", 4, items))
        expect(line.status()["replies_waiting"] == 3, "answers came twice")
        line.stop()


def a_full_line_takes_confirmations_so_that_a_purge_makes_room():
    with Handoff(names=("alice",)) as line:
        line.start()
        line.tips(5, size=14 << 20)
        links = line.links()
        line.stop()
        line.conf(upload="1M", quota="64M")
        path = line.give("alice", 1, [confirmed(1, 5, links[0], links[5])] + [
            reply(TODAY + 3) for _ in range(200)])
        p = line.operator("import", line.line, path, check=False)
        expect(p.returncode == 1 and b"an answer cannot be kept" in p.stderr
               and b"the confirmations are taken up all the same" in p.stderr,
               p.stderr)
        said = line.operator("purge", line.line).stdout.decode()
        expect(said.startswith("5 tips, "), said)
        said = line.operator("import", line.line, path).stdout.decode()
        expect("200 answers taken" in said, said)
        expect(line.status()["replies_waiting"] == 200, line.status())


def with_a_clock_that_is_behind_no_answer_is_taken():
    """It would end before its time when the clock is right again."""
    behind = dict(os.environ, CLOCK_SHIM_SECONDS=str(-3 * 365 * DAY),
                  LD_PRELOAD=os.environ["TIPLINE_CLOCK_SHIM"])
    with Handoff() as line:
        line.start()
        line.tips(2)
        links = line.links()
        path = line.give("alice", 1, [
            confirmed(1, 2, links[0], links[2]), reply(TODAY + 30)])
        before = line.fingerprint()
        p = line.operator("import", line.line, path, check=False, env=behind)
        said = p.stderr.decode()
        expect(p.returncode == 1 and "this machine's clock says 20" in said
               and "began later; nothing was changed" in said, said)
        expect(line.fingerprint() == before, "something was changed")
        # What is confirmed does not hang on the clock.
        p = line.operator("import", line.line, line.give("bob", 1, [
            confirmed(1, 2, links[0], links[2])], name="bob"), env=behind)
        expect(b"Tips 1 to 2 confirmed by bob" in p.stdout, p.stdout)
        p = line.operator("import", line.line, path)
        expect(b"1 answer taken" in p.stdout and b"shortened" not in p.stdout,
               p.stdout)
        line.stop()


def what_is_no_file_of_confirmations_is_told_at_once():
    with Handoff() as line:
        ident = key_id(3, bytes(line.root.signer["alice"].verify_key)).hex()
        place = os.path.join(line.line, "confirmed", ident)
        os.mkdir(os.path.dirname(place), 0o700)
        good = line.give("alice", 1, [])
        secret, words = line.path("secret"), line.path("words")
        with open(words, "w") as f:
            os.fchmod(f.fileno(), 0o600)
            f.write("correct horse battery staple\n")
        line.tool("tipline-restore", "key", "make", secret,
                  "--passphrase-file", words)
        save = ["backup", line.line, line.path("saved"), "--key",
                secret + ".pub"]
        for make, unmake in ((os.mkfifo, os.unlink), (os.mkdir, os.rmdir),
                             (lambda p: os.symlink("x", p), os.unlink),
                             (lambda p: open(p, "w").close(), os.unlink)):
            make(place)
            for words, *args in (("is damaged", "import", line.line, good),
                                 ("cannot be read", "purge", line.line)):
                p = subprocess.run(
                    [os.path.join(line.bin, "tipline-operator"), *args],
                    stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
                expect(p.returncode == 1 and words in p.stderr.decode() and
                       "take it away" in p.stderr.decode(), args, p)
            expect(line.status()["tips"] == 0, "no status")
            if not os.path.isfile(place):
                p = line.operator(*save, check=False)
                expect(p.returncode == 1 and ident + " cannot be read: it is"
                       " no plain file" in p.stderr.decode(), p)
            unmake(place)
        line.operator(*save)
        line.operator("import", line.line, good)


def each_wrong_return_bundle_is_refused_with_the_reason():
    with Handoff() as line, Handoff() as other:
        line.start()
        line.tips(4)
        links = line.links()
        line.confirm("alice", 1, (1, 2))
        good = [confirmed(1, 4, links[0], links[4]), reply(TODAY + 3)]

        def no(words, path):
            line.refused(words, "import", line.line, path)

        no("for another line", line.give("alice", 2, good, other.server))
        no("not in the installed key set",
           line.give(SigningKey.generate(), 2, good))
        no("are not those of this line",
           line.give("alice", 2, [confirmed(1, 4, links[0], links[3])]))
        no("tips 2 to 4 that alice confirms are not", line.give(
            "alice", 2, [confirmed(2, 4, links[2], links[4])]))
        no("are not those of this line", line.give("alice", 2, [
            confirmed(1, 2, links[0], links[2]),
            confirmed(4, 4, links[3], os.urandom(32)), reply(TODAY + 3)]))
        no("this line ends with 4", line.give("alice", 2, [
            confirmed(1, 5, links[0], os.urandom(32))]))
        tips = line.export("--from", "1")[0].tips
        tips[3].number = 5
        no("only a line that tipline-restore", line.give(
            "alice", 2, [link_item(tips[3])]))
        tips[3].number, tips[3].digest = 4, os.urandom(32)
        no("has seen another tip 4", line.give(
            "alice", 2, [link_item(tips[3])]))
        raw = open(line.give("alice", 2, good), "rb").read()
        bad = line.path("bad")
        for cut in [0, 5, 19, 40, 60, len(raw) - 65, len(raw) - 1]:
            with open(bad, "wb") as f:
                f.write(raw[:cut])
            no("nothing was changed", bad)
        r = random.Random(9)
        for at in r.sample(range(len(raw)), 200 if LONG else 30):
            changed = bytearray(raw)
            changed[at] ^= 1 << r.randrange(8)
            with open(bad, "wb") as f:
                f.write(changed)
            no("nothing was changed", bad)
        with open(bad, "wb") as f:
            f.write(raw + b"\0")
        no("nothing was changed", bad)
        no("cannot be read", line.path("absent"))
        expect(line.status()["replies_waiting"] == 0, "an answer was taken")
        # And the right one is taken after all that.
        line.operator("import", line.line, line.give("alice", 2, good))
        expect(line.status()["replies_waiting"] == 1, "no answer was taken")
        # One who is no analyst any more.
        line.take_set(["bob"])
        no("not in the installed key set", line.give("alice", 3, good))
        line.stop()


def found_in(line, sealed, step=4096):
    """Is any 64-byte piece of these sealed bytes in the database's files?"""
    pieces = {sealed[at:at + 64] for at in
              range(0, len(sealed) - 64, step)} | {sealed[-64:]}
    for path in glob.glob(os.path.join(line.line, "data", "*")):
        with open(path, "rb") as f:
            raw = f.read()
        if any(piece in raw for piece in pieces):
            return path
    return None


def a_purge_removes_what_all_have_confirmed_and_nothing_else():
    with Handoff() as line:
        line.start()
        line.tips(2)
        line.tips(1, size=700000)
        line.tips(3)
        before = line.export()[0]
        sealed = {t.number: t.sealed for t in before.tips}
        for n in sealed:
            expect(found_in(line, sealed[n]), "the search finds nothing")
        line.confirm("alice", 1, (1, 3), (5, 5))
        said = line.operator("purge", line.line).stdout.decode()
        expect("0 tips, 0 B, removed" in said, said)
        expect("bob has not confirmed 6 of them, the first is tip 1" in said,
               said)
        line.confirm("bob", 1, (2, 4))
        said = line.operator("purge", line.line, "--dry-run").stdout.decode()
        expect("2 tips" in said and "would be removed" in said, said)
        for n in sealed:
            expect(found_in(line, sealed[n]), "a dry run removed", n)
        said = line.operator("purge", line.line).stdout.decode()
        expect("2 tips" in said and "4 tips are left" in said, said)
        expect("alice has not confirmed 2 of them, the first is tip 4" in
               said, said)
        for n in sealed:
            where = found_in(line, sealed[n])
            expect((where is None) == (n in (2, 3)), "tip", n, where)
        # The chain goes on, beside a running server.
        line.tips(2)
        after = line.export("--from", "1")[0]
        expect([t.number for t in after.tips if t.sealed is None] == [2, 3],
               "other tips were purged")
        expect([t.digest for t in after.tips[:6]] ==
               [t.digest for t in before.tips], "the chain is another one")
        b = line.export("--from", "7")[0]
        expect(b.before == before.head and len(b.tips) == 2, "not continued")
        said = line.operator("purge", line.line,
                             "--any-analyst").stdout.decode()
        expect("3 tips" in said and "3 tips are left" in said, said)
        for n in sealed:
            expect((found_in(line, sealed[n]) is None) == (n != 6), n)
        said = line.operator("purge", line.line).stdout.decode()
        expect("0 tips, 0 B, removed" in said, said)
        line.stop()
        # Nor when the server stands still.
        for n in sealed:
            expect((found_in(line, sealed[n]) is None) == (n != 6), n)


def a_purge_that_is_killed_goes_on():
    with Handoff(names=("alice",)) as line:
        line.start()
        line.tips(6, size=3 << 20)
        sealed = [t.sealed for t in line.export()[0].tips]
        line.confirm("alice", 1, (1, 5))
        r = random.Random(11)
        for _ in range(6):
            p = subprocess.Popen(
                [os.path.join(line.bin, "tipline-operator"), "purge",
                 line.line], stdout=subprocess.DEVNULL)
            time.sleep(r.random() * 0.1)
            p.kill()
            p.wait()
        line.operator("purge", line.line)
        for n, s in enumerate(sealed, 1):
            expect((found_in(line, s, 200000) is None) == (n < 6), "tip", n)
        b = line.export("--from", "1")[0]
        expect([t.sealed is None for t in b.tips] == [True] * 5 + [False],
               "not just the confirmed ones are gone")
        line.stop()


def the_analysts_own_tool_opens_confirms_and_answers():
    with Line() as line:
        server = server_key(os.path.join(line.line, "server.pub"))
        cases = os.path.join(line.home, "cases")

        def out(name):
            return os.path.join(line.home, name)

        def one_round(n, tips):
            for i in range(tips):
                expect(line.tip("round %d tip %d" % (n, i)).received, n)
            line.tool("tipline-operator", "export", line.line, out("b%d" % n))
            line.tool("tipline-analyst", "verify", line.keys, out("b%d" % n))
            line.analyst("open", line.keys, out("b%d" % n), cases)

        line.start()
        one_round(1, 3)
        text = out("answer")
        with open(text, "w") as f:
            f.write("Thank you.\n")
        line.analyst("reply", line.keys, cases, "2", "--text", text)
        line.analyst("ack", line.keys, out("r1"), "--pad", "4")
        said = line.tool("tipline-operator", "import", line.line,
                         out("r1")).stdout.decode()
        expect("Tips 1 to 3 confirmed by" in said and
               "4 answers taken" in said, said)
        p = line.tool("tipline-operator", "import", line.line, out("r1"),
                      check=False)
        expect(p.returncode == 1 and b"taken already" in p.stderr, p.stderr)
        said = line.tool("tipline-operator", "purge",
                         line.line).stdout.decode()
        expect(said.startswith("3 tips, "), said)
        # What was purged is known, what is new is opened.
        one_round(2, 2)
        line.tool("tipline-operator", "export", line.line, out("all"),
                  "--from", "1")
        with open(out("all"), "rb") as f:
            b = Bundle(f.read(), server)
        expect([t.sealed is None for t in b.tips] ==
               [True] * 3 + [False] * 2, "other tips were purged")
        line.tool("tipline-analyst", "verify", line.keys, out("all"))
        line.analyst("ack", line.keys, out("r2"))
        said = line.tool("tipline-operator", "import", line.line,
                         out("r2")).stdout.decode()
        expect("Tips 1 to 5 confirmed by" in said, said)
        line.tool("tipline-operator", "purge", line.line)
        expect(line.status()["tips"] == 0, line.status())
        line.stop()


run_tests(the_analysts_own_tool_opens_confirms_and_answers,
          an_export_takes_what_is_new_and_says_when_nothing_is,
          a_cut_export_goes_on_to_the_same_bytes,
          what_is_no_cut_bundle_of_this_export_is_refused,
          a_killed_export_never_uses_a_number_twice,
          a_full_stick_is_told_and_the_export_goes_on_when_there_is_room,
          a_power_cut_uses_no_number_twice_and_loses_no_mark,
          a_return_bundle_is_taken_up_once_and_whole,
          a_full_line_takes_confirmations_so_that_a_purge_makes_room,
          with_a_clock_that_is_behind_no_answer_is_taken,
          what_is_no_file_of_confirmations_is_told_at_once,
          each_wrong_return_bundle_is_refused_with_the_reason,
          a_purge_removes_what_all_have_confirmed_and_nothing_else,
          a_purge_that_is_killed_goes_on)
