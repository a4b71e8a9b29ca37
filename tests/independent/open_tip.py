#!/usr/bin/env python3
"""Open sealed tips, bundles and key sets without any code of Tipline's.

    open_tip.py tip FILE --keys KEYS --passphrase-file FILE [--extract DIR]
    open_tip.py bundle FILE --server SERVER.pub --keys KEYS
                --passphrase-file FILE [--extract DIR]
    open_tip.py keyset FILE --root ROOT.pub [--sig FILE.minisig]

KEYS is a keyring folder of tipline-analyst.  Instead of --keys, --secret HEX
(may be repeated) gives an epoch's X25519 secret key itself.  Prints JSON.
Exit codes: 0 all is as it should be, 1 refused, 2 wrong usage.
"""

import argparse
import json
import os
import sys

import formats
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


def run_tip(args):
    keys = keyring(args)
    with open(args.file, "rb") as f:
        return formats.open_tip(f, os.fstat(f.fileno()).st_size, keys,
                                args.extract)


def run_bundle(args):
    server = formats.read_server_pub(file_bytes(args.server))
    with open(args.file, "rb") as f:
        return formats.open_bundle(f, server, keyring(args), args.extract)


def run_keyset(args):
    text = file_bytes(args.file)
    root = formats.read_root_pub(file_bytes(args.root))
    sig = file_bytes(args.sig or args.file + ".minisig")
    formats.check_minisign(root, text, sig)
    return formats.read_keyset(text)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    kinds = parser.add_subparsers(dest="kind", required=True)
    for kind, run in (("tip", run_tip), ("bundle", run_bundle),
                      ("keyset", run_keyset)):
        p = kinds.add_parser(kind)
        p.add_argument("file")
        p.set_defaults(run=run)
        if kind == "keyset":
            p.add_argument("--root", required=True)
            p.add_argument("--sig")
            continue
        p.add_argument("--keys")
        p.add_argument("--passphrase-file")
        p.add_argument("--secret", action="append", default=[])
        p.add_argument("--extract")
        if kind == "bundle":
            p.add_argument("--server", required=True)
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
    if any(not tip["ok"] for tip in found.get("tips", [])):
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
