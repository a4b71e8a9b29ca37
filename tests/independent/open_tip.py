#!/usr/bin/env python3
"""Open what Tipline writes without any code of Tipline's.

    open_tip.py tip FILE --keys KEYS --passphrase-file FILE [--extract DIR]
    open_tip.py bundle FILE --server SERVER.pub --keys KEYS
                --passphrase-file FILE [--extract DIR]
    open_tip.py keyset FILE --root ROOT.pub [--sig FILE.minisig]
    open_tip.py analyst-keys FILE
    open_tip.py root-change FILE --root ROOT.pub [--count N]
    open_tip.py shares FILE FILE ...
    open_tip.py returns FILE --server SERVER.pub --keyset FILE
    open_tip.py mailbox --words LIST --code "WORD WORD ..."
    open_tip.py reply FILE --words LIST --code "WORD WORD ..."

KEYS is a keyring folder of tipline-analyst.  Instead of --keys, --secret HEX
(may be repeated) gives an epoch's X25519 secret key itself.  --keyset FILE
(may be repeated) names others, whose boxes are then compared.  Prints JSON.
Exit codes: 0 all is as it should be, 1 refused, 2 wrong usage.
"""

import argparse
import json
import os
import sys

import answers
import formats
import keyfiles
from nacl import bindings as sodium


def file_bytes(path, limit=1 << 20):
    with open(path, "rb") as f:
        return f.read(limit)


def passphrase(path):
    """The first line of the file, without its end."""
    return file_bytes(path, 4096).split(b"\n")[0].rstrip(b"\r")


def keyring(args):
    keys = {}
    for text in args.secret:
        secret = bytes.fromhex(text)
        public = sodium.crypto_scalarmult_base(secret)
        keys[formats.key_id(formats.ROLE_EPOCH, public)] = (public, secret)
    if args.keys:
        if not args.passphrase_file:
            sys.exit("open_tip.py: --keys needs --passphrase-file")
        keys.update(formats.open_keyring(args.keys,
                                         passphrase(args.passphrase_file)))
    return keys


def known(args):
    """The public epoch keys of all key sets named."""
    return {bytes.fromhex(k["id"]): k["key"] for path in args.keyset
            for e in formats.read_keyset(file_bytes(path))["epochs"]
            for k in e["keys"]}


def run_tip(args):
    keys = keyring(args)
    with open(args.file, "rb") as f:
        return formats.open_tip(f, os.fstat(f.fileno()).st_size, keys,
                                args.extract, known(args))


def run_bundle(args):
    server = formats.read_server_pub(file_bytes(args.server))
    with open(args.file, "rb") as f:
        return formats.open_bundle(f, server, keyring(args), args.extract,
                                   known(args))


def run_analyst_keys(args):
    return keyfiles.read_analyst_keys(file_bytes(args.file))


def run_root_change(args):
    root = keyfiles.read_root_change(
        file_bytes(args.file), file_bytes(args.file + ".minisig"),
        file_bytes(args.file + ".new.minisig"),
        formats.read_root_pub(file_bytes(args.root)), args.count)
    return {"id": root[0], "key": root[1]}


def run_shares(args):
    shares = [keyfiles.read_share(file_bytes(path)) for path in args.file]
    return {"backup": shares[0]["backup"], "need": shares[0]["need"],
            "key": keyfiles.join_shares(shares)}


def run_returns(args):
    server = formats.read_server_pub(file_bytes(args.server))
    signers = {bytes.fromhex(s["id"]): s["key"] for path in args.keyset
               for s in formats.read_keyset(file_bytes(path))["signers"]}
    with open(args.file, "rb") as f:
        return answers.read_return_bundle(
            f, formats.key_id(formats.ROLE_SERVER, server), signers)


def code(args):
    words = file_bytes(args.words).decode().split()
    return answers.read_code(args.code, words)


def run_mailbox(args):
    ident, public, _ = answers.mailbox(code(args))
    return {"mailbox": ident, "public": public}


def run_reply(args):
    return answers.open_reply(file_bytes(args.file), code(args))


def run_keyset(args):
    text = file_bytes(args.file)
    root = formats.read_root_pub(file_bytes(args.root))
    sig = file_bytes(args.sig or args.file + ".minisig")
    formats.check_minisign(root, text, sig)
    return formats.read_keyset(text)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    kinds = parser.add_subparsers(dest="kind", required=True)

    def command(name, run, *required, files=None):
        p = kinds.add_parser(name)
        if files != 0:
            p.add_argument("file", nargs=files)
        for option in required:
            p.add_argument(option, required=True)
        p.add_argument("--keyset", action="append", default=[])
        p.set_defaults(run=run)
        return p

    for p in (command("tip", run_tip),
              command("bundle", run_bundle, "--server")):
        p.add_argument("--keys")
        p.add_argument("--passphrase-file")
        p.add_argument("--secret", action="append", default=[])
        p.add_argument("--extract")
    command("keyset", run_keyset, "--root").add_argument("--sig")
    command("analyst-keys", run_analyst_keys)
    command("root-change", run_root_change, "--root").add_argument(
        "--count", type=int, default=0)
    command("shares", run_shares, files="+")
    command("returns", run_returns, "--server")
    command("mailbox", run_mailbox, "--words", "--code", files=0)
    command("reply", run_reply, "--words", "--code")
    return parser.parse_args()


def main():
    args = arguments()
    try:
        found = args.run(args)
    except formats.Refused as e:
        print(f"open_tip.py: {e}", file=sys.stderr)
        return 1
    except OSError as e:
        print(f"open_tip.py: {e}", file=sys.stderr)
        return 1
    json.dump(found, sys.stdout, indent=1, default=bytes.hex)
    print()
    whole = found.get("bundle", {}).get("complete", True)
    if not whole or any(not tip["ok"] for tip in found.get("tips", [])):
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
