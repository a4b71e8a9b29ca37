"""A backup of keys (docs/FORMATS.md section 5), from the page alone."""

from nacl import bindings as sodium
from nacl.exceptions import CryptoError

from formats import forged, malformed, number
from keyfiles import join_shares, read_share


def read_backup(raw, shares):
    """Open it with these texts of shares: (name, content) in their order."""
    if raw[:16] != b"tipline-backup-1" or len(raw) < 16 + 16 + 24 + 16:
        raise malformed("no backup")
    shares = [read_share(s) for s in shares]
    if any(s["backup"] not in (raw[16:32], raw[16:32].hex()) for s in shares):
        raise malformed("a share of another backup")
    try:
        plain = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
            raw[56:], raw[:32], raw[32:56], join_shares(shares))
    except CryptoError as e:
        raise forged("does not open") from e
    entries, at = [], 0
    while at < len(plain):
        end = at + 1 + plain[at]
        name = plain[at + 1:end].decode("ascii")
        size = number(plain[end:end + 4])
        content = plain[end + 4:end + 4 + size]
        at = end + 4 + size
        if at > len(plain):
            raise malformed("an entry is cut")
        entries.append((name, content))
    return entries


def read_secret(content):
    """role, id, epoch, from, until, secret of a secret inside a backup."""
    if content[:16] != b"tipline-secret-1" or len(content) != 88:
        raise malformed("no secret")
    return (content[16:24].rstrip(b"\0").decode("ascii"), content[24:32],
            number(content[32:36]), number(content[40:48]),
            number(content[48:56]), content[56:])
