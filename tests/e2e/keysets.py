"""Key sets, root keys and changes of the root, right and wrong, made from
docs/FORMATS.md section 3 alone."""
import base64
import datetime
import hashlib
import os
import time

from nacl.signing import SigningKey

WEEK = 604800
EPOCH, SERVER, SIGNER = 1, 2, 3


def key_id(role, key):
    return hashlib.blake2b(bytes([role]) + key, digest_size=32,
                           person=b"tipline-keyid-1").digest()[:8].hex()


def b64(data):
    return base64.b64encode(data).decode()


def stamp(seconds):
    when = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def key_line(word, role, name, key):
    return "%s %s %s%s" % (word, key_id(role, key), name + " " if name else "",
                           b64(key))


class Root:
    def __init__(self):
        self.ident, self.key = os.urandom(8), SigningKey.generate()

    def public(self):
        return "untrusted comment: minisign public key\n%s\n" % b64(
            b"Ed" + self.ident + bytes(self.key.verify_key))

    def sign(self, text, prehashed=True):
        message = hashlib.blake2b(text, digest_size=64).digest() \
            if prehashed else text
        sig = self.key.sign(message).signature
        comment = b"tipline keyset sequence"
        return ("untrusted comment: x\n%s\ntrusted comment: %s\n%s\n" % (
            b64((b"ED" if prehashed else b"Ed") + self.ident + sig),
            comment.decode(),
            b64(self.key.sign(sig + comment).signature))).encode()

    def change(self, new, number):
        """The change to another root, and its two signatures."""
        text = "tipline-root-change 1\nnumber %d\n" % number
        for word, root in ("old", self), ("new", new):
            text += "%s %s %s\n" % (word, root.ident.hex(),
                                    b64(bytes(root.key.verify_key)))
        text = text.encode()
        return text, self.sign(text), new.sign(text)

    def fingerprint(self):
        text = hashlib.sha256(bytes(self.key.verify_key)).hexdigest()
        return " ".join(text[i:i + 4] for i in range(0, 32, 4))


def this_monday():
    """Weeks begin on Mondays, and this one has begun."""
    return (int(time.time()) - 345600) // WEEK * WEEK + 345600


def keyset(line, sequence, begin, weeks):
    """The lines of a right one for the line in that folder."""
    with open(os.path.join(line, "server.pub")) as f:
        _, onion, server = f.read().split("\n")[:3]
    signer = bytes(SigningKey.generate().verify_key)
    lines = ["tipline-keyset 1", onion, "sequence %d" % sequence,
             "from " + stamp(begin), "until " + stamp(begin + weeks * WEEK),
             server, key_line("signer", SIGNER, "alice", signer)]
    for n in range(weeks):
        t = begin + n * WEEK
        lines += ["epoch %d %s %s" % ((t - 345600) // WEEK, stamp(t),
                                      stamp(t + WEEK)),
                  key_line("key", EPOCH, "alice", os.urandom(31) + b"\x11")]
    return lines
