"""The small files around key sets, from docs/FORMATS.md alone: analysts' keys
and changes of root (section 3), shares (section 5)."""

import formats
from formats import (Lines, Refused, blake, decimal, ed25519_verify,
                     exactly_base64, exactly_hex, forged, malformed)


def done(lines):
    if lines.peek() is not None:
        raise malformed("lines after the last")


def read_analyst_keys(text):
    lines = Lines(text, 65536)
    lines.version("tipline-analyst-keys")
    signers = lines.people("signer", formats.ROLE_SIGNER)
    if len(signers) != 1:
        raise malformed("one signer")
    epochs = formats.read_epochs(lines)
    formats.check_order(epochs)
    keys = [k for e in epochs for k in e["keys"]]
    if any(len(e["keys"]) != 1 for e in epochs) or \
            any(k["name"] != signers[0]["name"] for k in keys) or \
            len({k["id"] for k in keys}) != len(keys):
        raise malformed("one key of the signer's own in each epoch")
    signature = exactly_base64(lines.take("signature", 1)[0], 64)
    done(lines)
    body = text[:text.rindex(b"signature ")]
    ed25519_verify(signers[0]["key"], b"tipline-anakeys-1" + body, signature)
    return {"signer": signers[0], "epochs": epochs}


def root_line(lines, word):
    ident, key = lines.take(word, 2)
    raw = exactly_base64(key, 32)
    formats.check_point(formats.ROLE_SIGNER, raw)
    return exactly_hex(ident, 8), raw


def read_root_change(text, signature, new_signature, pinned, count):
    """The root that follows pinned, as (id, key), after count changes."""
    lines = Lines(text, 512)
    lines.version("tipline-root-change")
    which = decimal(lines.take("number", 1)[0], 32)
    old, new = root_line(lines, "old"), root_line(lines, "new")
    done(lines)
    if old[0] == new[0] or old[1] == new[1]:
        raise malformed("a root follows itself")
    for root, sig in ((old, signature), (new, new_signature)):
        try:
            formats.check_minisign(root, text, sig)
        except Refused as e:
            raise forged(e.why) if e.word == "wrong-key" else e
    if which <= count:
        raise Refused("exists", "taken before")
    if which > count + 1:
        raise Refused("early", "one before it is missing")
    if old != pinned:
        raise Refused("wrong-key", "from another root than the pinned one")
    return new


# Shares: GF(2^8) with x^8 + x^4 + x^3 + x^2 + 1

def times(a, b):
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a & 0x100:
            a ^= 0x11d
        b >>= 1
    return product


def over(a, b):
    """a / b: b to the 254th is what b times which is 1."""
    inverse = 1
    for _ in range(254):
        inverse = times(inverse, b)
    return times(a, inverse)


def read_share(text):
    lines = Lines(text, 512)
    lines.version("tipline-share")
    backup = exactly_hex(lines.take("backup", 1)[0], 16)
    need = decimal(lines.take("need", 1)[0], 8)
    x, value = lines.take("share", 2)
    share = {"backup": backup, "need": need, "x": decimal(x, 8),
             "value": exactly_base64(value, 32)}
    check = exactly_hex(lines.take("check", 1)[0], 8)
    done(lines)
    if not 2 <= need <= 16:
        raise malformed("need")
    if blake("tipline-share-01", b"", text[:text.rindex(b"check ")])[:8] \
            != check:
        raise forged("the check is wrong: the share was mistyped")
    return share


def join_shares(shares):
    """The value at 0 of the polynomials through the shares (Lagrange)."""
    need = shares[0]["need"] if shares else 2
    if any((s["backup"], s["need"]) != (shares[0]["backup"], need)
           for s in shares):
        raise Refused("wrong-key", "shares of different backups")
    if len({s["x"] for s in shares}) != len(shares):
        raise Refused("exists", "a share stands twice")
    if len(shares) < need:
        raise Refused("short", "too few shares")
    key = bytearray(32)
    for i in shares[:need]:
        weight = 1
        for k in shares[:need]:
            if k is not i:
                weight = times(weight, over(k["x"], k["x"] ^ i["x"]))
        for at in range(32):
            key[at] ^= times(weight, i["value"][at])
    return bytes(key)
