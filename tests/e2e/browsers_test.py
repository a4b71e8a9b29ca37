#!/usr/bin/python3
"""Real browsers, scripts off: what they send through Tor arrives byte for byte
the same on the analyst's machine.  What people see on the way is shown by
site_paths_test.py and site_refusals_test.py."""
import os
import shutil
import socket
import tempfile

from browser import Browser
from tipline import (PAGE_LEN, Answer, Line, expect, file_digest, form, post,
                     run_tests, wait_for)
from tornet import TorNet

MESSAGE = ("The keys are under the mat.\n\n열쇠는 현관 매트 밑에 있습니다. "
           "<b>&amp;</b> \"quoted\" 😀\nLast line")
WIDTHS = [390]


def small_pdf(path):
    """A PDF of one page that viewers open."""
    text = b"BT /F1 24 Tf 72 720 Td (What I saw) Tj ET"
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(text), text),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for n, obj in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (n, obj)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    for place in places:
        out += b"%010d 00000 n \n" % place
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1, start)
    with open(path, "wb") as f:
        f.write(out)


def make_files(folder):
    names = ["report.pdf", "video.mp4", "비밀 장부 2026.hwp"]
    paths = [os.path.join(folder, n) for n in names]
    small_pdf(paths[0])
    for path, size in ((paths[1], 30 << 20), (paths[2], 70001)):
        with open(path, "wb") as f:
            f.write(os.urandom(size))
    return paths


def filled(b, url, files):
    """The form, filled in by hand."""
    b.open(url, "form", seconds=60)
    b.shots("tor-1-form" if b.socks else "straight-1-form", WIDTHS)
    b.type("#message", MESSAGE)
    b.choose("#file", files)


def the_words_open_the_page_for_answers(b):
    """As people type them: in capitals, with their numbers."""
    words = b.texts("ol.words li")
    expect(len(words) == 12 and all(
        w.isalpha() and w.islower() for w in words), words)
    b.open(b.address().replace("/tip", "/"), "welcome", seconds=60)
    b.click('a[href="/return"]', "return", seconds=60)
    b.type("#code", "\n".join("%d. %s" % (n, w.upper())
                              for n, w in enumerate(words, 1)))
    b.click("main form [type=submit]", "no_reply", seconds=60)
    expect(b.address().endswith("/return"), "the words are in", b.address())


def expect_same(tips, message, files):
    expect(len(tips) == 1, len(tips), "tips were opened instead of one")
    tip = tips[0]
    # Browsers send lines with CR LF.
    expect(tip.message == message.replace("\n", "\r\n").encode(),
           "another message:", tip.message)
    expect([name for name, _ in tip.files] ==
           [os.path.basename(f) for f in files], "other names:", tip.files)
    for (name, path), sent in zip(tip.files, files):
        expect(file_digest(path) == file_digest(sent), name, "differs")


def firefox_through_tor_into_the_store_and_out_again():
    home = tempfile.mkdtemp(prefix="tl-")
    try:
        files = make_files(home)
        with TorNet(os.path.join(home, "tor"),
                    os.path.join(home, "http.sock")) as net, \
                Line(home, onion=net.onion, proxy="require") as line:
            line.start()
            fits_torrc(line, net.of("onion")[0].torrc)
            with Browser("firefox", socks=net.socks) as b:
                filled(b, "http://%s/tip" % net.onion, files)
                b.click("main form [type=submit]", "receipt", seconds=120)
                b.shots("tor-2-receipt", WIDTHS)
                the_words_open_the_page_for_answers(b)
            expect_same(line.open(), MESSAGE, files)
            one_circuit_cannot_stop_another(line, net)
            too_large_through_tor(line, net)
            line.stop()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def fits_torrc(line, torrc):
    """The operator's check has nothing to say against torrc.example."""
    p = line.tool("tipline-operator", "check", line.line, "--torrc", torrc,
                  check=False)
    said = (p.stdout + p.stderr).decode().splitlines()
    expect([x for x in said if "torrc:" in x] ==
           ["ok    torrc: it fits the line"], "check says:", said)


def through_tor(net, user):
    """A connection to the onion service; each user has an own circuit."""
    host, port = net.socks.split(":")
    s = socket.create_connection((host, int(port)), 60)
    user = user.encode()
    name = net.onion.encode()
    for ask, good, length in (
            (b"\5\1\2", b"\5\2", 2),
            (b"\1%c%s\1x" % (len(user), user), b"\1\0", 2),
            (b"\5\1\0\3%c%s\0\x50" % (len(name), name), b"\5\0", 10)):
        s.sendall(ask)
        answer = s.recv(length, socket.MSG_WAITALL)
        expect(len(answer) == length and answer[:2] == good, "SOCKS:", answer)
    return s


def ask_through_tor(net, user, data):
    with through_tor(net, user) as s:
        s.sendall(data)
        got = b""
        while len(got) < PAGE_LEN and (piece := s.recv(65536)):
            got += piece
        return Answer(got)


def one_circuit_cannot_stop_another(line, net):
    """tor's numbers keep visitors apart: one has taken all it may have, and
    the other does not notice."""
    get = b"GET /tip HTTP/1.1\r\nHost: %s\r\n\r\n" % net.onion.encode()
    body = form("from another circuit")
    silent = [through_tor(net, "greedy") for _ in range(16)]
    wait_for("the greedy one is refused",
             lambda: ask_through_tor(net, "greedy", get).page == "busy")
    answer = ask_through_tor(net, "modest", post(net.onion, len(body)) + body)
    expect(answer.received, "the other circuit:", answer)
    for s in silent:
        s.close()


def too_large_through_tor(line, net):
    line.stop()
    line.conf(upload="1M")
    line.start()
    big = os.path.join(line.home, "big.bin")
    with open(big, "wb") as f:
        f.write(os.urandom(40 << 20))
    with Browser("firefox", socks=net.socks) as b:
        filled(b, "http://%s/tip" % net.onion, [big])
        b.click("main form [type=submit]", "too_large", seconds=120)
        b.shots("tor-3-too-large", WIDTHS)
        expect(b.value("textarea[readonly]") == MESSAGE, "the text is lost")
    expect(line.status()["tips"] == 2, "something was kept")


def chromium_straight_to_the_loopback_port():
    with Line() as line:
        line.start()
        files = make_files(line.home)
        with Browser("chromium") as b:
            filled(b, "http://%s/tip" % line.host, files)
            b.click("main form [type=submit]", "receipt")
            b.shots("straight-2-receipt", WIDTHS)
            the_words_open_the_page_for_answers(b)
        expect_same(line.open(), MESSAGE, files)
        line.stop()


if __name__ == "__main__":
    run_tests(firefox_through_tor_into_the_store_and_out_again,
              chromium_straight_to_the_loopback_port)
