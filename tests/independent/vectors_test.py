#!/usr/bin/env python3
"""The Python reader over tests/vectors: what must open opens with equal
parts, what must be refused is refused.

    vectors_test.py VECTORS WORDS

Which of two faults is found first is left to a reader, so of what must be
refused only that is compared.
"""

import itertools
import json
import os
import sys
import unittest

import answers
import formats
import keyfiles

if len(sys.argv) != 3 or not os.path.isdir(sys.argv[-2]):
    sys.exit(__doc__)
WORDS = sys.argv.pop()
FOLDER = sys.argv.pop()


def read(name):
    with open(os.path.join(FOLDER, name), "rb") as f:
        return f.read()


def listed(name, at_least):
    found = json.loads(read(name))
    if len(found) < at_least:
        sys.exit(f"{name} has only {len(found)} entries")
    return found


class Vectors(unittest.TestCase):
    def judge(self, case, expected, reader):
        """Run reader; compare what came of it with the status expected.
        Gives its result, or None if it was rightly refused."""
        with self.subTest(file=case["file"], why=case.get("why")):
            try:
                found = reader()
            except formats.Refused as e:
                self.assertNotEqual(expected, "ok", str(e))
                return None
            self.assertEqual(expected, "ok", "it was not refused")
            return found
        return None

    def open_as(self, case, person):
        ident, pair = bytes.fromhex(person["id"]), \
            (bytes.fromhex(person["public"]), bytes.fromhex(person["secret"]))
        self.assertEqual(ident, formats.key_id(formats.ROLE_EPOCH, pair[0]))
        path = os.path.join(FOLDER, case["file"])
        known = {bytes.fromhex(p["id"]): bytes.fromhex(p["public"])
                 for p in listed("keys.json", 2)}

        def reader():
            with open(path, "rb") as f:
                return formats.open_tip(f, os.path.getsize(path),
                                        {ident: pair}, known=known)
        found = self.judge(case, case[person["name"]], reader)
        if found is None:
            return 0
        with self.subTest(file=case["file"]):
            self.assertEqual(found["sha256"], case["digest"])
            self.assertEqual(found["epoch"], case["epoch"])
            keys = ("kind", "name_hex", "size", "sha256")
            self.assertEqual([{k: p[k] for k in keys} for p in found["parts"]],
                             case["parts"])
        return 1

    def test_tips(self):
        people = listed("keys.json", 2)
        opened = sum(self.open_as(case, person)
                     for case in listed("tip.json", 50) for person in people)
        self.assertGreater(opened, 10)

    def test_key_sets(self):
        opened = 0
        for case in listed("keyset.json", 40):
            found = self.judge(
                case, "ok" if case["good"] else "refused",
                lambda: formats.read_keyset(read(case["file"])))
            if found is None:
                continue
            opened += 1
            with self.subTest(file=case["file"]):
                self.assertEqual(
                    [found["sequence"], found["from"], found["until"],
                     found["server"]["id"], len(found["signers"]),
                     len(found["epochs"])],
                    [case[k] for k in ("sequence", "from", "until", "server",
                                       "signers", "epochs")])
        self.assertGreater(opened, 3)

    def test_signatures(self):
        for case in listed("minisign.json", 20):
            def reader():
                root = formats.read_root_pub(read(case["root"]))
                formats.check_minisign(root, read(case["message"]),
                                       read(case["file"]))
                return True
            self.judge(case, case["status"], reader)

    def test_secret_files(self):
        for case in listed("secret.json", 15):
            raw = read(case["file"])
            if case["kind"] == "master":
                found = self.judge(case, case["status"],
                                   lambda: formats.open_master(
                                       raw, case["passphrase"].encode()))
                if found is not None:
                    self.assertEqual(found.hex(), case["master"])
                continue
            found = self.judge(case, case["status"],
                               lambda: formats.open_secret(
                                   raw, bytes.fromhex(case["master"])))
            if found is not None:
                self.assertEqual([found[0], found[1].hex(), found[2].hex()],
                                 [case[k] for k in ("role", "id", "secret")])


    def equal(self, case, found, names):
        with self.subTest(file=case["file"]):
            self.assertEqual(found, [case[n] for n in names])

    def test_return_codes(self):
        with open(WORDS, encoding="ascii") as f:
            words = f.read().split()
        self.assertEqual(len(words), 2048)
        for case in listed("return_code.json", 12):
            text = read(case["file"]).decode("ascii")
            code = self.judge(case, case["status"],
                              lambda: answers.read_code(text, words))
            if code is None:
                continue
            self.assertEqual(" ".join(answers.code_words(code, words)) + "\n",
                             text)
            self.equal(case, [v.hex() for v in
                              (code, *answers.mailbox(code))],
                       ("code", "mailbox", "public", "secret"))

    def test_replies(self):
        for case in listed("reply.json", 15):
            code, sealed = bytes.fromhex(case["code"]), read(case["file"])
            found = self.judge(case, case["status"],
                               lambda: answers.open_reply(sealed, code))
            if found is None:
                continue
            signer = bytes.fromhex(case["signer"])
            self.equal(case, [found["day"], found["text"].encode().hex()],
                       ("day", "text_hex"))
            self.judge(case, "ok" if case["signature"] else "forged",
                       lambda: answers.open_reply(sealed, code, signer))

    def test_analysts_keys(self):
        for case in listed("analyst_keys.json", 12):
            found = self.judge(
                case, case["status"],
                lambda: keyfiles.read_analyst_keys(read(case["file"])))
            if found is not None:
                self.equal(case, [found["signer"]["id"],
                                  len(found["epochs"])],
                           ("signer", "epochs"))

    def test_changes_of_root(self):
        for case in listed("root_change.json", 8):
            name = case["file"]
            pinned = tuple(bytes.fromhex(case[k])
                           for k in ("pinned_id", "pinned_key"))
            found = self.judge(
                case, case["status"],
                lambda: keyfiles.read_root_change(
                    read(name), read(name + ".minisig"),
                    read(name + ".new.minisig"), pinned, case["count"]))
            if found is not None:
                self.equal(case, [v.hex() for v in found],
                           ("new_id", "new_key"))

    def test_shares(self):
        backups = {}
        for case in listed("share.json", 15):
            share = self.judge(case, case["status"],
                               lambda: keyfiles.read_share(read(case["file"])))
            if share is None:
                continue
            self.equal(case, [share["backup"].hex(), share["need"],
                              share["x"], share["value"].hex()],
                       ("backup", "need", "x", "value"))
            backups.setdefault(case["key"], []).append(share)
        self.assertGreater(len(backups), 1)
        for key, shares in backups.items():
            need = shares[0]["need"]
            for some in itertools.permutations(shares, need):
                self.assertEqual(keyfiles.join_shares(list(some)).hex(), key)
            with self.assertRaises(formats.Refused):
                keyfiles.join_shares(shares[:need - 1])
            with self.assertRaises(formats.Refused):
                keyfiles.join_shares(shares[:1] * need)


if __name__ == "__main__":
    unittest.main()
