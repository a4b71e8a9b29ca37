#!/usr/bin/python3
"""A planted marker: once the answers are out, nothing of ours holds it.  The
same for a return code, the key that follows from it, and an answer read with
it.

Searched are the memory of all three processes, the folder of the line with
database, write-ahead log and shared memory, and what they logged; no core
file may appear.  The same search must find it in a build without wiping
(TIPLINE_NOWIPE_BIN; built here if that is not given), or it proves nothing.
"""
import hashlib
import os
import re
import resource
import secrets
import signal
import socket
import subprocess
import tempfile
import time

from nacl import bindings

from tipline import (BIN, LONG, PAGE_LEN, ROOT, Line, code_words, expect,
                     fields, form, post, run_tests, wait_for)

TIPS = 200 if LONG else 60
PIECE = 16


class Marker:
    """48 random characters, and every way in which a piece may lie about."""

    def __init__(self):
        self.text = secrets.token_hex(24)
        pieces = [self.text[i:i + PIECE]
                  for i in range(0, len(self.text), PIECE)]
        self.patterns = [p.encode() for p in pieces]
        self.patterns += [p.encode("utf-16-le") for p in pieces]
        self.patterns += [bytes.fromhex(p) for p in pieces]
        self.any = re.compile(b"|".join(map(re.escape, self.patterns)))

    def count(self, data):
        return len(self.any.findall(data))


class Secrets:
    """A return code in every form that a process of ours could hold it in.
    mailbox: also what follows from it and may stand in the database only
    while an answer waits."""

    def __init__(self, words, mailbox=False):
        with open(os.path.join(ROOT, "site/words/english.txt")) as f:
            place = {w: i for i, w in enumerate(f.read().split())}
        number = 0
        for word in words:
            number = number << 11 | place[word]
        code = (number >> 4).to_bytes(16, "big")
        key = hashlib.blake2b(b"", key=code, digest_size=32,
                              person=b"tipline-mailboxk").digest()
        follows = []
        if mailbox:
            box = hashlib.blake2b(b"", key=code, digest_size=32,
                                  person=b"tipline-mailboxi").digest()[:16]
            public = bindings.crypto_scalarmult_base(key)
            follows = [box, box.hex().encode(), public]
        numbers = b"".join(place[w].to_bytes(2, "little") for w in words)
        pairs = [re.escape(a.encode()) + rb"(?:[\s.,0-9-]|</?[a-z]+>|%20)+" +
                 re.escape(b.encode()) for a, b in zip(words, words[1:])]
        self.any = re.compile(b"|".join(
            [re.escape(x) for x in (code, key, code.hex().encode(),
                                    key.hex().encode(), numbers, *follows)] +
            pairs),
                              re.S)

    def count(self, data):
        return len(self.any.findall(data))


def in_memory(pid, marker):
    """How often pieces lie in the process's memory: {mapping: count}."""
    found = {}
    with open("/proc/%d/maps" % pid) as f:
        maps = f.read().splitlines()
    with open("/proc/%d/mem" % pid, "rb", buffering=0) as mem:
        for line in maps:
            span, mode, *rest = line.split(None, 5)
            name = rest[3] if len(rest) > 3 else "anonymous"
            start, end = (int(x, 16) for x in span.split("-"))
            if mode[0] != "r" or name in ("[vvar]", "[vvar_vclock]",
                                          "[vsyscall]"):
                continue
            n = 0
            keep = b""
            for at in range(start, end, 4 << 20):
                try:
                    data = os.pread(mem.fileno(), min(4 << 20, end - at), at)
                except OSError:
                    # Guard pages and secret memory: not even root reads it.
                    break
                n += marker.count(keep + data)
                keep = data[-2 * PIECE + 1:]
            if n and mode[1] != "w" and name.startswith("/"):
                n -= in_mapped_file(name, int(rest[0], 16), end - start,
                                    marker)
            if n > 0:
                found[name] = found.get(name, 0) + n
    return found


def in_mapped_file(name, offset, length, marker):
    """How often the file that is mapped there, and cannot be written to, has
    them itself: two words of a code may stand side by side in a library."""
    with open(name, "rb") as f:
        f.seek(offset)
        return marker.count(f.read(length))


def in_files(folder, marker):
    found = {}
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    if n := marker.count(f.read()):
                        found[path] = n
    return found


def send_tips(line, marker):
    """Text and files, whole and cut off, accepted and refused."""
    long_text = (marker.text + " and some words around it\r\n") * 200
    for i in range(TIPS):
        data = (marker.text.encode() + b"\0") * (20 << (i % 9))
        files = [("%s-%d.txt" % (marker.text, i), data)] * (i % 3)
        answer = line.tip(long_text[:200 + 97 * i], files)
        expect(answer.received, answer)
    body = form(long_text, [(marker.text, os.urandom(100000) +
                             marker.text.encode() * 1000)])
    for cut in range(1000, len(body), len(body) // 7):
        with line.visitor() as v:  # ends without a word
            v.send(post(line.host, len(body)) + body[:cut])
    for bad in (body.replace(b"form-data", b"form-dada"), body[:-20]):
        answer = line.ask(post(line.host, len(bad)) + bad)
        expect(not answer.received, answer)
    # Given back by a refusal: by one that came while it arrived, by one
    # that came before, and in the place of words.
    back = [post(line.host, len(body)) + body[:-20] + bytes(20),
            post(line.host, 1 << 40) + body]
    words = fields(code=marker.text)
    back.append(post(line.host, len(words)).replace(b"/tip", b"/return") +
                words)
    for request in back:
        answer = line.ask(request)
        expect(marker.text.encode() in answer.body, "not given back", answer)
    # In the head of a request, in a path, in a refused one.
    line.get("/" + marker.text)
    line.get("/", b"Referer: http://%s/\r\n" % marker.text.encode())
    line.ask(marker.text.encode() * 100 + b"\r\n\r\n")


def answered_but_not_gone(line, marker):
    """Visitors that have their answer and stay, some still sending."""
    body = form(marker.text * 3000, [(marker.text, marker.text.encode())])
    wrong = body.replace(b"form-data", b"form-dada", 1)
    held = []
    for data in (post(line.host, len(body)) + body,
                 post(line.host, 1 << 40) + body,
                 post(line.host, 1 << 20) + wrong,
                 b"GET /" + marker.text.encode() + b"\r\n\r\n"):
        v = line.visitor()
        v.send(data)
        answer = v.sock.recv(PAGE_LEN, socket.MSG_WAITALL)
        expect(len(answer) == PAGE_LEN, answer[:100])
        v.send(body[:5000])
        held.append(v)
    return held


def found_after_tips(folder_bin):
    """{place: {where: how often}} after a whole run."""
    marker = Marker()
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    with Line(folder_bin=folder_bin) as line:
        line.start()
        expect(os.geteuid() == 0, "only root may read the processes' memory:"
               " run this test as root")
        send_tips(line, marker)
        held = answered_but_not_gone(line, marker)
        time.sleep(0.2)  # for the last, cut connections to be noticed
        found = {"files": in_files(line.line, marker)}
        with open(line.log_path, "rb") as f:
            found["log"] = {"log": marker.count(f.read())}
        for name, pid in (("supervisor", line.supervisor()),
                          ("receiver", line.receiver()),
                          ("keeper", line.keeper())):
            found[name] = in_memory(pid, marker)
        found = {k: {w: n for w, n in v.items() if n}
                 for k, v in found.items()}
        for v in held:
            v.sock.close()
        no_core_file(line)
        # After a stop the write-ahead log is gone into the database.
        line.stop()
        found["files after"] = in_files(line.line, marker)
        return {k: v for k, v in found.items() if v}


def found_after_reply(folder_bin):
    """{place: how often} of an answer and its code, after it was read."""
    marker = Marker()
    with Line(folder_bin=folder_bin) as line:
        line.start()
        words = code_words(line.tip("to be answered"))
        answer_the_tip(line, (marker.text + " ") * 40)
        more = code_words(line.tip("another code"))
        body = fields(code=" ".join(words))
        request = post(line.host, len(body)).replace(b"/tip", b"/return") + \
            body
        for i in range(20):
            answer = line.ask(request)
            expect(marker.text.encode() in answer.body, answer, answer.body)
        # One that has the page and stays; one that was cut.
        held = line.visitor()
        held.send(request)
        expect(len(held.sock.recv(PAGE_LEN, socket.MSG_WAITALL)) == PAGE_LEN,
               "no whole page")
        with line.visitor() as v:
            v.send(request[:-40])
        time.sleep(0.5)
        found = {}
        for kind in (marker, Secrets(words), Secrets(more, mailbox=True)):
            for name in ("supervisor", "receiver", "keeper"):
                n = in_memory(getattr(line, name)(), kind)
                if n:
                    found.setdefault(name, []).append(
                        (type(kind).__name__, n))
            if n := in_files(line.line, kind):
                found.setdefault("files", []).append(n)
        # While its answer waits, a mailbox is there to be found.
        expect(in_files(line.line, Secrets(words, mailbox=True)),
               "this search finds no mailbox: it could not fail")
        held.sock.close()
        line.stop()
        return found


def answer_the_tip(line, text):
    """The way of an answer: open, reply, acknowledge, import."""
    home = line.home
    paths = {n: os.path.join(home, n) for n in
             ("bundle", "cases", "answer", "back")}
    line.tool("tipline-operator", "export", line.line, paths["bundle"])
    line.analyst("open", line.keys, paths["bundle"], paths["cases"])
    with open(paths["answer"], "w") as f:
        f.write(text)
    line.analyst("reply", line.keys, paths["cases"], "1", "--text",
                 paths["answer"])
    line.analyst("ack", line.keys, paths["back"], "--cases", paths["cases"])
    line.tool("tipline-operator", "import", line.line, paths["back"])


def no_core_file(line):
    """Let each part crash; the server was started with cores allowed."""
    line.may_die = True
    with open("/proc/sys/kernel/core_pattern") as f:
        pattern = f.read().strip()
    for part in ("receiver", "keeper"):
        pid = getattr(line, part)()
        cwd = os.readlink("/proc/%d/cwd" % pid)
        before = set(os.listdir(cwd))
        os.kill(pid, signal.SIGABRT)
        wait_for("the " + part + " is back", lambda: line.part(part) not in
                 (None, pid))
        new = {n for n in set(os.listdir(cwd)) - before if "core" in n}
        expect(not new, "a core file of the", part, "in", cwd, new)
        if pattern.startswith("/"):
            where = os.path.dirname(pattern)
            expect(not any(str(pid) in n for n in os.listdir(where)),
                   "a core file of the", part, "in", where)


def after_the_answers_nothing_of_ours_holds_the_marker():
    found = found_after_tips(BIN)
    expect(not found, "the marker lies in", found)


def after_an_answer_was_read_nothing_of_ours_holds_it_or_its_code():
    found = found_after_reply(BIN)
    expect(not found, "an answer or its code lies in", found)


def nowipe_programs():
    """A build whose memory is not wiped when freed."""
    given = os.environ.get("TIPLINE_NOWIPE_BIN")
    if given and os.path.exists(os.path.join(given, "tipline-intake")):
        return given
    build = os.path.join(tempfile.gettempdir(), "tipline-nowipe-%d" %
                         os.getuid())
    subprocess.run(["cmake", "-S", ROOT, "-B", build, "-G", "Ninja",
                    "-DCMAKE_BUILD_TYPE=RelWithDebInfo", "-DTIPLINE_WIPE=OFF",
                    "-DTIPLINE_TESTS=OFF"], check=True,
                   stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", build, "-j2"], check=True,
                   stdout=subprocess.DEVNULL)
    return os.path.join(build, "bin")


def without_wiping_the_same_search_finds_it():
    found = found_after_tips(nowipe_programs())
    print("       found without wiping:", found)
    expect(found.get("receiver"), "this test could not fail")
    expect(set(found) == {"receiver"}, "elsewhere than in the receiver")
    found = found_after_reply(nowipe_programs())
    print("       found without wiping:", found)
    kinds = {kind for kind, _ in found.get("receiver", [])}
    expect(kinds == {"Marker", "Secrets"}, "this test could not fail")


if __name__ == "__main__":
    run_tests(after_the_answers_nothing_of_ours_holds_the_marker,
              after_an_answer_was_read_nothing_of_ours_holds_it_or_its_code,
              without_wiping_the_same_search_finds_it)
