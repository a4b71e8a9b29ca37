#!/usr/bin/env python3
"""Two analysts on two machines: the same bundle opens the same for both, and a
tip that was sealed otherwise to one than to the other is refused by both.

Such a tip cannot come through the front door; it is what a server that was
taken over would make, so it is made here by hand, signed with the server's
own key, after docs/FORMATS.md sections 1, 2 and 4.
"""
import base64
import hashlib
import os
import re
import shutil
import struct
import tempfile

from nacl import bindings as na
from nacl.signing import SigningKey

import tipline
from tipline import (PASSPHRASE, Line, expect, opened, program, run_tests)

RECORD = 16384


def b2(person, message=b"", key=b""):
    return hashlib.blake2b(message, digest_size=32, key=key,
                           person=person.encode().ljust(16, b"\0")).digest()


def key_id(role, key):
    return b2("tipline-keyid-1", bytes([role]) + key)[:8]


def box_to(public, tip_key):
    """The one sealed box that this tip key may have for this recipient."""
    epk, esk = na.crypto_box_seed_keypair(
        b2("tipline-ephem-01", public, tip_key))
    nonce = hashlib.blake2b(epk + public, digest_size=24).digest()
    return epk + na.crypto_box(tip_key, nonce, public, esk)


def item(kind, value=b""):
    return bytes([kind]) + struct.pack("<I", len(value))[:3] + value


def seal(epoch, boxes, tip_key, text):
    """A sealed tip whose boxes are given: (key id, box)."""
    head = b"tipline-tip-0001" + struct.pack("<IB3x", epoch, len(boxes))
    for kid, box in boxes:
        head += kid + box
    stream_key = b2("tipline-stream-1", head, tip_key)
    head += b2("tipline-commit-1", head, tip_key)
    state = na.crypto_secretstream_xchacha20poly1305_state()
    head += na.crypto_secretstream_xchacha20poly1305_init_push(
        state, stream_key)
    record = item(1, b"message") + item(3, text) + \
        item(4, struct.pack("<Q", len(text))) + item(5, struct.pack("<I", 1))
    return head + na.crypto_secretstream_xchacha20poly1305_push(
        state, record.ljust(RECORD, b"\0"), head, 3)


def bundle(seed, tips, number=1):
    key = SigningKey(seed)
    public = bytes(key.verify_key)
    server = key_id(2, public)
    genesis = b2("tipline-chain-0", public)
    head = b"tipline-bundle-00002" + server + struct.pack(
        "<QQQII", number, len(tips), 1, 0, 0) + genesis
    out = head + key.sign(b"tipline-bunhead-0002" + head).signature
    link = genesis
    for n, tip in enumerate(tips, 1):
        facts = struct.pack("<QQ", n, len(tip)) + \
            hashlib.sha256(tip).digest()
        out += b"\1" + facts + key.sign(
            b"tipline-bun-tip-0002" + server + b"\1" + facts).signature + tip
        link = b2("tipline-chain-1", link + facts)
    end = struct.pack("<Q", len(tips)) + link
    return out + b"\2" + end + key.sign(
        b"tipline-bun-end-0002" + head + end).signature


class Two:
    """A line whose tips are sealed to Alice and Bob, and a root that is
    neither's."""

    def __init__(self):
        self.line = Line(keys=False)
        home = self.line.home
        self.line.passphrase = os.path.join(home, "passphrase")
        with open(self.line.passphrase, "w") as f:
            os.fchmod(f.fileno(), 0o600)
            f.write(PASSPHRASE + "\n")
        self.line.keys = root = os.path.join(home, "root")
        self.line.analyst("init", root)
        self.keys, files = {}, []
        for name in ("alice", "bob"):
            self.keys[name] = os.path.join(home, name)
            files += ["--analyst", os.path.join(home, name + ".keys")]
            self.line.analyst("init", self.keys[name], "--analyst", "--name",
                              name)
            self.line.analyst("keys", "make", self.keys[name], "--weeks", "2",
                              "--out", files[-1])
        self.keyset = os.path.join(home, "keyset.txt")
        self.line.analyst("keyset", "make", root, "--server",
                          os.path.join(self.line.line, "server.pub"),
                          "--weeks", "2", *files, "--without-own", "--out",
                          self.keyset)
        self.line.install(self.keyset)
        for keys in self.keys.values():
            self.line.analyst("keyset", "take", keys, self.keyset, "--root",
                              os.path.join(root, "root.pub"))

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.line.__exit__(*what)

    def open(self, name, path):
        """(exit code, what was said, tips) on that analyst's machine."""
        cases = tempfile.mkdtemp(dir=self.line.home)
        shutil.rmtree(cases)
        p = self.line.analyst("open", self.keys[name], path, cases,
                              check=False)
        tips = opened(cases) if os.path.isdir(cases) else []
        return p.returncode, p.stderr.decode(), tips

    def epoch(self):
        """Number and public keys, in the key set's order, of the first."""
        number, keys = None, []
        with open(self.keyset) as f:
            for words in map(str.split, f):
                if words[0] == "epoch" and number is not None:
                    break
                if words[0] == "epoch":
                    number = int(words[1])
                elif words[0] == "key":
                    keys.append((bytes.fromhex(words[1]),
                                 base64.b64decode(words[3])))
        expect(len(keys) == 2, "not two analysts in the key set")
        return number, keys

    def seed(self):
        with open(os.path.join(self.line.line, "server.key"), "rb") as f:
            return f.read()[16:48]


def both_open_the_same_tips():
    with Two() as two:
        two.line.start()
        for i in range(5):
            answer = two.line.tip("tip %d" % i, [("f", os.urandom(30000))])
            expect(answer.received, answer)
        path = os.path.join(two.line.home, "b")
        program("tipline-operator", "export", two.line.line, path)
        a_code, a_said, a = two.open("alice", path)
        b_code, b_said, b = two.open("bob", path)
        expect(a_code == 0 and b_code == 0, a_said, b_said)
        expect(len(a) == 5 and len(b) == 5, len(a), len(b))
        for one, other in zip(a, b):
            expect(one.message == other.message and
                   one.json["files"] == other.json["files"],
                   "they read different tips")
        two.line.stop()


def a_tip_that_opens_otherwise_for_the_two_is_refused_by_both():
    with Two() as two:
        epoch, ((a_id, a_key), (b_id, b_key)) = two.epoch()
        t1, t2 = os.urandom(32), os.urandom(32)
        good = seal(epoch, [(a_id, box_to(a_key, t1)),
                            (b_id, box_to(b_key, t1))], t1, b"to both")
        # Bob's box has another key, or nothing that opens; and the same for
        # Alice.
        bad = [
            seal(epoch, [(a_id, box_to(a_key, t1)),
                         (b_id, box_to(b_key, t2))], t1, b"for Alice"),
            seal(epoch, [(a_id, box_to(a_key, t1)),
                         (b_id, os.urandom(80))], t1, b"for Alice alone"),
            seal(epoch, [(a_id, box_to(a_key, t2)),
                         (b_id, box_to(b_key, t1))], t1, b"for Bob"),
            seal(epoch, [(a_id, os.urandom(80)),
                         (b_id, box_to(b_key, t1))], t1, b"for Bob alone"),
            # Right for both, but made with an ephemeral key of its own:
            # nobody could tell whether the other's box holds the same.
            seal(epoch, [(a_id, na.crypto_box_seal(t1, a_key)),
                         (b_id, box_to(b_key, t1))], t1, b"not checkable"),
        ]
        path = os.path.join(two.line.home, "made")
        with open(path, "wb") as f:
            f.write(bundle(two.seed(), [good] + bad))
        for name in ("alice", "bob"):
            code, said, tips = two.open(name, path)
            texts = [t.message for t in tips]
            expect(texts == [b"to both"], name, "has opened", texts, said)
            expect(code == 1, name, "said all is well:", said)
            for n in range(2, len(bad) + 2):
                expect("tip %d:" % n in said, name, "does not name tip", n,
                       said)
        # Whoever can open it says why it is refused all the same.
        _, said, _ = two.open("alice", path)
        expect("other" in said, said)


def a_tip_that_leaves_somebody_out_or_puts_somebody_in_is_refused():
    with Two() as two:
        epoch, ((a_id, a_key), (b_id, b_key)) = two.epoch()
        stranger = na.crypto_box_keypair()[0]
        s_id, t = key_id(1, stranger), os.urandom(32)
        a, b = (a_id, box_to(a_key, t)), (b_id, box_to(b_key, t))
        s = (s_id, box_to(stranger, t))
        path = os.path.join(two.line.home, "made")
        with open(path, "wb") as f:
            f.write(bundle(two.seed(), [
                seal(epoch, [b, a], t, b"in another order"),
                seal(epoch, [a], t, b"Alice alone"),
                seal(epoch, [b], t, b"Bob alone"),
                seal(epoch, [a, b, s], t, b"and a stranger"),
                seal(epoch, [a, s], t, b"a stranger for Bob"),
                seal(epoch + 1, [a, b], t, b"this week's keys for the next"),
                seal(epoch + 70, [a, b], t, b"of a week that no set names")]))
        out = "%s (key %s) was left out"
        put_in = "key %s was put in" % s_id.hex()
        no_alice = out % ("alice", a_id.hex())
        no_bob = out % ("bob", b_id.hex())
        for name in ("alice", "bob"):
            code, said, tips = two.open(name, path)
            expect(code == 1 and [t.message for t in tips] ==
                   [b"in another order"], name, code, tips, said)
            why = {int(n): words for n, words in
                   re.findall(r"(?m)^    tip (\d+): (.*)$", said)}
            expect(sorted(why) == [2, 3, 4, 5, 6, 7], said)
            for n, words in ((2, no_bob), (3, no_alice), (4, put_in),
                             (5, no_bob), (5, put_in), (6, "left out"),
                             (7, "which no key set in this keyring names")):
                expect(words in why[n], name, n, "not", words, "but", why[n])
                expect("tipline-analyst keyset take" in why[n], why[n])
            expect("out" not in why[4], why[4])


def somebody_with_an_older_key_set_is_helped():
    """A third analyst joins; whoever has not taken that key set, or missed it
    altogether, opens nothing sealed after it, is told what to take, and opens
    it all then."""
    with Two() as two:
        line, home = two.line, two.line.home
        carol = os.path.join(home, "carol")
        line.analyst("init", carol, "--analyst", "--name", "carol")
        line.analyst("keys", "make", carol, "--weeks", "2", "--out",
                     carol + ".keys")
        files = []
        for name in ("alice", "bob", "carol"):
            files += ["--analyst", os.path.join(home, name + ".keys")]
        sets = {}
        for number, named in ((2, files), (3, files[:4])):
            sets[number] = os.path.join(home, "keyset-%d.txt" % number)
            line.analyst("keyset", "make", os.path.join(home, "root"),
                         "--server", os.path.join(line.line, "server.pub"),
                         "--weeks", "2", *named, "--without-own", "--out",
                         sets[number])
        line.install(sets[2])
        line.start()
        expect(line.tip("to three").received, "not received")
        line.stop()
        path = os.path.join(home, "b")
        program("tipline-operator", "export", line.line, path)
        # Alice has not taken it yet; Bob has missed it and taken the next.
        line.analyst("keyset", "take", two.keys["bob"], sets[3])
        for name, number in (("alice", 1), ("bob", 3)):
            code, said, tips = two.open(name, path)
            expect(code == 1 and not tips, name, "has opened it", said)
            for words in ("key set %d names" % number, "was put in",
                          "tipline-analyst keyset take"):
                expect(words in said, words, "not in", said)
            p = line.analyst("keyset", "take", two.keys[name], sets[2])
            expect((b"Took key set 2" if name == "alice" else
                    b"was missed here and is kept") in p.stderr + p.stdout,
                   p.stderr)
            code, said, tips = two.open(name, path)
            expect(code == 0 and [t.message for t in tips] == [b"to three"],
                   name, said)
        # What was missed is not in force, and is not taken twice.
        p = line.analyst("keys", "list", two.keys["bob"])
        expect(b"newest key set 3" in p.stdout + p.stderr, p.stdout)
        p = line.analyst("keyset", "take", two.keys["bob"], sets[2],
                         check=False)
        expect(p.returncode == 1 and b"never taken again" in p.stderr,
               p.stderr)


run_tests(both_open_the_same_tips,
          a_tip_that_opens_otherwise_for_the_two_is_refused_by_both,
          a_tip_that_leaves_somebody_out_or_puts_somebody_in_is_refused,
          somebody_with_an_older_key_set_is_helped)
