#!/usr/bin/python3
"""What the real server sealed, opened by tests/independent (Python, written
from docs/FORMATS.md alone) and by tipline-analyst: byte for byte the same as
what was sent."""
import json
import os
import shutil
import subprocess

from tipline import (ROOT, Line, code_words, expect, file_digest, opened,
                     run_tests)

OPENER = os.path.join(ROOT, "tests", "independent", "open_tip.py")
WORDS = os.path.join(ROOT, "site", "words", "english.txt")
PYTHON = "/usr/bin/python3"  # the one that Debian's python3-nacl goes with


def by_python(line, *words, must=True):
    p = subprocess.run([PYTHON, "-B", OPENER, *words], stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE)
    expect((p.returncode == 0) == must, "open_tip.py", words, p.returncode,
           p.stderr.decode(), p.stdout[-2000:])
    return json.loads(p.stdout) if p.stdout else None


def send(line, message, files):
    """With curl; files are (path, name as sent)."""
    words = ["-F", "message=<" + message]
    for path, name in files:
        words += ["-F", 'file=@"%s";filename="%s"' % (path, name)]
    p = subprocess.run(
        ["curl", "-sS", "--unix-socket", line.socket, *words,
         "http://%s/tip" % line.host], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE)
    expect(p.returncode == 0 and b"Your tip was received" in p.stdout, p.returncode,
           p.stderr, p.stdout[:2000])


def write(line, name, data):
    path = os.path.join(line.home, name)
    with open(path, "wb") as f:
        f.write(data)
    return path


def compare(line, sent, row, folder, case):
    """One tip: what was sent, what Python found, what tipline-analyst did."""
    message, files = sent
    expect(row["ok"], row)
    # The receiver's own field, wherever it stands, is not what was sent.
    own = [i for i, p in enumerate(row["parts"]) if p["name"] == "mailbox"]
    expect(len(own) == 1 and row["parts"][own[0]]["size"] == 48, row["parts"])
    places = [i for i in range(len(row["parts"])) if i not in own]
    parts = [row["parts"][i] for i in places]
    with open(message, "rb") as f:
        text = f.read()
    # What was left empty in the form is not in the tip.
    names = ["message"] * bool(text) + [n for _, n in files]
    kinds = ["field"] * bool(text) + ["file"] * len(files)
    expect([p["kind"] for p in parts] == kinds, parts)
    expect([p["name"] for p in parts] == names, parts)
    paths = [os.path.join(folder, "part-%d" % (i + 1)) for i in places]
    sent_files = [file_digest(p) for p, _ in files]
    want = [file_digest(message)] * bool(text) + sent_files
    expect([p["sha256"] for p in parts] == want, "Python: other bytes", parts)
    expect([file_digest(p) for p in paths] == want, "Python: other files")
    expect((case.message or b"") == text, "tipline-analyst: another message")
    expect([file_digest(p) for _, p in case.files] == sent_files,
           "tipline-analyst: other files", case.files)


def two_openers_find_what_was_sent():
    expect(shutil.which("curl"), "curl is not installed")
    with Line() as line:
        line.start()
        text = write(line, "text", "첫 줄\r\nsecond line\r\n\U0001f4a3"
                     .encode())
        empty = write(line, "empty", b"")
        nearly = write(line, "nearly", os.urandom(16384))
        large = write(line, "large", os.urandom((5 << 20) + 1))
        sent = [
            (text, []),
            (text, [(nearly, "report.pdf")]),
            (text, [(large, "\ud55c\uad6d\uc5b4 \ubb38\uc11c.hwp"),
                    (empty, "empty.txt"), (nearly, "..etc..passwd")]),
            (empty, [(large, "video.mp4")]),
        ]
        for message, files in sent:
            send(line, message, files)
        line.stop()
        bundle = os.path.join(line.home, "bundle")
        folder = os.path.join(line.home, "by-python")
        cases = os.path.join(line.home, "cases")
        line.tool("tipline-operator", "export", line.line, bundle)
        keys = ["--keys", line.keys, "--passphrase-file", line.passphrase]
        server = ["--server", os.path.join(line.line, "server.pub"),
                  "--keyset", os.path.join(line.home, "keyset.txt")]
        found = by_python(line, "bundle", bundle, *server, *keys, "--extract",
                          folder)
        line.analyst("open", line.keys, bundle, cases)
        both = opened(cases)
        expect(found["bundle"]["count"] == len(sent) == len(both), found)
        expect(found["bundle"]["complete"], found)
        for i, (row, case) in enumerate(zip(found["tips"], both)):
            compare(line, sent[i], row, os.path.join(folder, "tip-%d" %
                                                     (i + 1)), case)
        damage(line, bundle, found, server + keys)


def damage(line, bundle, found, words):
    """Both refuse a bundle with one byte changed, and name the same tip."""
    with open(bundle, "r+b") as f:
        # Head and row of docs/FORMATS.md section 4.
        at = 156 + 113 + found["tips"][0]["length"] + 113 + 5000
        f.seek(at)
        byte = f.read(1)
        f.seek(at)
        f.write(bytes([byte[0] ^ 1]))
    bent = by_python(line, "bundle", bundle, *words, must=False)
    expect([t["ok"] for t in bent["tips"]] == [True, False, True, True], bent)
    cases = os.path.join(line.home, "bent-cases")
    p = line.analyst("open", line.keys, bundle, cases, check=False)
    expect(p.returncode == 1, p.returncode, p.stderr)
    expect(sorted(os.path.basename(t.folder) for t in opened(cases)) ==
           ["tip-000001", "tip-000003", "tip-000004"], os.listdir(cases))


def the_key_set_is_read_by_both():
    with Line() as line:
        home = line.home
        found = by_python(line, "keyset", os.path.join(home, "keyset.txt"),
                          "--root", os.path.join(line.keys, "root.pub"))
        expect(len(found["epochs"]) == 8 and len(found["signers"]) == 1,
               found)
        subprocess.run(["minisign", "-Vq", "-m",
                        os.path.join(home, "keyset.txt"), "-p",
                        os.path.join(line.keys, "root.pub")], check=True)


def an_answer_reaches_whoever_has_the_words():
    """The return bundle and the replies in it, read and opened by Python
    with nothing but the words that the receipt showed."""
    with Line() as line:
        line.start()
        codes = [code_words(line.tip("tip %d" % n)) for n in (1, 2, 3)]
        line.stop()
        bundle, cases, back = (os.path.join(line.home, n)
                               for n in ("bundle", "cases", "back"))
        text = write(line, "answer", "고맙습니다.\nWho else?\n".encode())
        line.tool("tipline-operator", "export", line.line, bundle)
        line.analyst("open", line.keys, bundle, cases)
        line.analyst("reply", line.keys, cases, "2", "--text", text)
        line.analyst("ack", line.keys, back, "--pad", "4")
        found = by_python(line, "returns", back, "--server",
                          os.path.join(line.line, "server.pub"), "--keyset",
                          os.path.join(line.home, "keyset.txt"))
        expect([(c["first"], c["last"]) for c in found["confirmed"]] ==
               [(1, 3)], found["confirmed"])
        expect(len(found["replies"]) == 4, len(found["replies"]))
        opened_by = [[], [], []]
        for n, words in enumerate(codes):
            code = ["--words", WORDS, "--code", " ".join(words)]
            box = by_python(line, "mailbox", *code)["mailbox"]
            for i, reply in enumerate(found["replies"]):
                path = write(line, "reply-%d" % i,
                             bytes.fromhex(reply["reply"]))
                mine = reply["mailbox"] == box
                said = by_python(line, "reply", path, *code, must=mine)
                if mine:
                    opened_by[n].append(said["text"])
        expect(opened_by[0] == opened_by[2] == [], opened_by)
        expect(len(opened_by[1]) == 1 and
               opened_by[1][0].strip() == "고맙습니다.\nWho else?", opened_by)


if __name__ == "__main__":
    run_tests(two_openers_find_what_was_sent, the_key_set_is_read_by_both,
              an_answer_reaches_whoever_has_the_words)
