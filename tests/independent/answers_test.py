#!/usr/bin/env python3
"""The Python readers of replies and return bundles against what this file
writes, by the same page: good ones, and everything bent."""

import hashlib
import io
import os
import sys
import unittest

import answers
import formats
from nacl import bindings as sodium


def little(*pairs):
    return b"".join(formats.little(v, n) for v, n in pairs)


def confirmed(first, last):
    return b"\x01" + little((first, 8), (last, 8)) + b"b" * 32 + b"h" * 32


def link(n, length=16569):
    return b"\x02" + little((n, 8), (length, 8)) + b"d" * 32


def reply(mailbox=b"m" * 16, sealed=bytes(answers.REPLY_LEN)):
    return b"\x03" + mailbox + little((20800, 4)) + sealed


class Returns(unittest.TestCase):
    def setUp(self):
        self.server = os.urandom(8)
        self.public, self.secret = sodium.crypto_sign_keypair()
        self.id = formats.key_id(formats.ROLE_SIGNER, self.public)

    def make(self, items, **change):
        raw = change.get("magic", answers.RETURN_MAGIC) + self.server
        raw += self.id + little((change.get("number", 7), 8))
        raw += b"".join(items)
        raw += b"\x04" + little((change.get("count", len(items)), 8))
        signed = b"tipline-return-sig-1" + hashlib.sha256(raw).digest()
        return raw + sodium.crypto_sign(signed, self.secret)[:64]

    def read(self, raw):
        return answers.read_return_bundle(io.BytesIO(raw), self.server,
                                          {self.id: self.public})

    def refused(self, raw):
        with self.assertRaises(formats.Refused):
            self.read(raw)

    def test_a_good_one_is_read(self):
        found = self.read(self.make([confirmed(1, 3), link(1), reply(),
                                     confirmed(5, 5), link(2)]))
        self.assertEqual(found["number"], 7)
        self.assertEqual([(c["first"], c["last"])
                          for c in found["confirmed"]], [(1, 3), (5, 5)])
        self.assertEqual([k["number"] for k in found["links"]], [1, 2])
        self.assertEqual(found["replies"][0]["last_day"], 20800)
        self.assertEqual(self.read(self.make([]))["confirmed"], [])

    def test_whatever_is_bent_is_refused(self):
        good = self.make([confirmed(1, 3), link(9), reply()])
        for at in list(range(200)) + list(range(len(good) - 80, len(good))):
            self.refused(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
            self.refused(good[:at])
        self.refused(good + b"\0")
        for items in ([confirmed(1, 3), confirmed(4, 5)],  # they touch
                      [confirmed(1, 3), confirmed(3, 5)],
                      [confirmed(5, 6), confirmed(1, 2)],
                      [confirmed(0, 2)], [confirmed(3, 2)],
                      [link(0)], [link(1), link(3)], [link(2), link(1)],
                      [link(1, 0)], [link(1, (1 << 40) + 1)], [link(1 << 63)],
                      [confirmed(1, 1 << 63)], [b"\x05"]):
            self.refused(self.make(items))
        self.refused(self.make([], number=0))
        self.refused(self.make([], number=1 << 63))
        self.refused(self.make([link(1)], count=2))
        self.refused(self.make([], magic=b"tipline-return-00002"))


class Replies(unittest.TestCase):
    def setUp(self):
        self.code = os.urandom(16)
        self.box = answers.mailbox(self.code)
        self.public, self.secret = sodium.crypto_sign_keypair()

    def seal(self, text, **change):
        plain = answers.REPLY_MAGIC + change.get("mailbox", self.box[0])
        plain += little((20780, 4))
        plain += formats.key_id(formats.ROLE_SIGNER, self.public)
        plain += little((change.get("size", len(text)), 2)) + text
        plain = plain.ljust(4032, change.get("fill", b"\0"))
        plain += sodium.crypto_sign(plain, self.secret)[:64]
        return sodium.crypto_box_seal(plain, self.box[1])

    def test_a_good_one_opens(self):
        for text in ("yes", "한국어\n\n\u202e", "x" * 3900):
            found = answers.open_reply(self.seal(text.encode()), self.code,
                                       self.public)
            self.assertEqual(found["text"], text)

    def test_whatever_is_bent_is_refused(self):
        good = self.seal(b"yes")
        bad = [good[:-1], good + b"\0", bytes(answers.REPLY_LEN),
               self.seal(b"yes", mailbox=bytes(16)),
               self.seal(b""), self.seal(b"yes", size=2),
               self.seal(b"yes", size=4), self.seal(b"a" * 3901),
               self.seal(b"yes", fill=b" "), self.seal(b"\xff"),
               self.seal(b"\x1b[2J"), self.seal(b"\xc2\x9b")]
        for at in range(0, len(good), 7):
            bad.append(good[:at] + bytes([good[at] ^ 1]) + good[at + 1:])
        for sealed in bad:
            with self.assertRaises(formats.Refused):
                answers.open_reply(sealed, self.code)
        with self.assertRaises(formats.Refused):
            answers.open_reply(good, os.urandom(16))
        with self.assertRaises(formats.Refused):
            answers.open_reply(good, self.code,
                               sodium.crypto_sign_keypair()[0])

    def test_a_mailbox_field_is_48_bytes_with_a_key(self):
        field = self.box[0] + self.box[1]
        self.assertEqual(answers.read_mailbox_field(field), self.box[:2])
        for bad in (field[:-1], field + b"\0", self.box[0] + bytes(32)):
            with self.assertRaises(formats.Refused):
                answers.read_mailbox_field(bad)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main()
