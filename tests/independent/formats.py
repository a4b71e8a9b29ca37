"""A second reader of Tipline's formats, written from docs/FORMATS.md alone.

It shares no line with crypto/ and handoff/: where the two disagree, the page
or one of them is wrong.  Everything is read in a stream, so a tip or bundle
may be larger than memory.  Section numbers below are those of the page.

Needs Python 3.9 and PyNaCl (Debian: python3-nacl).
"""

import base64
import binascii
import calendar
import hashlib
import hmac
import os
import re
import time

from nacl import bindings as sodium
from nacl.exceptions import CryptoError


class Refused(Exception):
    """What was read is not what the page allows.  .word is one of a few."""

    def __init__(self, word, why):
        super().__init__(f"{word}: {why}")
        self.word = word
        self.why = why


def malformed(why):
    return Refused("malformed", why)


def forged(why):
    return Refused("forged", why)


# Conventions

ROLE_EPOCH, ROLE_SERVER, ROLE_SIGNER, ROLE_BACKUP = 1, 2, 3, 4


def blake(person, key, *message):
    h = hashlib.blake2b(digest_size=32, key=key, person=person.encode("ascii"))
    for m in message:
        h.update(m)
    return h.digest()


def key_id(role, public):
    return blake("tipline-keyid-1", b"", bytes([role]), public)[:8]


def number(raw):
    return int.from_bytes(raw, "little")


def little(value, size):
    return value.to_bytes(size, "little")


class Source:
    """Bytes of a file with a bound, read exactly or not at all."""

    def __init__(self, file, length=None):
        self.file = file
        self.left = length  # None: up to the end of the file
        self.sha = hashlib.sha256()

    def exactly(self, size, what):
        if self.left is not None and size > self.left:
            raise Refused("short", f"ended within {what}")
        raw = self.file.read(size)
        if len(raw) != size:
            raise Refused("short", f"ended within {what}")
        if self.left is not None:
            self.left -= size
        self.sha.update(raw)
        return raw

    def skip(self):
        """Read what is left, so that its digest is known."""
        while self.left:
            self.exactly(min(self.left, 1 << 20), "a tip")


# Section 1: the sealed tip

TIP_MAGIC = b"tipline-tip-0001"
RECORD_PLAIN = 16384
RECORD_SEALED = 16401
TAG_MESSAGE, TAG_FINAL = 0, 3
GAP, FIELD, FILE, DATA, PART_END, END = range(6)
NAME = re.compile(rb"[a-z0-9-]{1,64}\Z")


def is_size_class(records):
    known = [1, 4, 16, 64, 256, 1024, 4100, 8200, 16400, 32800, 65600]
    while known[-1] < records:
        known.append(known[-1] * 2)
    return records in known


class Parts:
    """What a tip holds.  Gives names, sizes and SHA-256; keeps the bytes only
    where a folder was named, in files that are called part-1, part-2 ..."""

    def __init__(self, folder=None):
        self.folder = folder
        self.done = []
        self.open = None
        self.out = None

    def begin(self, kind, name):
        self.open = {"kind": kind, "name_hex": name.hex(),
                     "name": name.decode("utf-8", "backslashreplace"),
                     "size": 0}
        self.sha = hashlib.sha256()
        if self.folder is not None:
            os.makedirs(self.folder, exist_ok=True)
            path = os.path.join(self.folder, f"part-{len(self.done) + 1}")
            self.out = open(path, "xb")

    def data(self, raw):
        self.open["size"] += len(raw)
        self.sha.update(raw)
        if self.out is not None:
            self.out.write(raw)

    def end(self):
        self.open["sha256"] = self.sha.hexdigest()
        self.done.append(self.open)
        self.open = None
        self.close()

    def close(self):
        if self.out is not None:
            self.out.close()
            self.out = None


class Items:
    """The row of items inside the records."""

    def __init__(self, parts):
        self.parts = parts
        self.ended = False

    def record(self, plain):
        at = 0
        if not self.ended and plain[0] == GAP:
            raise malformed("a record that begins with a gap")
        while at < len(plain):
            if self.ended or plain[at] == GAP:
                if plain.count(0, at) != len(plain) - at:
                    raise malformed("bytes other than zero in padding")
                return
            at = self.item(plain, at)

    def item(self, plain, at):
        if at + 4 > len(plain):
            raise malformed("an item's head crosses a record's end")
        kind = plain[at]
        size = number(plain[at + 1:at + 4])
        if size > 16380 or at + 4 + size > len(plain):
            raise malformed("an item crosses a record's end")
        value = bytes(plain[at + 4:at + 4 + size])
        is_open = self.parts.open is not None
        if kind in (FIELD, FILE):
            if is_open:
                raise malformed("a part begins within a part")
            if kind == FIELD and not NAME.match(value):
                raise malformed("a field's name")
            if kind == FILE and size > 1024:
                raise malformed("a file's name is too long")
            self.parts.begin("field" if kind == FIELD else "file", value)
        elif kind == DATA:
            if not is_open or size == 0:
                raise malformed("data outside a part, or empty")
            self.parts.data(value)
        elif kind == PART_END:
            if not is_open or size != 8:
                raise malformed("the end of a part")
            if number(value) != self.parts.open["size"]:
                raise malformed("a part's size is not what its end says")
            self.parts.end()
        elif kind == END:
            if is_open or size != 4:
                raise malformed("the end of the tip")
            if number(value) != len(self.parts.done):
                raise malformed("the number of parts is not what end says")
            self.ended = True
        else:
            raise malformed("an unknown item")
        return at + 4 + size


def read_tip_head(source):
    """Give (head bytes up to the commitment, epoch, recipients)."""
    fixed = source.exactly(24, "the head")
    if fixed[:16] != TIP_MAGIC:
        if fixed[:12] == TIP_MAGIC[:12]:
            raise Refused("version", "a tip of another version")
        raise malformed("not a tip")
    count = fixed[20]
    if not 1 <= count <= 16 or fixed[21:24] != bytes(3) or \
            number(fixed[16:20]) == 0:
        raise malformed("the head's fixed part")
    rows = source.exactly(88 * count, "the recipients")
    recipients = [(rows[i:i + 8], rows[i + 8:i + 88])
                  for i in range(0, len(rows), 88)]
    if len({r[0] for r in recipients}) != count:
        raise malformed("a key id stands twice")
    return fixed + rows, number(fixed[16:20]), recipients


def make_box(key, public):
    """The one box of the tip key for a recipient: its ephemeral key pair
    follows from both."""
    seed = blake("tipline-ephem-01", key, public)
    ephemeral, secret = sodium.crypto_box_seed_keypair(seed)
    nonce = hashlib.blake2b(ephemeral + public, digest_size=24).digest()
    return ephemeral + sodium.crypto_box(key, nonce, public, secret)


def tip_key(signed, commitment, recipients, keyring):
    for ident, box in recipients:
        pair = keyring.get(ident)
        if pair is None:
            continue
        try:
            key = sodium.crypto_box_seal_open(box, pair[0], pair[1])
        except CryptoError:
            raise forged("the sealed box does not open") from None
        expected = blake("tipline-commit-1", key, signed)
        if not hmac.compare_digest(expected, commitment):
            raise forged("the commitment is not to this key")
        return key
    names = ", ".join(r[0].hex() for r in recipients)
    raise Refused("wrong-key", f"sealed to {names}; none of them is ours")


def compare_boxes(key, recipients, known):
    """Make again the box of everybody whose public key is known, by id."""
    for ident, box in recipients:
        if ident not in known:
            continue
        try:
            again = make_box(key, known[ident])
        except (CryptoError, RuntimeError):
            raise forged("a box for a key nothing can be sealed to") from None
        if again != box:
            raise forged(f"the box of {ident.hex()} is not made from the tip "
                         "key: somebody else would open another tip, or none")


def open_tip(file, length, keyring, folder=None, known=None):
    """Open the sealed tip of length bytes that begins at file's position.
    keyring maps key ids to (public, secret), known maps those of others to
    the public key.  Give what the tip holds; raise Refused unless all of it
    is as the page says."""
    source = Source(file, length)
    signed, epoch, recipients = read_tip_head(source)
    commitment = source.exactly(32, "the head")
    header = source.exactly(24, "the head")
    records, rest = divmod(source.left, RECORD_SEALED)
    if rest or not is_size_class(records):
        raise Refused("short" if rest else "malformed",
                      "the length is not that of a size class")
    key = tip_key(signed, commitment, recipients, keyring)
    compare_boxes(key, recipients,
                  {**(known or {}), **{i: p[0] for i, p in keyring.items()}})
    state = sodium.crypto_secretstream_xchacha20poly1305_state()
    sodium.crypto_secretstream_xchacha20poly1305_init_pull(
        state, header, blake("tipline-stream-1", key, signed))
    parts = Parts(folder)
    items = Items(parts)
    try:
        for i in range(records):
            sealed = source.exactly(RECORD_SEALED, "a record")
            try:
                plain, tag = sodium.crypto_secretstream_xchacha20poly1305_pull(
                    state, sealed,
                    signed + commitment + header if i == 0 else None)
            except (CryptoError, RuntimeError):
                raise forged(f"record {i} does not verify") from None
            if tag != (TAG_FINAL if i == records - 1 else TAG_MESSAGE):
                raise malformed(f"the tag of record {i}")
            items.record(plain)
        if not items.ended:
            raise malformed("the tip has no end")
    finally:
        parts.close()
    return {"epoch": epoch, "recipients": [r[0].hex() for r in recipients],
            "records": records, "sha256": source.sha.hexdigest(),
            "parts": parts.done}


# Section 2: the chain

def genesis(server_key):
    return blake("tipline-chain-0", b"", server_key)


def link(before, n, length, digest):
    return blake("tipline-chain-1", b"", before, little(n, 8),
                 little(length, 8), digest)


# Section 3: the key set

DAY = 86400
STAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z", re.ASCII)
PERSON = re.compile(r"[a-z0-9-]{1,32}\Z")
COUNT = re.compile(r"[1-9][0-9]{0,19}\Z")


def stamp(text):
    if not STAMP.match(text):
        raise malformed("a time")
    try:
        when = calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))
    except ValueError:
        raise malformed("a time that does not exist") from None
    again = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(when))
    if when < 0 or again != text:
        raise malformed("a time that does not exist")
    return when


def decimal(text, bits):
    if not COUNT.match(text) or int(text) >> bits:
        raise malformed("a number")
    return int(text)


def exactly_base64(text, size):
    try:
        raw = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, ValueError):
        raise malformed("base64") from None
    if len(raw) != size or base64.b64encode(raw).decode() != text:
        raise malformed(f"not {size} bytes in base64")
    return raw


def exactly_hex(text, size):
    if not re.match(r"[0-9a-f]*\Z", text) or len(text) != 2 * size:
        raise malformed(f"not {size} bytes in hex")
    return bytes.fromhex(text)


def check_point(role, raw):
    if role not in (ROLE_EPOCH, ROLE_BACKUP):
        if not sodium.crypto_core_ed25519_is_valid_point(raw):
            raise malformed("an Ed25519 key that is none")
        return
    try:
        sodium.crypto_scalarmult(b"\x40" + bytes(31), raw)
    except (CryptoError, RuntimeError):
        raise malformed("an X25519 key of low order") from None


def identified(role, ident, key):
    raw = exactly_base64(key, 32)
    check_point(role, raw)
    if key_id(role, raw).hex() != ident:
        raise malformed("an id that is not the key's")
    return raw


def onion(text):
    if text == "none":
        return None
    if not re.match(r"[a-z2-7]{56}\.onion\Z", text):
        raise malformed("the onion address")
    raw = base64.b32decode(text[:56].upper())
    check = hashlib.sha3_256(b".onion checksum" + raw[:32] + raw[34:]).digest()
    if raw[34] != 3 or raw[32:34] != check[:2]:
        raise malformed("the onion address's checksum or version")
    return text


class Lines:
    """The lines of a text file, each asked for by its first word."""

    def __init__(self, text, limit):
        if len(text) > limit or not text.endswith(b"\n"):
            raise malformed("too long, or the last line is not ended")
        if any(not 0x20 <= c < 0x7f and c != 0x0a for c in text):
            raise malformed("a byte that is not printable ASCII")
        self.rows = text.decode("ascii").split("\n")[:-1]
        if any(len(row) > 200 for row in self.rows):
            raise malformed("a line over 200 bytes")
        self.at = 0

    def peek(self):
        if self.at == len(self.rows):
            return None
        return self.rows[self.at].split(" ")[0]

    def take(self, word, count):
        fields = self.rows[self.at].split(" ") if self.peek() == word else []
        if len(fields) != count + 1:
            raise malformed(f"line {self.at + 1} is not a {word} line")
        self.at += 1
        return fields[1:]

    def version(self, word):
        if self.peek() == word and self.rows[0] != word + " 1":
            raise Refused("version", "another version")
        self.take(word, 1)

    def people(self, word, role):
        found = []
        while self.peek() == word:
            ident, name, key = self.take(word, 3)
            if not PERSON.match(name):
                raise malformed("a name")
            found.append({"id": ident, "name": name,
                          "key": identified(role, ident, key)})
        if not 1 <= len(found) <= 16:
            raise malformed(f"1 to 16 {word} lines")
        if len({p["name"] for p in found}) != len(found):
            raise malformed("a name stands twice")
        return found


def check_order(epochs):
    """The rules for epochs among each other."""
    if not 1 <= len(epochs) <= 520:
        raise malformed("1 to 520 epochs")
    for a, b in zip(epochs, epochs[1:]):
        if not (a["epoch"] < b["epoch"] and a["from"] < b["from"]
                and a["until"] < b["until"]
                and b["from"] >= a["until"] - DAY):
            raise malformed("the order of epochs")
    if any(e["from"] >= e["until"] for e in epochs):
        raise malformed("an epoch's times")


def check_epochs(keyset):
    epochs = keyset["epochs"]
    check_order(epochs)
    for e in epochs:
        if not keyset["from"] <= e["from"] < e["until"] <= keyset["until"]:
            raise malformed("an epoch's times")
    ids = [p["id"] for p in keyset["signers"]]
    ids += [p["id"] for e in epochs for p in e["keys"]]
    if len(set(ids)) != len(ids):
        raise malformed("an id stands twice")


def read_epochs(lines):
    epochs = []
    while lines.peek() == "epoch":
        ordinal, start, end = lines.take("epoch", 3)
        epochs.append({
            "epoch": decimal(ordinal, 32), "from": stamp(start),
            "until": stamp(end), "keys": lines.people("key", ROLE_EPOCH)})
    return epochs


def read_keyset(text):
    lines = Lines(text, 65536)
    lines.version("tipline-keyset")
    keyset = {"onion": onion(lines.take("onion", 1)[0]),
              "sequence": decimal(lines.take("sequence", 1)[0], 64),
              "from": stamp(lines.take("from", 1)[0]),
              "until": stamp(lines.take("until", 1)[0])}
    ident, key = lines.take("server", 2)
    keyset["server"] = {"id": ident,
                        "key": identified(ROLE_SERVER, ident, key)}
    keyset["signers"] = lines.people("signer", ROLE_SIGNER)
    keyset["epochs"] = read_epochs(lines)
    if lines.peek() is not None:
        raise malformed("lines after the last epoch")
    check_epochs(keyset)
    return keyset


def epoch_in_force(keyset, now, highest=0):
    """The epoch in force at now where highest is the highest number that
    ever was (0: none), or None."""
    best = [e for e in keyset["epochs"]
            if e["from"] <= now < e["until"] and e["epoch"] >= highest]
    if not best:
        best = [e for e in keyset["epochs"]
                if e["epoch"] == highest and now < e["until"]]
    return max(best, key=lambda e: e["epoch"], default=None)


def read_server_pub(text):
    lines = Lines(text, 512)
    lines.version("tipline-server")
    onion(lines.take("onion", 1)[0])
    ident, key = lines.take("server", 2)
    if lines.peek() is not None:
        raise malformed("lines after the last")
    return identified(ROLE_SERVER, ident, key)


def comment_and_base64(row, prefix, size):
    if not row[0].startswith(prefix):
        raise malformed("minisign: a comment line")
    try:
        raw = base64.b64decode(row[1], validate=True)
    except (binascii.Error, ValueError):
        raise malformed("minisign: base64") from None
    if len(raw) != size or base64.b64encode(raw) != row[1]:
        raise malformed("minisign: a length")
    return row[0][len(prefix):], raw


def read_root_pub(text):
    """A minisign public key file: (key id, Ed25519 key)."""
    rows = text.split(b"\n")
    if len(rows) != 3 or rows[2] or len(text) > 4096:
        raise malformed("minisign: a public key has two lines")
    raw = comment_and_base64(rows, b"untrusted comment: ", 42)[1]
    if raw[:2] != b"Ed":
        raise malformed("minisign: the algorithm")
    check_point(None, raw[10:])
    return raw[2:10], raw[10:]


def ed25519_verify(key, message, signature):
    try:
        sodium.crypto_sign_open(signature + message, key)
    except CryptoError:
        raise forged("the signature is wrong") from None


def check_minisign(root, message, signature_text):
    """Raise Refused unless signature_text, a .minisig file, is root's."""
    rows = signature_text.split(b"\n")
    if len(rows) != 5 or rows[4] or len(signature_text) > 4096:
        raise malformed("minisign: a signature has four lines")
    raw = comment_and_base64(rows[:2], b"untrusted comment: ", 74)[1]
    trusted, whole = comment_and_base64(rows[2:], b"trusted comment: ", 64)
    if raw[:2] not in (b"ED", b"Ed"):
        raise malformed("minisign: the algorithm")
    if raw[2:10] != root[0]:
        raise Refused("wrong-key", "signed with another root key")
    if raw[:2] == b"ED":
        message = hashlib.blake2b(message).digest()
    ed25519_verify(root[1], message, raw[10:])
    ed25519_verify(root[1], raw[10:] + trusted, whole)


# Section 4: the bundle

BUNDLE_MAGIC = b"tipline-bundle-00002"
TIP_AT_MOST = 1 << 40
TIP, TRAILER, PURGED = b"\x01", b"\x02", b"\x03"


def read_bundle_head(whole, server_key):
    """Give (the 92 bytes that the trailer signs, what they say)."""
    raw = whole.exactly(156, "the bundle's head")
    if raw[:20] != BUNDLE_MAGIC:
        if raw[:15] == BUNDLE_MAGIC[:15]:
            raise Refused("version", "a bundle of another version")
        raise malformed("not a bundle")
    if raw[20:28] != key_id(ROLE_SERVER, server_key):
        raise Refused("wrong-key", "a bundle of another server")
    signed = raw[:92]
    ed25519_verify(server_key, b"tipline-bunhead-0002" + signed, raw[92:])
    bundle, last, first = (number(raw[i:i + 8]) for i in (28, 36, 44))
    if first < 1 or raw[56:60] != bytes(4) or \
            not first - 1 <= last < 1 << 63:
        raise malformed("the bundle's head")
    if first == 1 and raw[60:92] != genesis(server_key):
        raise forged("the first tip does not begin this server's chain")
    return signed, {"server": raw[20:28].hex(), "bundle": bundle,
                    "last": last, "first": first,
                    "epoch": number(raw[52:56]), "before": raw[60:92].hex()}


def read_bundle_tip(whole, server_key, mark):
    """One row: what it says, and whether the server signed it."""
    row = mark + whole.exactly(112, "a tip's row")
    tip = {"number": number(row[1:9]), "length": number(row[9:17]),
           "digest": row[17:49].hex(), "purged": mark == PURGED,
           "proved": True, "ok": False}
    if not 1 <= tip["length"] <= TIP_AT_MOST:
        raise malformed("a tip's length")
    try:
        ed25519_verify(server_key, b"tipline-bun-tip-0002"
                       + key_id(ROLE_SERVER, server_key) + row[:49], row[49:])
    except Refused as e:
        tip.update(proved=False, error=e.word,
                   why="the server never signed this tip")
    return tip


def read_bundle(file, server_key, each):
    """Read a bundle; call each(tip) with the file at every tip's first byte.
    Give what the bundle says, with a list of all that is wrong in it: it is
    complete if that is empty.  A head that is wrong raises Refused."""
    whole = Source(file)
    signed, bundle = read_bundle_head(whole, server_key)
    chain, count, faults = bytes.fromhex(bundle["before"]), 0, []
    try:
        while True:
            mark = whole.exactly(1, "the bundle")
            if mark == TRAILER:
                break
            if mark not in (TIP, PURGED):
                raise malformed("neither a tip nor the trailer")
            tip = read_bundle_tip(whole, server_key, mark)
            start = file.tell()
            each(tip)
            file.seek(start + (0 if tip["purged"] else tip["length"]))
            if not tip["proved"]:
                faults.append(f"tip {tip['number']}: {tip['why']}")
                continue
            if tip["number"] != bundle["first"] + count:
                faults.append(f"tip {tip['number']} stands where tip "
                              f"{bundle['first'] + count} should")
            chain = link(chain, tip["number"], tip["length"],
                         bytes.fromhex(tip["digest"]))
            count += 1
        read_bundle_trailer(whole, server_key, signed, count, chain)
        if bundle["first"] + count - 1 > bundle["last"]:
            raise malformed("more tips than the server had")
    except Refused as e:
        faults.append(str(e))
    bundle.update(count=count, head=chain.hex(), faults=faults,
                  complete=not faults)
    return bundle


def read_bundle_trailer(whole, server_key, signed, count, chain):
    trailer = whole.exactly(104, "the trailer")
    if whole.file.read(1):
        raise malformed("bytes after the trailer")
    ed25519_verify(server_key, b"tipline-bun-end-0002" + signed
                   + trailer[:40], trailer[40:])
    if number(trailer[:8]) != count or trailer[8:40] != chain:
        raise forged("the trailer does not fit the tips")


def open_bundle(file, server_key, keyring, folder=None, known=None):
    """Open every tip of a bundle.  One bad tip stops nothing: it is listed
    with the reason."""
    tips = []

    def each(tip):
        tips.append(tip)
        if not tip["proved"]:
            return
        if tip["purged"]:
            tip["ok"] = True
            return
        start, size = file.tell(), tip["length"]
        inside = None if folder is None else \
            os.path.join(folder, f"tip-{tip['number']}")
        try:
            tip.update(open_tip(file, size, keyring, inside, known), ok=True)
        except Refused as e:
            tip.update(error=e.word, why=e.why)
        # The digest is over all of the tip, also of one that did not open.
        file.seek(start)
        source = Source(file, size)
        try:
            source.skip()
        except Refused as e:
            tip.update(ok=False, error=e.word, why=e.why)
        if source.sha.hexdigest() != tip["digest"]:
            tip.update(ok=False, error="forged",
                       why="the bytes do not have the tip's digest")
            tip.pop("parts", None)

    return {"bundle": read_bundle(file, server_key, each), "tips": tips}


# Section 5: secret files

MASTER_MAGIC = b"tipline-master-1"
SECRET_MAGIC = b"tipline-secret-1"
SECRET_LEN = 128


def open_master(raw, passphrase):
    if len(raw) != 112 or raw[:16] != MASTER_MAGIC:
        raise malformed("not a master key file")
    ops, kib = number(raw[16:20]), number(raw[20:24])
    if not 1 <= ops <= 16 or not 8 << 10 <= kib <= 4 << 20:
        raise malformed("the cost of the passphrase is out of bounds")
    key = sodium.crypto_pwhash_alg(32, passphrase, raw[24:40], ops, kib << 10,
                                   sodium.crypto_pwhash_ALG_ARGON2ID13)
    try:
        return sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
            raw[64:], raw[:40], raw[40:64], key)
    except CryptoError:
        raise Refused("wrong-key", "the passphrase is wrong") from None


def secret_id(role, secret):
    if role == b"epoch":
        return key_id(ROLE_EPOCH, sodium.crypto_scalarmult_base(secret))
    return key_id(ROLE_SIGNER, sodium.crypto_sign_seed_keypair(secret)[0])


def open_secret(raw, master):
    """Give (role, key id, 32 secret bytes)."""
    if len(raw) != SECRET_LEN or raw[:16] != SECRET_MAGIC:
        raise malformed("not a secret file")
    role = raw[16:24].rstrip(b"\0")
    if role not in (b"root", b"signer", b"epoch") or raw[36:40] != bytes(4):
        raise malformed("a secret's role or reserved bytes")
    epoch, start, until = (number(raw[i:j])
                           for i, j in ((32, 36), (40, 48), (48, 56)))
    if role == b"epoch" and (epoch == 0 or start >= until) or \
            role != b"epoch" and (epoch or start or until):
        raise malformed("a secret's epoch")
    try:
        secret = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
            raw[80:], raw[:56], raw[56:80], master)
    except CryptoError:
        raise forged("a secret file does not verify") from None
    if role != b"root" and raw[24:32] != secret_id(role, secret):
        raise forged("a secret file's id is not its key's")
    return role.decode(), raw[24:32], secret


def open_keyring(folder, passphrase):
    """The epoch keys of a keyring folder: key id to (public, secret)."""
    with open(os.path.join(folder, "master.key"), "rb") as f:
        master = open_master(f.read(113), passphrase)
    keyring = {}
    for here, _, names in os.walk(folder):
        for name in sorted(names):
            with open(os.path.join(here, name), "rb") as f:
                raw = f.read(SECRET_LEN + 1)
            # The page names no file but master.key: a secret is known by
            # its magic, wherever it lies.
            if not raw.startswith(SECRET_MAGIC):
                continue
            role, ident, secret = open_secret(raw, master)
            if role != "epoch":
                continue
            keyring[ident] = (sodium.crypto_scalarmult_base(secret), secret)
    return keyring
