#!/usr/bin/python3
"""Each key set that is refused, with the words that a person sees.

The key sets are made here from docs/FORMATS.md section 3 alone."""
import os
import shutil
import subprocess
import tempfile

from nacl.signing import SigningKey

from keysets import (EPOCH, SERVER, SIGNER, WEEK, Root, key_line, keyset,
                     stamp, this_monday)
from tipline import BIN, expect, free_port, program, run_tests, some_onion

DAY = 86400
KEPT = "tipline-operator: the line goes on with the key set it had, if any\n"


class Bench:
    """A line, and key sets for it."""

    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="tl-")
        self.line = os.path.join(self.home, "line")
        self.onion = some_onion()
        self.operator("init", self.line, "--onion", self.onion, "--listen",
                      "127.0.0.1:%d" % free_port())
        self.root, self.other = Root(), Root()
        self.put("root.pub", self.root.public())
        self.put("other.pub", self.other.public())
        self.monday = this_monday()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.home)

    def operator(self, *args, **kw):
        return program("tipline-operator", *args, **kw)

    def path(self, name):
        return os.path.join(self.home, name)

    def put(self, name, data):
        with open(self.path(name), "wb") as f:
            f.write(data.encode() if isinstance(data, str) else data)
        return self.path(name)

    def keyset(self, sequence, weeks=4, start=0):
        """A right one's lines; start in weeks from this one."""
        return keyset(self.line, sequence, self.monday + start * WEEK, weeks)

    def sign(self, name, lines, root=None, **kw):
        text = ("\n".join(lines) + "\n").encode()
        self.put(name + ".minisig", (root or self.root).sign(text, **kw))
        return self.put(name, text)

    def install(self, path, *more):
        p = self.operator("keyset", "install", self.line, path, *more,
                          check=False)
        return p.returncode, p.stdout.decode(), p.stderr.decode()

    def take(self, path, *more):
        code, out, err = self.install(path, *more)
        expect(code == 0 and err == "", "not taken:", err)
        return out

    def refuse(self, words, path, *more, kept=True):
        """words: all that is said, but for what was kept."""
        before = self.in_use()
        code, out, err = self.install(path, *more)
        words = "tipline-operator: " + words + "\n" + (KEPT if kept else "")
        expect(err == words, "said:\n%swanted:\n%s" % (err, words))
        expect(code == 1 and out == "", "exit code", code, out)
        expect(self.in_use() == before, "another key set is in use")

    def in_use(self):
        try:
            with open(os.path.join(self.line, "keyset.txt"), "rb") as f:
                return f.read()
        except FileNotFoundError:
            return None

    def first(self, sequence=5):
        path = self.sign("first.txt", self.keyset(sequence))
        self.take(path, "--root", self.path("root.pub"))
        return path


def a_lower_sequence_number_than_was_ever_accepted():
    with Bench() as b:
        old = b.sign("old.txt", b.keyset(4))
        b.first(5)
        b.refuse("refused: the key set has the sequence number 4, but 5 was"
                 " accepted before: it is an old one, or made without knowing"
                 " the number: tipline-analyst keyset make --sequence 6", old)
        # Not even when the set in use is gone.  A root's keyring that was
        # made anew begins with 1: what helps is named.
        os.unlink(os.path.join(b.line, "keyset.txt"))
        b.refuse("refused: the key set has the sequence number 4, but 5 was"
                 " accepted before: it is an old one, or made without knowing"
                 " the number: tipline-analyst keyset make --sequence 6", old)


def the_same_after_a_restore_from_a_backup():
    with Bench() as b:
        sets = [b.sign("%d.txt" % n, b.keyset(n)) for n in range(10)]
        b.take(sets[5], "--root", b.path("root.pub"))
        # The backup knew number 5; the line had gone on up to 8.
        with open(os.path.join(b.line, "restored"), "w"):
            pass
        asks = ("refused: this line was restored from a backup and cannot know"
                " which key sets came after it: ask the analysts which is the"
                " newest (tipline-analyst keys list shows its number) and name"
                " it with --sequence")
        b.refuse(asks, sets[5])
        b.refuse(asks, sets[7])
        b.refuse(asks, sets[8])
        b.refuse("refused: the key set has the sequence number 7, but"
                 " --sequence says 8: it is not the one the analysts named",
                 sets[7], "--sequence", "8")
        b.refuse("refused: the key set has the sequence number 4, but 5 was"
                 " accepted before: it is an old one, or made without knowing"
                 " the number: tipline-analyst keyset make --sequence 6",
                 sets[4], "--sequence", "4")
        p = b.operator("status", b.line)
        expect(b"restored from a backup" in p.stdout, p.stdout)
        b.take(sets[8], "--sequence", "8")
        expect(not os.path.exists(os.path.join(b.line, "restored")), "marked")
        b.refuse("refused: the key set has the sequence number 7, but 8 was"
                 " accepted before: it is an old one, or made without knowing"
                 " the number: tipline-analyst keyset make --sequence 9", sets[7])
        b.take(sets[9])


def the_same_number_with_other_contents():
    with Bench() as b:
        path = b.first(5)
        b.refuse("refused: another key set with the sequence number 5 is in"
                 " use: a new one needs a higher number",
                 b.sign("k.txt", b.keyset(5)))
        b.take(path)  # the very same is no harm


def a_wrong_onion_address():
    with Bench() as b:
        lines = b.keyset(1)
        other = some_onion()
        lines[1] = "onion " + other
        b.refuse("refused: the key set names the onion address %s, but"
                 " tipline.conf says %s" % (other, b.onion),
                 b.sign("k.txt", lines), "--root", b.path("root.pub"))
        lines[1] = "onion none"
        b.refuse("refused: the key set names the onion address none, but"
                 " tipline.conf says %s" % b.onion,
                 b.sign("k.txt", lines), "--root", b.path("root.pub"))
        lines[1] = "onion " + other[:-7] + "a.onion"
        b.refuse("refused: the key set, line 2: not an onion address of"
                 " version 3",
                 b.sign("k.txt", lines), "--root", b.path("root.pub"))


def another_server():
    with Bench() as b:
        lines = b.keyset(1)
        lines[5] = key_line("server", SERVER, "",
                            bytes(SigningKey.generate().verify_key))
        b.refuse("refused: the key set is for another server: its server id"
                 " is not that of this line's server.pub",
                 b.sign("k.txt", lines), "--root", b.path("root.pub"))


def a_key_in_the_wrong_role():
    with Bench() as b:
        b.first(1)
        key = bytes(SigningKey.generate().verify_key)
        what = "refused: the key set, line %d: wrong role: this is %s, and" \
            " %s must stand here"
        lines = b.keyset(2)
        lines[6] = key_line("signer", EPOCH, "alice", key)
        b.refuse(what % (7, "an epoch's key", "a signer's key"),
                 b.sign("k.txt", lines))
        lines = b.keyset(2)
        lines[5] = key_line("server", SIGNER, "", key)
        b.refuse(what % (6, "a signer's key", "a server's key"),
                 b.sign("k.txt", lines))
        lines = b.keyset(2)
        lines[8] = key_line("key", SIGNER, "alice", os.urandom(31) + b"\x11")
        b.refuse(what % (9, "a signer's key", "an epoch's key"),
                 b.sign("k.txt", lines))
        lines = b.keyset(2)
        lines[8] = key_line("key", 77, "alice", os.urandom(31) + b"\x11")
        b.refuse("refused: the key set, line 9: the id is not that of the"
                 " key", b.sign("k.txt", lines))
        # A public key in the place of the signature.
        with open(b.sign("k.txt", b.keyset(2)) + ".minisig", "wb") as f:
            f.write(b.root.public().encode())
        code, _, err = b.install(b.path("k.txt"))
        expect(code == 1 and "signature file is damaged" in err, err)


def an_expired_one():
    with Bench() as b:
        path = b.sign("k.txt", b.keyset(1, weeks=2, start=-3))
        code, _, err = b.install(path, "--root", b.path("root.pub"))
        expect(code == 1 and err.startswith(
            "tipline-operator: refused: the key set ended at %s; this"
            " machine's clock says 20" % stamp(b.monday - WEEK)), err)


def one_that_is_not_yet_valid():
    with Bench() as b:
        path = b.sign("k.txt", b.keyset(1, start=2))
        code, _, err = b.install(path, "--root", b.path("root.pub"))
        expect(code == 1 and err.startswith(
            "tipline-operator: refused: the key set is valid from %s on only;"
            " this machine's clock says 20" % stamp(b.monday + 2 * WEEK)),
            err)
        lines = b.keyset(1)
        del lines[7:9]  # this week has no key
        code, _, err = b.install(b.sign("k.txt", lines), "--root",
                                 b.path("root.pub"))
        expect(code == 1 and err.startswith(
            "tipline-operator: refused: the key set has no epoch in force at"),
            err)


def epochs_that_overlap_badly():
    with Bench() as b:
        b.first(1)

        def shifted(n, begin, end):
            """Epoch n of four begins and ends so many days off."""
            lines = b.keyset(2)
            word, number, _, _ = lines[7 + 2 * n].split(" ")
            t = b.monday + n * WEEK
            lines[7 + 2 * n] = " ".join([word, number, stamp(t + begin),
                                         stamp(t + WEEK + end)])
            return b.sign("k.txt", lines)
        b.refuse("refused: the key set, line 10: the epoch overlaps the one"
                 " before by more than a day",
                 shifted(1, -2 * DAY, 0))
        b.refuse("refused: the key set, line 10: the epoch ends no later than"
                 " the one before",
                 shifted(0, 0, WEEK + DAY))
        b.refuse("refused: the key set, line 14: the epoch is outside the"
                 " set's validity", shifted(3, 0, DAY))
        b.refuse("refused: the key set, line 8: the epoch is outside the"
                 " set's validity", shifted(0, -DAY, 0))
        lines = b.keyset(2)
        lines[9] = lines[9].replace(lines[9].split(" ")[1],
                                    lines[7].split(" ")[1], 1)
        b.refuse("refused: the key set, line 10: the numbers of the epochs do"
                 " not rise", b.sign("k.txt", lines))
        # By a day they may.
        b.take(shifted(1, -DAY, 0))


def an_unknown_field():
    with Bench() as b:
        b.first(1)
        follows = "an unknown field, or more than there should be"
        for at, line, words in ((1, "colour green", "unknown field"),
                                (6, "colour green", "unknown field"),
                                (9, "comment 1", follows),
                                (15, "colour green", follows)):
            lines = b.keyset(2)
            lines.insert(at, line)
            b.refuse("refused: the key set, line %d: %s" % (at + 1, words),
                     b.sign("k.txt", lines))
        lines = b.keyset(2)
        lines[2] += " 3"
        b.refuse("refused: the key set, line 3: a word too many in the line",
                 b.sign("k.txt", lines))
        lines = b.keyset(2)
        lines[0] = "tipline-keyset 2"
        b.refuse("refused: the key set: of a version this program does not"
                 " know", b.sign("k.txt", lines))


def an_unsigned_one():
    with Bench() as b:
        b.first(1)
        path = b.sign("k.txt", b.keyset(2))
        os.unlink(path + ".minisig")
        b.refuse("%s.minisig cannot be read: not found; nothing was changed\n"
                 "tipline-operator: a key set comes with its signature beside"
                 " it; nothing was changed" % path, path, kept=False)
        b.put("k.txt.minisig", b"")
        b.refuse("refused: the signature file is empty: the key set is not"
                 " signed", path)
        b.put("k.txt.minisig", b"untrusted comment: x\n")
        b.refuse("refused: the signature file is damaged: it is no minisign"
                 " signature", path)


def one_signed_by_another_root():
    with Bench() as b:
        path = b.sign("k.txt", b.keyset(2), root=b.other)
        words = "refused: the key set is signed with another key than the" \
            " root key"
        b.refuse(words, path, "--root", b.path("root.pub"))
        b.first(1)
        b.refuse(words, path)
        b.refuse("refused: another root key is pinned (LINE/root.pub): a"
                 " different --root is refused; if the root was changed, use"
                 " root change or root replace", path, "--root",
                 b.path("other.pub"))
        # One that took over the right key's id has the wrong key still.
        thief = Root()
        thief.ident = b.root.ident
        b.refuse("refused: the signature is wrong: the key set was changed or"
                 " the two files do not belong together",
                 b.sign("k.txt", b.keyset(2), root=thief))


def one_changed_after_signing_or_with_another_file_s_signature():
    with Bench() as b:
        b.first(1)
        words = "refused: the signature is wrong: the key set was changed or" \
            " the two files do not belong together"
        path = b.sign("k.txt", b.keyset(2))
        with open(path, "r+b") as f:
            text = f.read().replace(b"alice", b"alicf")
            f.seek(0)
            f.write(text)
        b.refuse(words, path)
        path = b.sign("k.txt", b.keyset(2))
        with open(path, "ab") as f:
            f.write(b"\n")
        b.refuse(words, path)
        path = b.sign("k.txt", b.keyset(2))
        other = b.sign("other.txt", b.keyset(3))
        shutil.copy(other + ".minisig", path + ".minisig")
        b.refuse(words, path)
        b.take(other)


def a_forgotten_epoch_is_told_before_a_set_is_taken():
    with Bench() as b:
        path = os.path.join(b.line, "epoch")
        with open(path, "w") as f:
            f.write("many\n")
        first = b.sign("k.txt", b.keyset(1))
        b.refuse("refused: LINE/epoch is damaged: it should hold one number;"
                 " see that this machine's clock is right, then remove it",
                 first, "--root", b.path("root.pub"))
        # All of its weeks are over here, whatever the clock says.
        week = (b.monday - 345600) // WEEK
        with open(path, "w") as f:
            f.write("%d\n" % (week + 9))
        code, _, err = b.install(first, "--root", b.path("root.pub"))
        expect(code == 1 and "refused: the key set has only epochs below %d" %
               (week + 9) in err and "set the clock" in err, err)
        os.unlink(path)
        b.take(first, "--root", b.path("root.pub"))


def of_two_at_once_one_is_in_use_and_whole():
    with Bench() as b:
        b.first(1)
        for n in range(2, 22, 2):
            both = [subprocess.Popen(
                [os.path.join(BIN, "tipline-operator"), "keyset", "install",
                 b.line, b.sign("%d.txt" % k, b.keyset(k))],
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                for k in (n, n + 1)]
            codes = [p.wait(60) for p in both]
            expect(codes[1] == 0 and codes[0] in (0, 1), codes)
            out = b.operator("status", b.line).stdout
            expect(b"key set        %d," % (n + 1) in out, out)


def minisign_itself_agrees_and_its_signatures_are_taken():
    with Bench() as b:
        path = b.first(1)
        subprocess.run(["minisign", "-V", "-q", "-p", b.path("root.pub"),
                        "-m", path], check=True)
        b.take(b.sign("k.txt", b.keyset(2), prehashed=False))
        # A root key that minisign made, and a set that minisign signed.
        with Bench() as m:
            for args in (["-G", "-W", "-f"], ["-S", "-W"]):
                if args[0] == "-S":
                    m.put("k.txt", "\n".join(m.keyset(1)) + "\n")
                    args += ["-m", m.path("k.txt")]
                p = subprocess.run(
                    ["minisign", *args, "-p", m.path("mini.pub"), "-s",
                     m.path("mini.key")] if args[0] == "-G" else
                    ["minisign", *args, "-s", m.path("mini.key")],
                    stdin=subprocess.DEVNULL, capture_output=True)
                expect(p.returncode == 0, args, p.stderr)
            out = m.take(m.path("k.txt"), "--root", m.path("mini.pub"))
            expect("Key set 1 is installed" in out, out)


if __name__ == "__main__":
    run_tests(a_lower_sequence_number_than_was_ever_accepted,
              the_same_after_a_restore_from_a_backup,
              the_same_number_with_other_contents,
              a_wrong_onion_address,
              another_server,
              a_key_in_the_wrong_role,
              an_expired_one,
              one_that_is_not_yet_valid,
              epochs_that_overlap_badly,
              an_unknown_field,
              an_unsigned_one,
              one_signed_by_another_root,
              one_changed_after_signing_or_with_another_file_s_signature,
              a_forgotten_epoch_is_told_before_a_set_is_taken,
              of_two_at_once_one_is_in_use_and_whole,
              minisign_itself_agrees_and_its_signatures_are_taken)
