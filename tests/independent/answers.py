"""Answers to submitters, from docs/FORMATS.md alone: return codes, mailboxes,
replies (section 6), return bundles (section 7)."""

import hashlib
import unicodedata

from nacl import bindings as sodium
from nacl.exceptions import CryptoError

import formats
from formats import (Refused, blake, ed25519_verify, forged, key_id,
                     malformed, number)

REPLY_LEN = 4144
REPLY_MAGIC = b"tipline-reply-01"


def code_words(code, words):
    """The 12 words of a code: its bits and 4 of its SHA-256."""
    bits = int.from_bytes(code, "big") << 4 | hashlib.sha256(code).digest()[0] >> 4
    return [words[bits >> 11 * (11 - i) & 2047] for i in range(12)]


def read_code(text, words):
    """The code that these words say."""
    said = text.split()
    if len(said) != 12 or any(w not in words for w in said):
        raise malformed("not 12 words of the list")
    bits = 0
    for w in said:
        bits = bits << 11 | words.index(w)
    code = (bits >> 4).to_bytes(16, "big")
    if hashlib.sha256(code).digest()[0] >> 4 != bits & 15:
        raise forged("the words do not fit together")
    return code


def mailbox(code):
    """Give (mailbox id, public key, secret key)."""
    secret = blake("tipline-mailboxk", code)
    return (blake("tipline-mailboxi", code)[:16],
            sodium.crypto_scalarmult_base(secret), secret)


def read_mailbox_field(value):
    """The field mailbox of a tip: (mailbox id, public key)."""
    if len(value) != 48:
        raise malformed("a mailbox field has 48 bytes")
    formats.check_point(formats.ROLE_EPOCH, value[16:])
    return value[:16], value[16:]


def reply_text(raw):
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        raise malformed("a reply that is not UTF-8") from None
    if any(c != "\n" and unicodedata.category(c) == "Cc" for c in text):
        raise malformed("a reply with a control character")
    return text


def open_reply(sealed, code, signer=None):
    """What a reply to the mailbox of code says.  signer is the public key
    that must have signed it; None: that is not looked at."""
    if len(sealed) != REPLY_LEN:
        raise malformed("a reply has 4144 bytes")
    ident, public, secret = mailbox(code)
    try:
        plain = sodium.crypto_box_seal_open(sealed, public, secret)
    except (CryptoError, RuntimeError):
        raise forged("no reply to this mailbox") from None
    size = number(plain[44:46])
    if plain[:16] != REPLY_MAGIC or plain[16:32] != ident or \
            not 1 <= size <= 3900 or any(plain[46 + size:4032]):
        raise malformed("what is in a reply")
    found = {"day": number(plain[32:36]), "signer": plain[36:44].hex(),
             "text": reply_text(plain[46:46 + size])}
    if signer is not None:
        if key_id(formats.ROLE_SIGNER, signer) != plain[36:44]:
            raise Refused("wrong-key", "another signer's reply")
        ed25519_verify(signer, plain[:4032], plain[4032:])
    return found


# Section 7: the return bundle

RETURN_MAGIC = b"tipline-return-00001"
ITEMS_AT_MOST = 1 << 20


class Returns:
    """What the items of a return bundle say, held against its rules."""

    def __init__(self):
        self.confirmed, self.links, self.replies = [], [], []

    def item(self, kind, source):
        if kind == 1:
            raw = source.exactly(80, "a confirmed range")
            first, last = number(raw[:8]), number(raw[8:16])
            floor = self.confirmed[-1]["last"] + 2 if self.confirmed else 1
            if not floor <= first <= last < 1 << 63:
                raise malformed("confirmed ranges do not rise, or touch")
            self.confirmed.append({"first": first, "last": last,
                                   "before": raw[16:48].hex(),
                                   "head": raw[48:].hex()})
        elif kind == 2:
            raw = source.exactly(48, "a link")
            n, length = number(raw[:8]), number(raw[8:16])
            if not 1 <= n < 1 << 63 or \
                    self.links and n != self.links[-1]["number"] + 1:
                raise malformed("links do not rise by one")
            if not 1 <= length <= formats.TIP_AT_MOST:
                raise malformed("a link's length")
            self.links.append({"number": n, "length": number(raw[8:16]),
                               "digest": raw[16:].hex()})
        elif kind == 3:
            raw = source.exactly(20 + REPLY_LEN, "a reply")
            self.replies.append({"mailbox": raw[:16].hex(),
                                 "last_day": number(raw[16:20]),
                                 "reply": raw[20:]})
        else:
            raise malformed("an unknown item")


def read_return_bundle(file, server_id, signers):
    """signers maps ids to the public keys of the key set's signers."""
    source = formats.Source(file)
    head = source.exactly(44, "the head")
    if head[:20] != RETURN_MAGIC:
        if head[:15] == RETURN_MAGIC[:15]:
            raise Refused("version", "a return bundle of another version")
        raise malformed("not a return bundle")
    if head[20:28] != server_id:
        raise Refused("wrong-key", "a return bundle for another server")
    if head[28:36] not in signers:
        raise Refused("wrong-key", "signed by nobody of the key set")
    if not 1 <= number(head[36:44]) < 1 << 63:
        raise malformed("return bundles are numbered from 1")
    found, count = Returns(), 0
    while True:
        kind = source.exactly(1, "the return bundle")[0]
        if kind == 4:
            break
        count += 1
        if count > ITEMS_AT_MOST:
            raise malformed("more than 2^20 items")
        found.item(kind, source)
    if number(source.exactly(8, "the trailer")) != count:
        raise malformed("the number of items is not what the trailer says")
    digest = source.sha.digest()
    signature = source.exactly(64, "the signature")
    if file.read(1):
        raise malformed("bytes after the signature")
    ed25519_verify(signers[head[28:36]], b"tipline-return-sig-1" + digest,
                   signature)
    return {"server": head[20:28].hex(), "signer": head[28:36].hex(),
            "number": number(head[36:44]), "confirmed": found.confirmed,
            "links": found.links, "replies": found.replies}
