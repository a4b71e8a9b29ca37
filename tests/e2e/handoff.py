"""What crosses the air gap, from docs/FORMATS.md alone: key sets whose
signing keys we hold, bundles read, return bundles written, so that wrong ones
can be made as well."""
import base64
import hashlib
import os
import struct
import time

from nacl.signing import SigningKey

DAY = 86400


def blake(person, message, key=b"", size=32):
    return hashlib.blake2b(message, digest_size=size, key=key,
                           person=person).digest()


def key_id(role, key):
    return blake(b"tipline-keyid-1", bytes([role]) + key)[:8]


def u32(n):
    return struct.pack("<I", n)


def u64(n):
    return struct.pack("<Q", n)


def b64(data):
    return base64.b64encode(data).decode()


def stamp(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


# -------------------------------------------------------------------- chain

def genesis(server_key):
    return blake(b"tipline-chain-0", server_key)


def link(before, number, length, digest):
    return blake(b"tipline-chain-1", before + u64(number) + u64(length) +
                 digest)


class Tip:
    """A tip as a bundle has it; sealed is None if it was purged."""

    def __init__(self, number, length, digest, sealed):
        self.number, self.length = number, length
        self.digest, self.sealed = digest, sealed


class Bundle:
    """A bundle of version 2, every signature checked."""

    def __init__(self, raw, server_key):
        check = SigningKey.generate().verify_key.__class__(server_key)
        head = raw[:156]
        assert head[:20] == b"tipline-bundle-00002", head[:20]
        assert head[20:28] == key_id(2, server_key)
        self.number, self.last, self.first = struct.unpack("<QQQ", head[28:52])
        self.epoch, zero = struct.unpack("<II", head[52:60])
        assert zero == 0
        self.before = head[60:92]
        check.verify(b"tipline-bunhead-0002" + head[:92], head[92:156])
        if self.first == 1:
            assert self.before == genesis(server_key)
        self.tips, self.ends, at, chain = [], [156], 156, self.before
        while raw[at] in (1, 3):
            entry = raw[at:at + 49]
            number, length = struct.unpack("<QQ", entry[1:17])
            assert number == self.first + len(self.tips), number
            check.verify(b"tipline-bun-tip-0002" + head[20:28] + entry,
                         raw[at + 49:at + 113])
            at += 113
            sealed = None
            if entry[0] == 1:
                sealed = raw[at:at + length]
                at += length
                assert hashlib.sha256(sealed).digest() == entry[17:]
            self.tips.append(Tip(number, length, entry[17:], sealed))
            chain = link(chain, number, length, entry[17:])
            self.ends.append(at)
        end = raw[at:]
        assert end[0] == 2 and len(end) == 105, (end[0], len(end))
        assert struct.unpack("<Q", end[1:9])[0] == len(self.tips)
        assert end[9:41] == chain
        check.verify(b"tipline-bun-end-0002" + head[:92] + end[1:41], end[41:])
        self.head = chain


# ------------------------------------------------------------------ key set

class Root:
    """A root key and a key set with signers of ours; nobody opens its tips."""

    def __init__(self, *names):
        self.ident, self.key = os.urandom(8), SigningKey.generate()
        self.signer = {n: SigningKey.generate() for n in names}
        self.sequence = 0

    def write_pub(self, path):
        with open(path, "w") as f:
            f.write("untrusted comment: tests\n" + b64(
                b"Ed" + self.ident + bytes(self.key.verify_key)) + "\n")

    def sign(self, text):
        sig = self.key.sign(
            hashlib.blake2b(text, digest_size=64).digest()).signature
        comment = b"tests"
        whole = self.key.sign(sig + comment).signature
        return ("untrusted comment: tests\n" + b64(b"ED" + self.ident + sig) +
                "\ntrusted comment: tests\n" + b64(whole) + "\n").encode()

    def write_set(self, server_pub, path, names=None):
        names = names or list(self.signer)
        self.sequence += 1
        with open(server_pub) as f:
            lines = f.read().split("\n")
        week = int((time.time() - 345600) // 604800)
        begin = 345600 + 604800 * week
        text = ["tipline-keyset 1", lines[1], "sequence %d" % self.sequence,
                "from " + stamp(begin), "until " + stamp(begin + 4 * 604800),
                lines[2]]
        for name in names:
            key = bytes(self.signer[name].verify_key)
            text.append("signer %s %s %s" % (key_id(3, key).hex(), name,
                                              b64(key)))
        for n in range(4):
            at = begin + 604800 * n
            text.append("epoch %d %s %s" % (week + n, stamp(at),
                                            stamp(at + 604800)))
            for name in names:
                key = os.urandom(31) + b"\x11"
                text.append("key %s %s %s" % (key_id(1, key).hex(), name,
                                              b64(key)))
        raw = ("\n".join(text) + "\n").encode()
        with open(path, "wb") as f:
            f.write(raw)
        with open(path + ".minisig", "wb") as f:
            f.write(self.sign(raw))


def server_key(server_pub):
    with open(server_pub) as f:
        return base64.b64decode(f.read().split("\n")[2].split(" ")[2])


# ------------------------------------------------------------ return bundle

def confirmed(first, last, before, after):
    return b"\1" + u64(first) + u64(last) + before + after


def link_item(tip):
    return b"\2" + u64(tip.number) + u64(tip.length) + tip.digest


def reply(last_day, mailbox=None, sealed=None):
    return (b"\3" + (mailbox or os.urandom(16)) + u32(last_day) +
            (sealed or os.urandom(4144)))


def return_bundle(server, signer, number, items):
    """server: the public key; signer: a SigningKey."""
    raw = (b"tipline-return-00001" + key_id(2, server) +
           key_id(3, bytes(signer.verify_key)) + u64(number) +
           b"".join(items) + b"\4" + u64(len(items)))
    return raw + signer.sign(b"tipline-return-sig-1" + hashlib.sha256(
        raw).digest()).signature


def chain_of(server, tips):
    """Links by number, 0 being the genesis."""
    links = [genesis(server)]
    for tip in tips:
        links.append(link(links[-1], tip.number, tip.length, tip.digest))
    return links
