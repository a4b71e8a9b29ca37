#!/usr/bin/env python3
"""The Python key set reader: good[] and bad[] tables, and minisign."""

import base64
import os
import shutil
import subprocess
import tempfile
import unittest

import formats
from nacl import bindings as sodium

PUBLIC = {n: sodium.crypto_sign_keypair()[0]
          for n in ("server", "anna", "ben")}
PUBLIC.update((n, sodium.crypto_box_keypair()[0])
              for n in ("anna1", "ben1", "anna2", "ben2"))
PUBLIC["none"] = PUBLIC["low"] = bytes(32)


def key_line(word, role, key, name=""):
    ident = formats.key_id(role, PUBLIC[key]).hex()
    name = name + " " if name else ""
    return f"{word} {ident} {name}{base64.b64encode(PUBLIC[key]).decode()}"


GOOD = [
    "tipline-keyset 1",
    "onion none",
    "sequence 7",
    "from 2026-11-23T00:00:00Z",
    "until 2026-12-08T00:00:00Z",
    key_line("server", 2, "server"),
    key_line("signer", 3, "anna", "anna"),
    key_line("signer", 3, "ben", "ben"),
    "epoch 1 2026-11-23T00:00:00Z 2026-11-30T00:00:00Z",
    key_line("key", 1, "anna1", "anna"),
    key_line("key", 1, "ben1", "ben"),
    "epoch 3 2026-11-29T00:00:00Z 2026-12-07T00:00:00Z",
    key_line("key", 1, "anna2", "anna"),
    key_line("key", 1, "ben2", "ben"),
]

# (line, what stands there instead; None: the line is left out)
BAD = [
    (0, "tipline-keyset 2"), (0, "tipline-keyset 01"), (0, None),
    (1, "onion"), (1, "onion example.com"), (1, None), (1, "onion  none"),
    (1, "onion " + "a" * 56 + ".onion"),
    (2, "sequence 0"), (2, "sequence 07"), (2, "sequence +7"),
    (2, "sequence 18446744073709551616"), (2, "sequence 7 "),
    (3, "from 2026-11-23T00:00:00"), (3, "from 2026-02-30T00:00:00Z"),
    (3, "from 2026-11-24T00:00:00Z"), (3, "from 2026-11-23T00:00:60Z"),
    (4, "until 2026-12-06T00:00:00Z"), (4, None),
    (5, GOOD[5].upper()), (5, GOOD[6].replace("signer", "server")),
    (5, None), (6, GOOD[7]), (6, GOOD[6] + "\r"),
    (6, GOOD[6].replace(" anna ", " Anna ")),
    (6, GOOD[6].replace(" anna ", " ben ")),
    (6, GOOD[6].replace(" anna ", " ")), (6, GOOD[6][:-1]),
    (6, GOOD[6].replace(" anna ", " " + "a" * 33 + " ")),
    (8, "epoch 3 2026-11-23T00:00:00Z 2026-11-30T00:00:00Z"),
    (8, "epoch 0 2026-11-23T00:00:00Z 2026-11-30T00:00:00Z"),
    (8, "epoch 4294967296 2026-11-23T00:00:00Z 2026-11-30T00:00:00Z"),
    (8, "epoch 1 2026-11-23T00:00:00Z 2026-11-30T00:00:01Z"),
    (8, "epoch 1 2026-11-30T00:00:00Z 2026-11-23T00:00:00Z"),
    (8, "epoch 1 2026-11-29T00:00:00Z 2026-11-30T00:00:00Z"),
    (8, None), (9, GOOD[10]), (9, GOOD[12]),
    (13, "x"), (13, GOOD[13] + "\n"), (13, GOOD[13] + "\nepoch"),
    (5, key_line("server", 2, "none")), (6, key_line("signer", 3, "none", "x")),
    (9, key_line("key", 1, "low", "anna")), (13, "é"), (13, "key " + "a" * 200),
]


def text(lines):
    return ("\n".join(lines) + "\n").encode()


class KeySets(unittest.TestCase):
    def test_a_good_key_set_is_read(self):
        found = formats.read_keyset(text(GOOD))
        self.assertEqual(found["sequence"], 7)
        at = lambda when: (formats.epoch_in_force(found, formats.stamp(when))
                           or {"epoch": None})["epoch"]
        self.assertEqual(at("2026-11-22T23:59:59Z"), None)
        self.assertEqual(at("2026-11-23T00:00:00Z"), 1)
        self.assertEqual(at("2026-11-29T00:00:00Z"), 3)
        self.assertEqual(at("2026-12-07T00:00:00Z"), None)

    def test_every_line_of_the_bad_table_is_refused(self):
        for at, line in BAD:
            bent = list(GOOD)
            bent[at:at + 1] = [] if line is None else [line]
            with self.assertRaises(formats.Refused, msg=(at, line)):
                formats.read_keyset(text(bent))

    def test_every_cut_is_refused(self):
        whole = text(GOOD)
        # Without its second epoch the rest is a shorter good key set.
        shorter = len(text(GOOD[:11]))
        without_ben = (len(text(GOOD[:10])), len(text(GOOD[:13])))
        for cut in range(len(whole)):
            if cut == shorter or cut in without_ben:
                formats.read_keyset(whole[:cut])
                continue
            with self.assertRaises(formats.Refused, msg=cut):
                formats.read_keyset(whole[:cut])

    def test_an_onion_address_with_a_wrong_letter_is_refused(self):
        public = os.urandom(32)
        check = formats.hashlib.sha3_256(
            b".onion checksum" + public + b"\3").digest()[:2]
        good = base64.b32encode(public + check + b"\3").decode().lower()
        self.assertEqual(formats.onion(good + ".onion"), good + ".onion")
        for at in range(56):
            bent = good[:at] + ("b" if good[at] == "a" else "a")
            with self.assertRaises(formats.Refused):
                formats.onion(bent + good[at + 1:] + ".onion")


class Minisign(unittest.TestCase):
    """Against the minisign program itself."""

    def setUp(self):
        if shutil.which("minisign") is None:
            self.fail("the minisign program is not installed")
        self.folder = tempfile.TemporaryDirectory()
        self.path = lambda name: os.path.join(self.folder.name, name)
        self.run_minisign("-G", "-W", "-p", self.path("pub"),
                          "-s", self.path("sec"))
        with open(self.path("text"), "wb") as f:
            f.write(text(GOOD))
        self.root = formats.read_root_pub(self.read("pub"))

    def tearDown(self):
        self.folder.cleanup()

    def read(self, name):
        with open(self.path(name), "rb") as f:
            return f.read()

    def run_minisign(self, *words):
        subprocess.run(["minisign", *words], check=True, input=b"",
                       stdout=subprocess.DEVNULL)

    def sign(self, *words):
        self.run_minisign("-S", "-s", self.path("sec"), "-m",
                          self.path("text"), *words)
        return self.read("text.minisig")

    def test_both_algorithms_verify_and_no_mutant_does(self):
        for words in ([], ["-l"]):
            sig = self.sign("-t", "tipline keyset sequence 7", *words)
            formats.check_minisign(self.root, text(GOOD), sig)
            with self.assertRaises(formats.Refused):
                formats.check_minisign(self.root, text(GOOD) + b"\n", sig)
            start = sig.index(b"\n") + 1
            for at in range(start, len(sig)):
                bent = sig[:at] + bytes([sig[at] ^ 4]) + sig[at + 1:]
                with self.assertRaises(formats.Refused, msg=at):
                    formats.check_minisign(self.root, text(GOOD), bent)

    def test_another_root_is_refused(self):
        other = (bytes(8), sodium.crypto_sign_keypair()[0])
        with self.assertRaises(formats.Refused):
            formats.check_minisign(other, text(GOOD), self.sign())


if __name__ == "__main__":
    unittest.main()
