#!/usr/bin/env python3
"""The Python opener against tips that this file seals, by the same page.

Shows that the opener can refuse: a checker that accepts everything would
find the server right whatever it writes.
"""

import io
import os
import sys
import tempfile
import unittest

import formats
from nacl import bindings as sodium

RECORD = formats.RECORD_PLAIN


def item(kind, value):
    return bytes([kind]) + formats.little(len(value), 3) + value


def good_items():
    return [item(formats.FIELD, b"message"), item(formats.DATA, b"hello"),
            item(formats.PART_END, formats.little(5, 8)),
            item(formats.FILE, "\u202e한.hwp".encode()),
            item(formats.DATA, b"x" * 10000), item(formats.DATA, b"y" * 10000),
            item(formats.PART_END, formats.little(20000, 8)),
            item(formats.END, formats.little(2, 4))]


def pack(items):
    records, now = [], b""
    for i in items:
        if len(now) + len(i) > RECORD:
            records.append(now.ljust(RECORD, b"\0"))
            now = b""
        now += i
    return records + [now.ljust(RECORD, b"\0")]


def pad(records):
    while not formats.is_size_class(len(records)):
        records.append(bytes(RECORD))
    return records


class Key:
    def __init__(self):
        self.public, self.secret = sodium.crypto_box_keypair()
        self.id = formats.key_id(formats.ROLE_EPOCH, self.public)


def seal(keys, records, **change):
    """A sealed tip; change bends what the page says."""
    secret = os.urandom(32)
    head = change.get("magic", formats.TIP_MAGIC)
    head += formats.little(change.get("epoch", 9), 4) + bytes([change.get("n", len(keys))])
    head += change.get("reserved", bytes(3))
    for k in keys:
        box = formats.make_box(secret, k.public)
        if k is change.get("random_box"):
            box = sodium.crypto_box_seal(secret, k.public)
        if k is change.get("other_tip"):
            box = formats.make_box(os.urandom(32), k.public)
        head += k.id + box
    stream = formats.blake("tipline-stream-1", secret, head)
    commitment = formats.blake("tipline-commit-1",
                               change.get("committed", secret), head)
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    header = sodium.crypto_secretstream_xchacha20poly1305_init_push(
        state, stream)
    head += commitment + header
    sealed = b""
    for i, plain in enumerate(records):
        tag = 3 if i == change.get("final", len(records) - 1) else 0
        sealed += sodium.crypto_secretstream_xchacha20poly1305_push(
            state, plain, change.get("ad", head) if i == 0 else None, tag)
    return head + sealed


def tip_row(server, n, tip, digest=None, purged=False):
    digest = digest or formats.hashlib.sha256(tip).digest()
    row = b"\x03" if purged else b"\x01"
    row += formats.little(n, 8) + formats.little(len(tip), 8) + digest
    signature = sodium.crypto_sign(
        b"tipline-bun-tip-0002"
        + formats.key_id(formats.ROLE_SERVER, server[0]) + row, server[1])
    return (row + signature[:64] + (b"" if purged else tip),
            lambda chain: formats.link(chain, n, len(tip), digest))


def bundle(server, tips, digests=None, first=1, before=None, **change):
    """A bundle; the rows stand in the order that change names."""
    public, secret = server
    chain = before or formats.genesis(public)
    head = formats.BUNDLE_MAGIC + formats.key_id(formats.ROLE_SERVER, public)
    head += formats.little(4, 8)
    head += formats.little(change.get("last", first + len(tips) + 2), 8)
    head += formats.little(first, 8) + formats.little(2968, 4) + bytes(4)
    head += chain
    out = head + sodium.crypto_sign(b"tipline-bunhead-0002" + head,
                                    secret)[:64]
    rows = [tip_row(server, first + i, tip, (digests or {}).get(i),
                    i in change.get("purged", ()))
            for i, tip in enumerate(tips)]
    for _, link in rows:
        chain = link(chain)
    for i in change.get("order", range(len(rows))):
        out += rows[i][0]
    end = formats.little(len(tips), 8) + chain
    signature = sodium.crypto_sign(b"tipline-bun-end-0002" + head + end,
                                   secret)[:64]
    return out + b"\x02" + end + signature


class Tips(unittest.TestCase):
    def setUp(self):
        self.keys = [Key(), Key()]
        self.records = pad(pack(good_items()))
        self.ours = {k.id: (k.public, k.secret) for k in self.keys[1:]}

    def open(self, tip):
        return formats.open_tip(io.BytesIO(tip), len(tip), self.ours)

    def refused(self, tip):
        with self.assertRaises(formats.Refused):
            self.open(tip)

    def test_a_good_tip_opens(self):
        found = self.open(seal(self.keys, self.records))
        self.assertEqual(found["epoch"], 9)
        self.assertEqual([p["size"] for p in found["parts"]], [5, 20000])
        self.assertEqual(found["parts"][0]["sha256"],
                         formats.hashlib.sha256(b"hello").hexdigest())

    def test_a_tip_that_others_open_otherwise_is_refused(self):
        others = {self.keys[0].id: self.keys[0].public}
        for change in ({"random_box": self.keys[0]},
                       {"other_tip": self.keys[0]}):
            tip = seal(self.keys, self.records, **change)
            self.open(tip)  # nobody else is known
            with self.assertRaises(formats.Refused):
                formats.open_tip(io.BytesIO(tip), len(tip), self.ours,
                                 known=others)
        self.refused(seal(self.keys, self.records, random_box=self.keys[1]))
        self.refused(seal(self.keys, self.records, other_tip=self.keys[1]))
        tip = seal(self.keys, self.records)
        formats.open_tip(io.BytesIO(tip), len(tip), self.ours, known=others)

    def test_every_cut_and_longer_tip_is_refused(self):
        tip = seal(self.keys, self.records)
        cuts = list(range(300)) + list(range(300, len(tip), 1009))
        for cut in cuts + [len(tip) - 1]:
            self.refused(tip[:cut])
        self.refused(tip + b"\0")
        self.refused(tip + bytes(formats.RECORD_SEALED))

    def test_every_flipped_byte_of_the_head_is_refused(self):
        tip = seal(self.keys[1:], self.records)
        for at in list(range(80 + 88 + 40)) + [16500, 16600, len(tip) - 1]:
            self.refused(tip[:at] + bytes([tip[at] ^ 1]) + tip[at + 1:])

    def test_a_bent_head_or_stream_is_refused(self):
        for change in ({"epoch": 0}, {"reserved": b"\1\0\0"}, {"n": 0}, {"n": 1},
                       {"magic": b"tipline-tip-0002"}, {"ad": b""},
                       {"committed": bytes(32)}, {"final": 0},
                       {"final": None}):
            self.refused(seal(self.keys, self.records, **change))
        self.refused(seal(self.keys[:1], self.records))
        self.refused(seal(self.keys[1:] * 2, self.records))

    def test_records_that_are_no_size_class_are_refused(self):
        self.refused(seal(self.keys, self.records[:2]))
        self.refused(seal(self.keys, self.records + [bytes(RECORD)]))

    def test_a_bent_row_of_items_is_refused(self):
        good = good_items()
        end = good[-1]
        dirty = bytearray(pack(good)[0])
        dirty[-1] = 1
        late = [bytes(RECORD)] * 4
        late[0] = pack([end.replace(b"\2", b"\0")])[0]
        late[3] = bytes(RECORD - 1) + b"\1"
        bad = [
            pad(pack(good[:-1])),                           # no end
            pad(pack(good[1:])),                            # data first
            pad(pack(good[:2] + good[3:])),                 # a part not closed
            pad(pack(good[:3] + [end])),                    # a wrong count
            pad(pack(good[:2] + [item(4, bytes(8))] + good[3:])),
            pad(pack([item(1, b"Message")] + good[1:])),    # a bad name
            pad(pack([item(1, b"")] + good[1:])),
            pad(pack([item(1, b"a" * 65)] + good[1:])),
            pad(pack([item(2, b"a" * 1025)] + good[1:])),
            pad(pack([good[0], item(3, b"")] + good[1:])),  # empty data
            pad(pack([item(6, b"")] + good)),               # unknown
            pad(pack(good + [item(1, b"a")])),              # after the end
            pad([bytes(dirty)] + pack(good)[1:]),           # dirt in a gap
            late,                                           # dirt in padding
            [b"\3\xff\xff\xff" + bytes(RECORD - 4)],
            [bytes(RECORD)],                                # nothing at all
            pad(pack(good)[:1] + [bytes(RECORD)] + pack(good)[1:]),
        ]
        for records in bad:
            self.refused(seal(self.keys, records))
        empty = pad(pack([item(5, bytes(4))]))
        self.assertEqual(self.open(seal(self.keys, empty))["parts"], [])

    def test_size_classes_are_those_of_the_page(self):
        good = [1, 4, 16, 64, 256, 1024, 4100, 8200, 16400, 32800, 65600,
                131200, 262400]
        for r in range(0, 300000):
            self.assertEqual(formats.is_size_class(r), r in good)


class Bundles(unittest.TestCase):
    def setUp(self):
        self.server = sodium.crypto_sign_keypair()
        self.key = Key()
        self.ours = {self.key.id: (self.key.public, self.key.secret)}
        self.tip = seal([self.key], pad(pack(good_items())))

    def open(self, raw, folder=None):
        return formats.open_bundle(io.BytesIO(raw), self.server[0], self.ours,
                                   folder)

    def test_a_good_bundle_opens_and_its_parts_are_written(self):
        with tempfile.TemporaryDirectory() as folder:
            found = self.open(bundle(self.server, [self.tip] * 3), folder)
            self.assertEqual([t["ok"] for t in found["tips"]], [True] * 3)
            with open(os.path.join(folder, "tip-3", "part-1"), "rb") as f:
                self.assertEqual(f.read(), b"hello")
        self.assertEqual(self.open(bundle(self.server, []))["tips"], [])

    def test_one_bad_tip_stops_nothing(self):
        bad = seal([Key()], pad(pack(good_items())))
        cut = self.tip[:-1]
        found = self.open(bundle(self.server, [bad, self.tip, cut, self.tip],
                                 {3: bytes(32)}))
        self.assertEqual([t["ok"] for t in found["tips"]],
                         [False, True, False, False])
        self.assertEqual([t.get("error") for t in found["tips"]],
                         ["wrong-key", None, "short", "forged"])

    def wrong(self, raw):
        """Refused, or named as not complete."""
        try:
            found = self.open(raw)
        except formats.Refused:
            return
        self.assertFalse(found["bundle"]["complete"])
        self.assertTrue(found["bundle"]["faults"])

    def test_every_flip_outside_the_tips_and_every_cut_shows(self):
        raw = bundle(self.server, [self.tip])
        edge = list(range(156 + 113)) + list(range(len(raw) - 105, len(raw)))
        for at in edge:
            self.wrong(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1:])
            self.wrong(raw[:at])
        self.wrong(raw + b"\0")

    def test_what_a_courier_does_shows(self):
        tips = [self.tip] * 3
        for order in ((0, 1), (0, 2), (1, 2), (0, 2, 1), (0, 1, 1, 2)):
            found = self.open(bundle(self.server, tips, order=order))
            self.assertFalse(found["bundle"]["complete"], order)
            self.assertEqual([t["number"] for t in found["tips"]],
                             [i + 1 for i in order])
            self.assertTrue(all(t["ok"] for t in found["tips"]))
        self.wrong(bundle(self.server, tips, last=2))
        # An invented tip is passed over; a purged one cannot be feigned.
        raw = bundle(self.server, tips)
        at = len(raw) - 105
        stranger = sodium.crypto_sign_keypair()
        found = self.open(raw[:at] + tip_row(stranger, 4, self.tip)[0]
                          + raw[at:])
        self.assertFalse(found["bundle"]["complete"])
        self.assertEqual([t["proved"] for t in found["tips"]],
                         [True] * 3 + [False])
        row = raw[156:156 + 113]
        found = self.open(raw[:156] + b"\x03" + row[1:]
                          + raw[156 + 113 + len(self.tip):])
        self.assertFalse(found["tips"][0]["ok"])
        self.assertFalse(found["bundle"]["complete"])

    def test_an_altered_tip_leaves_the_bundle_complete(self):
        raw = bundle(self.server, [self.tip] * 2)
        at = 156 + 113 + 5000
        found = self.open(raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1:])
        self.assertTrue(found["bundle"]["complete"])
        self.assertEqual([t["ok"] for t in found["tips"]], [False, True])

    def test_purged_tips_stay_as_links(self):
        found = self.open(bundle(self.server, [self.tip] * 3, purged=(0, 2)))
        self.assertTrue(found["bundle"]["complete"])
        self.assertEqual([t["purged"] for t in found["tips"]],
                         [True, False, True])
        self.assertEqual(["parts" in t for t in found["tips"]],
                         [False, True, False])

    def test_another_chain_or_server_is_refused(self):
        for raw in (bundle(self.server, [self.tip], before=bytes(32)),
                    bundle(self.server, [self.tip], first=0),
                    bundle(sodium.crypto_sign_keypair(), [self.tip])):
            with self.assertRaises(formats.Refused):
                self.open(raw)


if __name__ == "__main__":
    sys.dont_write_bytecode = True
    unittest.main()
