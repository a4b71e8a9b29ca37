#!/usr/bin/python3
"""Clients other than today's browsers, and what browsers send at the edges:
each page can be read, each file arrives under the name it was sent with."""
import glob
import os
import pty
import re
import select
import shutil
import socket
import subprocess
import time

from site_pages import install_texts, squeezed
from tipline import (BOUNDARY, ROOT, Line, code_words, expect, form,
                     part_head, post, run_tests, some_onion)

SAMPLES = os.path.join(ROOT, "tests/vectors/http")
NAMES = ["\"quoted\" 'twice'.txt", "two\nlines.txt", "car\rriage\r\n.txt",
         "100%25 %22 %.txt", "back\\slash\\\".txt", "한글 문서.hwp",
         "ملف عربي.pdf", "😀👩‍👩‍👧.png", "x" * 251 + ".txt", "가" * 85, " ", ".",
         "a;filename=b.txt", "\u202egpj.exe", "-rf *", "$(id) `id` | id"]


def needs(*programs):
    for name in programs:
        expect(shutil.which(name), name, "is not installed")


def run(*args, data=None):
    p = subprocess.run(args, input=data, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, timeout=60,
                       env={**os.environ, "LC_ALL": "C.UTF-8"})
    expect(p.returncode == 0, args[0], p.returncode,
           p.stderr.decode(errors="replace"))
    return p.stdout


def same_files(tip, files):
    """Names as browsers write them, bytes as they were."""
    sent = [name.replace('"', "%22").replace("\r", "%0D")
            .replace("\n", "%0A") for name, _ in files]
    expect([name for name, _ in tip.files] == sent, "other names:",
           [name for name, _ in tip.files], "instead of", sent)
    for (name, path), (_, data) in zip(tip.files, files):
        with open(path, "rb") as f:
            expect(f.read() == data, name, "differs")


def one(line):
    tips = line.open()
    expect(len(tips) == 1, len(tips), "tips instead of one")
    return tips[0]


def http_1_0_is_answered_and_may_send_a_tip():
    with Line() as line:
        line.start()
        host = line.host.encode()
        for connection in (b"", b"Connection: keep-alive\r\n",
                           b"Connection: close\r\n"):
            answer = line.ask(b"GET /tip HTTP/1.0\r\nHost: %s\r\n%s\r\n" % (
                host, connection), over="tcp")
            expect(answer.page == "form" and answer.status == 200 and
                   answer.field("Connection") == ["close"], answer)
        # Whoever names no host might have come by any.
        answer = line.ask(b"GET /tip HTTP/1.0\r\n\r\n", over="tcp")
        expect(answer.page == "wrong_host", answer)
        body = form("from long ago", [("a.txt", b"a")])
        old = post(line.host, len(body)).replace(b"HTTP/1.1", b"HTTP/1.0")
        for head in ("Origin: null", "Sec-Fetch-Site: same-origin"):
            old = old.replace(head.encode() + b"\r\n", b"")
        answer = line.ask(old + body, over="tcp")
        expect(answer.received, answer)
        tip = one(line)
        expect(tip.message == b"from long ago", tip.message)
        same_files(tip, [("a.txt", b"a")])
        line.stop()


def text_browsers_show_every_word_of_the_pages():
    needs("lynx", "w3m")
    with Line() as line:
        install_texts(line)
        line.start()
        base = "http://" + line.host
        seen = {"/": "Andariel", "/before": "12 words", "/tip": "Files",
                "/large": "Send large files", "/return": "12 words",
                "/keys": "minisign", "/ko/tip": "보내기", "/ar/": "بلاغ",
                "/nothing": "There is no such page"}
        for path, word in seen.items():
            for name, args in (
                    ("lynx", ("-dump", "-display_charset=utf-8",
                              "-cfg=/dev/null")),
                    ("w3m", ("-dump", "-O", "UTF-8", "-o",
                             "use_cookie=0"))):
                if name == "lynx" and path == "/nothing":
                    continue  # its exit code tells of the 404
                text = run(name, *args, base + path).decode(
                    errors="replace")
                expect(word in squeezed(text), name, "does not show", word,
                       "at", path, text)
                expect("runs scripts" not in text, name, "warns of scripts")
                expect("font:" not in text and "{" not in text, name,
                       "shows the style sheet at", path)
        line.stop()


class Screen:
    """A text browser at a terminal: keys go in, what it shows comes out."""

    def __init__(self, folder, *command):
        self.command = command
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execvpe(command[0], command,
                       {"PATH": "/usr/bin:/bin", "TERM": "vt100", "LINES": "40",
                        "COLUMNS": "100", "HOME": folder, "LC_ALL": "C.UTF-8"})
        self.shown = b""

    def see(self, what, seconds=60):
        end = time.monotonic() + seconds
        while what not in self.shown:
            expect(time.monotonic() < end, self.command[0], "does not show",
                   what, ":", self.shown)
            if select.select([self.fd], [], [], 0.1)[0]:
                self.shown += os.read(self.fd, 65536)
        time.sleep(0.3)

    def look(self, seconds=0.5):
        """What comes until nothing more does."""
        while select.select([self.fd], [], [], seconds)[0]:
            self.shown += os.read(self.fd, 65536)
        return self.shown

    def type(self, keys):
        self.shown = b""
        os.write(self.fd, keys)

    def close(self):
        os.close(self.fd)
        try:
            os.kill(self.pid, 9)
        except ProcessLookupError:
            pass
        os.waitpid(self.pid, 0)


def lynx_sends_a_tip_from_the_form():
    needs("lynx")
    with Line() as line:
        line.start()
        screen = Screen(line.home, "lynx", "-cfg=/dev/null",
                        "-accept_all_cookies", "http://%s/tip" % line.host)
        try:
            screen.see(b"Write your tip")
            screen.type(b"/Message\r")  # finds the label
            screen.see(b"Message")
            screen.type(b"\x1b[B")  # down, into the field
            screen.see(b"extarea")
            screen.type(b"typed in lynx")
            screen.look()
            for _ in range(8):  # over the other fields to the button
                screen.type(b"\t")
                if b"ubmit" in screen.look():
                    break
            screen.type(b"\r")
            screen.see(b"Your tip was received")
        finally:
            screen.close()
        expect(b"typed in lynx" in one(line).message, "another message")
        line.stop()


def w3m_sends_a_tip_and_a_file():
    needs("w3m")
    with Line() as line:
        line.start()
        sent = os.path.join(line.home, "a file.txt")
        with open(sent, "wb") as f:
            f.write(b"sent with w3m")
        editor = os.path.join(line.home, "editor")
        with open(editor, "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\nprintf 'typed in w3m' >\"$1\"\n")
        os.chmod(editor, 0o700)
        screen = Screen(line.home, "w3m", "-o", "editor=%s" % editor, "-o",
                        "use_cookie=0", "http://%s/tip" % line.host)
        try:
            screen.see(b"Write your tip")
            screen.type(b"/^Message\r\t\r")  # the field below the label
            screen.see(b"typed in w3m")
            screen.type(b"\t\r")
            screen.see(b"Filename")
            screen.type(sent.encode() + b"\r\t\t\t\r")  # over two to Send
            screen.see(b"Your tip was received")
        finally:
            screen.close()
        tip = one(line)
        expect(tip.message == b"typed in w3m", tip.message)
        same_files(tip, [("a file.txt", b"sent with w3m")])
        line.stop()


def curl_sends_all_fields_and_several_files():
    needs("curl")
    with Line(onion=some_onion()) as line:
        install_texts(line)
        line.start()
        url = "http://%s/ko/tip" % line.onion
        files = [(n, os.urandom(50 + i)) for i, n in enumerate(
            ["a.bin", "한글 문서.hwp", 'q"uote.txt', "b\\s.txt"])]
        args = ["-sS", "--unix-socket", line.socket,
                "-F", "message=hello from curl", "-F", "topic=lazarus",
                "-F", "q-region=east-asia", "-F", "q-how-known=I was there",
                "-F", "no-reply=1", "-F", "address=http://" + line.onion]
        for i, (name, data) in enumerate(files):
            path = os.path.join(line.home, "f%d" % i)
            with open(path, "wb") as f:
                f.write(data)
            quoted = name.replace("\\", "\\\\").replace('"', '\\"')
            args += ["-F", 'file=@%s;filename="%s"' % (path, quoted)]
        page = run("curl", *args, url)
        expect(b"page-receipt_none" in page, page)
        tip = one(line)
        expect(tip.message == b"hello from curl", tip.json)
        same_files(tip, files)
        told = {x["id"]: value_of(tip, x) for x in tip.json["answers"]}
        expect(told == {"region": b"east-asia", "how-known": b"I was there"}
               and tip.json["topic"] == "lazarus" and
               tip.json["mailbox"] is None, tip.json)
        line.stop()


def value_of(tip, part):
    with open(tip.place(part), "rb") as f:
        return f.read()


def file_names_arrive_as_they_were_sent():
    with Line() as line:
        line.start()
        files = [(n, os.urandom(30)) for n in NAMES]
        many = [("%02d.txt" % i, b"%d" % i) for i in range(32)]
        expect(line.tip("names", files).received, "odd names")
        expect(line.tip("many", many).received, "32 files")
        # Several fields of files, one of them left empty.
        body = bytearray(part_head(b"message") + b"m\r\n")
        for name, data in (("", b""), ("b.txt", b"b"), ("", b"")):
            body += part_head(b"file", name) + data + b"\r\n"
        body += b"--%s--\r\n" % BOUNDARY
        expect(line.ask(post(line.host, len(body)) + body).received,
               "an empty field of files")
        tips = line.open()
        expect(len(tips) == 3, len(tips))
        for tip, sent in zip(tips, (files, many, [("b.txt", b"b")])):
            same_files(tip, sent)
        line.stop()


def taken_apart(raw):
    """A captured request: its head, boundary and parts as they are."""
    head, _, body = raw.partition(b"\r\n\r\n")
    m = re.search(rb"boundary=(\S+)", head)
    mark = b"--" + m.group(1)
    expect(body.endswith(mark + b"--\r\n"), "another end", body[-80:])
    return head, mark, body[:-len(mark) - 4].split(mark + b"\r\n")[1:]


def retold(line, raw):
    """The same request for our form: its parts of a message and of files
    keep all but the name of the field, others are left out."""
    head, mark, parts = taken_apart(raw)
    body, files, message = b"", [], None
    for part in parts:
        m = re.match(rb'Content-Disposition: form-data; name="([^"]*)"'
                     rb'(?:; filename="([^"]*)")?\r\n', part)
        field = {b"m": b"message", b"message": b"message", b"f": b"file",
                 b"e": b"file", b"file": b"file"}.get(m.group(1))
        if field is None:
            continue
        body += mark + b"\r\n" + part.replace(
            b'name="%s"' % m.group(1), b'name="%s"' % field, 1)
        data = part.partition(b"\r\n\r\n")[2][:-2]
        if field == b"message":
            message = data
        elif m.group(2):
            files.append((m.group(2).decode(), data))
    body += mark + b"--\r\n"
    new = re.sub(rb"^POST \S+", b"POST /tip", head)
    for name, value in ((b"Host", line.host.encode()),
                        (b"Origin", b"http://" + line.host.encode()),
                        (b"Content-Length", b"%d" % len(body))):
        old, new = new, re.sub(rb"(?m)^%s: (?!null).*\r?$" % name,
                               b"%s: %s\r" % (name, value), new)
    return new.rstrip(b"\r") + b"\r\n\r\n" + body, message, files


def what_browsers_were_seen_to_send_arrives_the_same():
    paths = [p for p in sorted(glob.glob(os.path.join(SAMPLES, "*")))
             if b"multipart/form-data" in open(p, "rb").read()]
    expect(len(paths) > 20, "only", len(paths), "samples")
    with Line(files="40") as line:
        line.start()
        sent = []
        for path in paths:
            name = os.path.basename(path)
            with open(path, "rb") as f:
                raw = f.read()
            data, message, files = retold(line, raw)
            answer = line.ask(data)
            if message or files:
                expect(answer.received, name, answer, data[:700])
                sent.append((name, message, files))
            else:
                expect(answer.page == "empty", name, answer)
        tips = line.open()
        expect(len(tips) == len(sent), len(tips), "of", len(sent))
        for tip, (name, message, files) in zip(tips, sent):
            expect((tip.message or b"") == (message or b""), name, message)
            same_files(tip, files)
        expect(max(len(files) for _, _, files in sent) > 30, "few files")
        line.stop()


if __name__ == "__main__":
    run_tests(http_1_0_is_answered_and_may_send_a_tip,
              text_browsers_show_every_word_of_the_pages,
              lynx_sends_a_tip_from_the_form,
              w3m_sends_a_tip_and_a_file,
              curl_sends_all_fields_and_several_files,
              file_names_arrive_as_they_were_sent,
              what_browsers_were_seen_to_send_arrives_the_same)
