"""A backup that the real program has made, opened from the page alone.

    backup_test.py PATH/tipline-analyst
"""

import base64
import itertools
import os
import subprocess
import sys
import tempfile

from nacl import bindings as sodium
from nacl.signing import SigningKey

from backup import read_backup, read_secret
from formats import ROLE_EPOCH, ROLE_SIGNER, Refused, key_id

ANALYST = os.path.abspath(sys.argv[1])


def run(*words):
    subprocess.run([ANALYST, *words, "--passphrase-file", "pw"], check=True,
                   stderr=subprocess.DEVNULL)


def read(*names):
    with open(os.path.join(*names), "rb") as f:
        return f.read()


def main():
    with open("pw", "w", encoding="ascii") as f:
        f.write("correct horse battery staple\n")
    run("init", "keys", "--name", "ann")
    run("keys", "make", "keys", "--weeks", "2", "--out", "ann.keys")
    run("root", "change", "keys", "--out", "root-2.txt")
    run("keys", "backup", "keys", "--out", "out", "--shares", "4", "--need",
        "2", "--with-epochs")
    raw = read("out", "backup.tipline")
    shares = [read("out", f"share-{i}.txt") for i in range(1, 5)]
    # Any two open it, and to the same bytes; one alone does not.
    opened = [read_backup(raw, two)
              for two in itertools.combinations(shares, 2)]
    assert all(o == opened[0] for o in opened)
    try:
        read_backup(raw, shares[:1])
        raise AssertionError("one share opens it")
    except Refused as e:
        assert e.word == "short", e.word
    entries = dict(opened[0])
    assert len(entries) == len(opened[0]), "a name stands twice"
    secrets = {n: read_secret(c) for n, c in entries.items()
               if n.endswith(".key")}
    weeks = sorted(n for n in secrets if n.startswith("epochs/"))
    assert weeks == ["epochs/" + n for n in sorted(os.listdir("keys/epochs"))]
    for name, (role, ident, epoch, start, until, secret) in secrets.items():
        # The open part is that of the file.
        assert read("keys", name)[:56] == entries[name][:56], name
        if role == "epoch":
            assert start == 345600 + 604800 * epoch and until == start + 604800
            public = sodium.crypto_scalarmult_base(secret)
            assert ident == key_id(ROLE_EPOCH, public), name
            assert base64.b64encode(public) in read("ann.keys"), name
            continue
        public = bytes(SigningKey(secret).verify_key)
        if role == "signer":
            assert ident == key_id(ROLE_SIGNER, public), name
            assert base64.b64encode(public) in read("keys/signer.pub")
        else:
            pub = base64.b64decode(
                entries[name.replace(".key", ".pub")].split(b"\n")[1])
            assert pub[2:10] == ident and pub[10:] == public, name
    assert {"root.key", "roots/0001.key", "signer.key"} < set(secrets)
    for name in ("root.pub", "name", "sequence", "roots/0001.txt",
                 "roots/0001.txt.new.minisig"):
        assert entries[name] == read("keys", name), name
    assert "master.key" not in entries
    print("a backup opens as the page says")


with tempfile.TemporaryDirectory() as work:
    os.chdir(work)
    main()
