#!/usr/bin/python3
"""Make root keys and signed key sets of any shape for tests, from
docs/FORMATS.md section 3 alone, so that wrong ones can be made as well.

  make_keyset.py root DIR                 DIR/root.pub and DIR/root.seed
  make_keyset.py set DIR SERVER.PUB OUT [name=value ...]
      sequence=1 start=-1 weeks=8 (days from now, weekly epochs, each with
      the number of the calendar week it begins in)
      onion=... server=ID:BASE64 root=OTHERDIR gap=N (the Nth epoch left out)
"""
import base64
import datetime
import hashlib
import os
import sys

from nacl.signing import SigningKey


def key_id(role, key):
    return hashlib.blake2b(bytes([role]) + key, digest_size=32,
                           person=b'tipline-keyid-1').digest()[:8]


def b64(data):
    return base64.b64encode(data).decode()


def stamp(seconds):
    when = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return when.strftime('%Y-%m-%dT%H:%M:%SZ')


def make_root(folder):
    os.makedirs(folder, exist_ok=True)
    ident, key = os.urandom(8), SigningKey.generate()
    with open(f'{folder}/root.seed', 'wb') as f:
        f.write(ident + bytes(key))
    with open(f'{folder}/root.pub', 'w') as f:
        f.write('untrusted comment: minisign public key\n' +
                b64(b'Ed' + ident + bytes(key.verify_key)) + '\n')


def sign(folder, text, sequence):
    with open(f'{folder}/root.seed', 'rb') as f:
        raw = f.read()
    ident, key = raw[:8], SigningKey(raw[8:])
    sig = key.sign(hashlib.blake2b(text, digest_size=64).digest()).signature
    comment = f'tipline keyset sequence {sequence}'
    whole = key.sign(sig + comment.encode()).signature
    return ('untrusted comment: tests\n' + b64(b'ED' + ident + sig) +
            f'\ntrusted comment: {comment}\n' + b64(whole) + '\n').encode()


def make_set(folder, server_pub, out, wish):
    lines = open(server_pub).read().split('\n')
    onion = wish.get('onion', lines[1].split(' ')[1])
    server = wish.get('server', ' '.join(lines[2].split(' ')[1:]))
    now = int(datetime.datetime.now().timestamp())
    start = now + int(float(wish.get('start', '-1')) * 86400)
    weeks = int(wish.get('weeks', '8'))
    sequence = int(wish.get('sequence', '1'))
    signer = bytes(SigningKey.generate().verify_key)
    text = ['tipline-keyset 1', f'onion {onion}', f'sequence {sequence}',
            f'from {stamp(start)}',
            f'until {stamp(start + weeks * 604800)}',
            f'server {server}',
            f'signer {key_id(3, signer).hex()} alice {b64(signer)}']
    for n in range(1, weeks + 1):
        if n == int(wish.get('gap', '0')):
            continue
        begin = start + (n - 1) * 604800
        key = os.urandom(31) + b'\x11'
        week = (begin - 345600) // 604800
        text += [f'epoch {week} {stamp(begin)} {stamp(begin + 604800)}',
                 f'key {key_id(1, key).hex()} alice {b64(key)}']
    raw = ('\n'.join(text) + '\n').encode()
    with open(out, 'wb') as f:
        f.write(raw)
    with open(out + '.minisig', 'wb') as f:
        f.write(sign(wish.get('root', folder), raw, sequence))


def main():
    if sys.argv[1] == 'root':
        make_root(sys.argv[2])
    else:
        make_set(*sys.argv[2:5],
                 dict(word.split('=', 1) for word in sys.argv[5:]))


main()
