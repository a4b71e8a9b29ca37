#!/usr/bin/python3
"""Visitors that break every rule: each gets a page of the one size, or
nothing; nothing is kept; nobody else is kept waiting."""
import os
import random
import re
import signal
import socket
import statistics
import time

from tipline import (BOUNDARY, LONG, PAGE_LEN, Answer, Line, code_words,
                     expect, fields, form, post, proxy_line, resident,
                     run_tests, some_onion, wait_for)

NEVER = ("Date", "Server", "ETag", "Last-Modified", "Set-Cookie", "Via",
         "X-Powered-By", "Location", "Transfer-Encoding", "Accept-Ranges")
TICK = 0.25  # LIMIT_TICK_MS
ALWAYS = {
    "Connection": "close",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Type": "text/html; charset=utf-8",
}


def check_answer(answer, *why):
    """Of the one size, with the headers that every answer has."""
    expect(len(answer.raw) == PAGE_LEN, *why, "another size:", answer)
    expect(answer.page, *why, "none of our pages:", answer)
    for name in NEVER:
        expect(not answer.field(name), *why, name, "in", answer)
    for name, value in ALWAYS.items():
        expect(answer.field(name) == [value], *why, name, "is",
               answer.field(name))
    expect(answer.field("Content-Length") == [str(len(answer.body))], *why,
           "Content-Length", answer.field("Content-Length"))
    csp = answer.field("Content-Security-Policy")
    expect(len(csp) == 1 and "default-src 'none'" in csp[0] and
           "script-src" not in csp[0] and "unsafe" not in csp[0], *why, csp)
    return answer


def kept(line):
    return line.status()["tips"]


def requests(host, port):
    """What is sent, and the pages that may answer it."""
    h = b"Host: %s\r\n" % host.encode()
    good = form("hello")
    cl = b"Content-Length: %d\r\n" % len(good)
    ct = b"Content-Type: multipart/form-data; boundary=%s\r\n" % BOUNDARY
    tip = b"POST /tip HTTP/1.1\r\n" + h

    def body(data, head=b""):
        return post(host, len(data), head) + data

    def back(data):
        return post(host, len(data)).replace(b"/tip", b"/return") + data

    def mutant(old, new):
        return body(good.replace(old, new))

    bad = ("malformed",)
    return {
        "a page that is not there":
            (b"GET /robots.txt HTTP/1.1\r\n" + h + b"\r\n", ("not_found",)),
        "a path that climbs":
            (b"GET /../../etc/passwd HTTP/1.1\r\n" + h + b"\r\n",
             ("not_found", "malformed")),
        "another method":
            (b"PUT / HTTP/1.1\r\n" + h + b"\r\n", ("method",)),
        "a method nobody knows":
            (b"BREW / HTTP/1.1\r\n" + h + b"\r\n", ("method", "malformed")),
        "CONNECT":
            (b"CONNECT example.com:443 HTTP/1.1\r\n" + h + b"\r\n",
             ("method", "malformed")),
        "a GET of the way tips go":
            (b"GET /tip HTTP/1.1\r\n" + h + b"\r\n",
             ("form",)),
        "a POST elsewhere":
            (body(good).replace(b"POST /tip", b"POST /"),
             ("not_found", "method")),
        "no Host": (b"GET / HTTP/1.1\r\n\r\n", bad),
        "two Hosts": (b"GET / HTTP/1.1\r\n" + h + h + b"\r\n", bad),
        "another Host":
            (b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
             ("wrong_host",)),
        "another onion":
            (b"GET /tip HTTP/1.1\r\nHost: %s\r\n\r\n" % some_onion().encode(),
             ("wrong_host",)),
        "the loopback's Host on the socket of tor":
            (b"GET /tip HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % port,
             ("wrong_host",)),
        "a tip to another Host":
            (body(good).replace(h, b"Host: example.com\r\n"),
             ("wrong_host",)),
        "HTTP/0.9": (b"GET /\r\n\r\n", bad),
        "HTTP/2.0": (b"GET / HTTP/2.0\r\n" + h + b"\r\n", bad),
        "bare LF": (b"GET / HTTP/1.1\n" + h.replace(b"\r", b"") + b"\n", bad),
        "a folded line":
            (b"GET / HTTP/1.1\r\n" + h + b"A: b\r\n c\r\n\r\n", bad),
        "a blank before the colon":
            (b"GET / HTTP/1.1\r\nHost : %s\r\n\r\n" % host.encode(), bad),
        "a NUL": (b"GET / HTTP/1.1\r\n" + h + b"A: \0\r\n\r\n", bad),
        "too many fields":
            (b"GET / HTTP/1.1\r\n" + h + b"A: b\r\n" * 65 + b"\r\n", bad),
        "too long a head":
            (b"GET / HTTP/1.1\r\n" + h + b"A: %s\r\n\r\n" % (b"b" * 9000),
             bad),
        "too long a path":
            (b"GET /%s HTTP/1.1\r\n" % (b"a" * 8000) + h + b"\r\n", bad),
        "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
                bad),
        "two lengths":
            (tip + ct + cl + cl + b"\r\n" + good, bad),
        "two lengths that differ":
            (tip + ct + cl + b"Content-Length: 5\r\n\r\n" + good, bad),
        "lengths in a list":
            (tip + ct + b"Content-Length: 5, 5\r\n\r\n" + good, bad),
        "a negative length":
            (tip + ct + b"Content-Length: -1\r\n\r\n" + good, bad),
        "a length with a sign":
            (tip + ct + b"Content-Length: +100\r\n\r\n" + good, bad),
        "a length beyond all numbers":
            (tip + ct + b"Content-Length: 99999999999999999999\r\n\r\n",
             ("malformed", "too_large")),
        "no length": (tip + ct + b"\r\n" + good, bad),
        "chunked":
            (tip + ct + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", bad),
        "chunked with a length":
            (tip + ct + cl + b"Transfer-Encoding: chunked\r\n\r\n" + good,
             bad),
        "Expect": (tip + ct + cl + b"Expect: 200-ok\r\n\r\n", bad),
        "a body of another kind":
            (tip + cl + b"Content-Type: text/plain\r\n\r\n" + good, bad),
        "no boundary":
            (tip + cl + b"Content-Type: multipart/form-data\r\n\r\n" + good,
             bad),
        "another boundary": (mutant(BOUNDARY, b"x" * len(BOUNDARY)), bad),
        "through a web gateway that says so":
            (b"GET / HTTP/1.1\r\n" + h + b"X-Tor2web: 1\r\n\r\n",
             ("gateway",)),
        "a page in a language nobody has":
            (b"GET /xx/tip HTTP/1.1\r\n" + h + b"\r\n", ("not_found",)),
        "the frame of a page for large files":
            (b"GET /progress/%s HTTP/1.1\r\n" % (b"0" * 31) + h + b"\r\n",
             ("not_found",)),
        "from another site":
            (body(good).replace(b"same-origin", b"cross-site"),
             ("foreign",)),
        "from another origin":
            (body(good).replace(b"Origin: null", b"Origin: http://a.onion"),
             ("foreign",)),
        "too much, said in the head":
            (post(host, 200 << 20), ("too_large",)),
        "a message that is too long":
            (body(form("x" * 262145)), ("too_large",)),
        "too many files":
            (body(form("x", [("f", b"x")] * 33)), ("too_large",)),
        "nothing in it": (body(form("")), ("empty",)),
        "a code that is none":
            (body(fields(code="abandon", message="x")), ("bad_code",)),
        "an answer asked for without a code":
            (back(fields(action="read")), ("bad_words",)),
        "words that are none":
            (back(fields(code="one two three")), ("bad_words",)),
        "an answer asked for with a file":
            (back(form("x", [("f", b"x")])), ("mail_malformed",)),
        "a number of an answer that is none":
            (back(fields(code="x", reply="../../etc")),
             ("mail_malformed",)),
        "something else than to read or to delete":
            (back(fields(code="x", action="dump")), ("mail_malformed",)),
        "a code as long as a book":
            (back(fields(code="abandon " * 2000)), ("mail_malformed",)),
        "an answer asked for with half a form":
            (back(fields(code="abandon")[:-9]), ("mail_malformed",)),
        "an answer asked for from another site":
            (back(fields(code="x")).replace(b"same-origin", b"cross-site"),
             ("foreign",)),
        "a code in the address":
            (b"GET /return?code=abandon HTTP/1.1\r\n" + h + b"\r\n",
             ("not_found",)),
        "no part at all":
            (body(b"--%s--\r\n" % BOUNDARY), ("empty", "malformed")),
        "a part without a name": (mutant(b'name="message"', b"x=y"), bad),
        "a part with a long head":
            (body(form("x", [("n" * 1100, b"x")])),
             ("malformed", "too_large")),
        "an encoding of a part":
            (mutant(b'"message"\r\n',
                    b'"message"\r\nContent-Transfer-Encoding: base64\r\n'),
             bad),
        "a body without its end":
            (body(good[:-4 - len(BOUNDARY) - 4]), ("cut", "malformed")),
        "bytes behind the end": (body(good + b"more"), bad),
        "a preamble": (body(b"hello\r\n" + good), bad),
        "a length that is too short":
            (post(host, len(good) - 10) + good, ("cut", "malformed")),
    }


def each_wrong_request_gets_its_page_and_keeps_nothing():
    onion = some_onion()
    with Line(onion=onion, upload="100M") as line:
        line.start()
        for why, (data, pages) in requests(onion, line.port).items():
            answer = check_answer(line.ask(data), why)
            expect(answer.page in pages, why, "got", answer, "not", pages)
        answer = line.ask(b"HEAD / HTTP/1.1\r\nHost: %s\r\n\r\n" %
                          onion.encode())
        expect(answer.status == 200 and not answer.body, "HEAD", answer)
        check_answer(line.get(), "the form")
        expect(kept(line) == 0, "something was kept")
        check_answer(line.tip("at last"), "a tip")
        expect(kept(line) == 1, "the good one was not kept")
        line.stop()


def a_tip_cut_anywhere_is_told_and_not_kept():
    with Line() as line:
        line.start()
        body = form("a message " * 30, [("a.bin", os.urandom(900)),
                                        ("b.bin", b"--" + BOUNDARY[:20])])
        data = post(line.host, len(body)) + body
        head = len(data) - len(body)
        for cut in range(head, len(data), 1 if LONG else 13):
            with line.visitor() as v:
                v.send(data[:cut])
                v.sock.shutdown(socket.SHUT_WR)
                answer = check_answer(v.answer(), "cut at", cut - head)
            expect(answer.page == "cut", "cut at", cut - head, answer)
        for cut in range(0, len(data), 37):  # gone without a word
            with line.visitor() as v:
                v.send(data[:cut])
        for cut in range(1, head, 11):  # in the head
            with line.visitor() as v:
                v.send(data[:cut])
                v.sock.shutdown(socket.SHUT_WR)
                answer = v.answer()
            if answer.raw:
                check_answer(answer, "head cut at", cut)
        expect(kept(line) == 0, "something was kept")
        expect(line.tip("x").received, "no tip afterwards")
        line.stop()


def every_split_of_a_tip_is_the_same_tip():
    with Line() as line:
        line.start()
        body = form("m", [("a", b"\r\n--" + BOUNDARY[:30] + b"\r\n")])
        data = post(line.host, len(body)) + body
        cuts = range(1, len(data), 1 if LONG else 7)
        for cut in cuts:
            with line.visitor() as v:
                v.send(data[:cut])
                time.sleep(0.001)
                v.send(data[cut:])
                expect(v.answer().received, "split at", cut)
        tips = line.open()
        expect(len(tips) == len(cuts), len(tips), "of", len(cuts))
        for t in tips:
            expect(t.message == b"m" and len(t.files) == 1, t.json)
        line.stop()


def odd_but_lawful_forms_arrive_as_sent():
    """Hostile names and bytes are kept as they came; what they may do to an
    analyst's machine is for e2e.analyst."""
    names = ["../../etc/passwd", "C:\\x\\y.doc", "a\u202egpj.exe", ".", "..",
             "-rf", "~root", "$(reboot)", "a" * 500, "한글.hwp", "con", "%2f",
             "a;b='c'", "\x1b[2J"]
    every_byte = bytes(range(256)) * 5
    with Line() as line:
        line.start()
        files = [(n, os.urandom(20)) for n in names]
        expect(line.tip(every_byte, files).received, "hostile names")
        for message, more in ((b"", [("only a file", b"x")]), (b"x", []),
                              (b"x", [("empty.txt", b"")]),
                              (b"\xff\xfe\0\0", []), (b"--", [("--", b"--")]),
                              (b"x" * 262144, [("f", b"y")] * 32)):
            expect(line.tip(message, more).received, message[:9], more[:1])
        tips = line.open()
        expect(tips[0].message == every_byte, "another message")
        for (name, path), (sent, data) in zip(tips[0].files, files):
            with open(path, "rb") as f:
                expect(name == sent and f.read() == data, name, sent)
        expect([len(t.files) for t in tips] == [len(names), 1, 0, 1, 0, 1, 32],
               [len(t.files) for t in tips])
        line.stop()


def come_back(line, **values):
    """Type a code on the page for answers; gives the answer and how long it
    took."""
    body = fields(**values)
    data = post(line.host, len(body)).replace(b"/tip", b"/return") + body
    start = time.monotonic()
    answer = check_answer(line.ask(data), values)
    return answer, time.monotonic() - start


def nobody_learns_by_trying_whether_a_code_is_one():
    """A code without a reply and one that nobody has: equal bytes; those and
    what is no code: equal lengths, after equal times."""
    with Line() as line:
        line.start()
        words = code_words(line.tip("hello"))
        pages = set()
        took = {"mine": [], "nobody's": [], "none": []}
        for _ in range(40 if LONG else 12):
            for kind, code in (("mine", " ".join(words)),
                               ("nobody's", "abandon " * 11 + "about"),
                               ("none", "what is this")):
                answer, seconds = come_back(line, code=code)
                if kind == "none":  # named as no code, asked of nobody
                    expect(answer.page == "bad_words", answer)
                else:
                    pages.add(answer.raw)
                took[kind].append(seconds)
        expect(len(pages) == 1, len(pages), "different answers")
        expect(Answer(pages.pop()).page == "no_reply", "another page")
        middle = {kind: statistics.median(t) for kind, t in took.items()}
        print("       medians", {k: "%.1f ms" % (1000 * m)
                                 for k, m in middle.items()})
        # All at the first tick, wherever the work ended before it.
        expect(all(TICK - 0.01 <= m < 2 * TICK for m in middle.values()),
               middle)
        expect(max(middle.values()) - min(middle.values()) < TICK / 2, middle)
        # To delete what is not there tells as little.
        deleted = {come_back(line, code=code, action="delete",
                             reply="0" * 15 + "1")[0].raw
                   for code in (" ".join(words), "abandon " * 11 + "about")}
        expect(len(deleted) == 1 and
               Answer(deleted.pop()).page == "forgotten", "deleting tells")
        line.stop()


def a_second_tip_goes_with_the_first_and_its_words_are_not_shown():
    with Line() as line:
        line.start()
        words = code_words(line.tip("the first"))
        body = fields(code=" ".join(words), message="the second")
        answer = check_answer(line.ask(post(line.host, len(body)) + body))
        expect(answer.page == "receipt_again", answer)
        expect(words[0].encode() not in answer.body or b"<ol" not in
               answer.body, "the words are shown again")
        # With a word too few it is refused.  Back in the browser is nothing:
        # pages are not stored, and the form came as the answer to a POST.
        body = fields(code=" ".join(words[:11]), message="lost")
        answer = check_answer(line.ask(post(line.host, len(body)) + body))
        expect(answer.page == "bad_code", answer)
        expect(b'href="/return"' in answer.body and
               b"Go back" not in answer.body, "the advice leads nowhere")
        expect(code_words(line.tip("a third")) != words, "the same words")
        expect([t.message for t in line.open()] ==
               [b"the first", b"the second", b"a third"], "other tips")
        line.stop()


def without_a_keeper_nobody_is_told_that_there_is_no_answer():
    with Line() as line:
        line.start()
        line.may_die = True
        keeper = line.keeper()
        os.kill(keeper, signal.SIGSTOP)
        body = fields(code="abandon " * 11 + "about")
        with line.visitor() as v:
            v.send(post(line.host, len(body)).replace(b"/tip", b"/return") +
                   body)
            time.sleep(0.3)
            os.kill(keeper, signal.SIGKILL)
            answer = check_answer(v.answer())
        expect(answer.page == "mail_away", answer)
        wait_for("answers can be read again", lambda: come_back(
            line, code="abandon " * 11 + "about")[0].page == "no_reply")
        line.stop()


def one_circuit_cannot_keep_others_from_looking():
    with Line(proxy="accept") as line:
        line.start()
        body = fields(code="abandon " * 11 + "about")
        data = post(line.host, len(body)).replace(b"/tip", b"/return") + body
        slow = [line.visitor(circuit=1 + i // 4) for i in range(80)]
        for v in slow:
            v.send(data[:-5])
        time.sleep(0.2)
        expect(check_answer(line.ask(data, circuit=20)).page == "mail_busy",
               "a fifth of a circuit")
        for i in range(10):
            answer = check_answer(line.ask(data, circuit=100 + i))
            expect(answer.page == "no_reply", "another is refused:", answer)
        # The oldest gave way, the youngest did not.
        slow[-5].send(data[-5:])
        expect(slow[-5].answer().page == "no_reply", "the youngest is gone")
        expect(slow[0].answer().page == "mail_slow", "the oldest is there")
        for v in slow:
            v.sock.close()
        line.stop()


def garbage_gets_a_page_or_nothing():
    r = random.Random(5)
    with Line() as line:
        line.start()
        good = post(line.host, 1000) + form("x" * 700)
        for i in range(300):
            if i % 2:
                data = r.randbytes(r.randrange(1, 3000))
            else:  # a good one with some bytes changed
                data = bytearray(good)
                for _ in range(r.randrange(1, 6)):
                    data[r.randrange(len(data))] = r.randrange(256)
            with line.visitor() as v:
                v.send(bytes(data))
                try:
                    v.sock.shutdown(socket.SHUT_WR)
                except OSError:
                    pass
                answer = v.answer()
            if answer.raw:
                expect(len(answer.raw) == PAGE_LEN or answer.reset, answer)
                expect(not answer.received, "garbage was kept", data)
        expect(kept(line) == 0, "something was kept")
        expect(line.tip("x").received, "no tip afterwards")
        line.stop()


def a_second_request_on_a_connection_is_not_answered():
    with Line() as line:
        line.start()
        get = b"GET /tip HTTP/1.1\r\nHost: %s\r\n\r\n" % line.host.encode()
        answer = line.ask(get * 3)
        expect(answer.raw.count(b"HTTP/1.1 ") <= 1 and
               len(answer.raw) in (0, PAGE_LEN), answer)
        body = form("first")
        tip = post(line.host, len(body)) + body
        line.ask(tip + tip)
        # Whatever became of the first: the second is never taken.
        expect(kept(line) <= 1, "two tips on one connection")
        line.stop()


def who_asks_before_sending_hears_the_verdict_first():
    """Expect: 100-continue, as curl says it: "100" only if the body may
    come, else the page at once."""
    ask = b"Expect: 100-continue\r\n"
    go_on = b"HTTP/1.1 100 Continue\r\n\r\n"
    onion = some_onion()
    body = form("hello")
    with Line(onion=onion) as line:
        line.start()
        with line.visitor() as v:
            v.send(post(onion, len(body), ask))
            expect(v.sock.recv(100) == go_on, "no 100")
            v.send(body)
            expect(check_answer(v.answer()).received, "not taken")
        with line.visitor() as v:  # does not wait for it
            v.send(post(onion, len(body), ask) + body)
            got = v.sock.recv(PAGE_LEN + 100, socket.MSG_WAITALL)
        page = Answer(got[len(go_on):] if got.startswith(go_on) else got)
        expect(check_answer(page).received, page)
        for head, wanted in (
                (post(onion, 1 << 40, ask), "too_large"),
                (post("example.com", len(body), ask), "wrong_host"),
                (post(onion, len(body), ask).replace(b"same-o", b"cross-o"),
                 "foreign"),
                (post(onion, len(body), ask).replace(b"/tip", b"/pit"),
                 "not_found")):
            answer = check_answer(line.ask(head), wanted)
            expect(answer.page == wanted, answer, "instead of", wanted)
        expect(kept(line) == 2, "another number is kept")
        line.stop()


def the_proxy_line_is_taken_as_configured():
    good = b"GET /tip HTTP/1.1\r\nHost: %s\r\n\r\n"
    bad = (b"PROXY TCP4 1.2.3.4 1.2.3.4 1 80\r\n",
           b"PROXY UNKNOWN\r\n",
           b"PROXY TCP6 fc00:dead:beef:4dad::0:17 ::1 23 80\n",
           b"PROXY TCP6 fc00:dead:beef:4dad::0:1g ::1 23 80\r\n",
           b"PROXY TCP6 2001:db8::1 ::1 23 80\r\n",
           b"PROXY TCP6 fc00:dead:beef:4dad::0:17 ::1 23\r\n",
           b"PROXY TCP6 " + b"f" * 200 + b"\r\n",
           b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(12))
    for mode in ("off", "accept", "require"):
        onion = some_onion()
        with Line(onion=onion, proxy=mode) as line:
            line.start()
            get = good % onion.encode()
            plain = line.ask(get, circuit=False)
            told = line.ask(proxy_line(0x12345) + get, circuit=False)
            expect((plain.page == "form") == (mode != "require"), mode,
                   "without:", plain)
            expect((told.page == "form") == (mode != "off"), mode, "with:",
                   told)
            for forged in bad:
                answer = line.ask(forged + get, circuit=False)
                expect(answer.page != "form", mode, "takes", forged)
            # Twice is a line of the visitor's own behind tor's.
            twice = line.ask(proxy_line(1) + proxy_line(2) + get,
                             circuit=False)
            expect(twice.page != "form", mode, "takes two")
            for answer in (plain, told, twice):
                if answer.raw:
                    check_answer(answer, mode)
            # The loopback has none.
            get = good % line.host.encode()
            at_home = b"GET /tip HTTP/1.1\r\nHost: 127.0.0.1:%d\r\n\r\n" % \
                line.port
            expect(line.ask(at_home, over="tcp").page == "form", mode, "tcp")
            answer = line.ask(proxy_line(1) + at_home, over="tcp")
            expect(answer.page != "form", mode, "forged over tcp")
            line.stop()


def one_circuit_cannot_take_what_others_need():
    with Line(proxy="accept") as line:
        line.start()
        silent = [line.visitor(circuit=5) for _ in range(16)]
        time.sleep(0.1)
        answer = line.get(circuit=5)
        expect(answer.page == "busy", "the 17th of a circuit:", answer)
        check_answer(answer)
        expect(line.tip("mine", circuit=6).received, "another is refused")
        for v in silent:
            v.sock.close()
        time.sleep(0.1)
        expect(line.get(circuit=5).page == "form", "still refused")
        # Uploads: four of one circuit, the fifth waits its turn.
        body = form("x", [("f", bytes(100000))])
        uploads = [line.visitor(circuit=8) for _ in range(4)]
        for v in uploads:
            v.send(post(line.host, len(body)) + body[:50000])
        time.sleep(0.1)
        answer = line.tip("fifth", circuit=8)
        expect(answer.page == "busy", "the fifth upload:", answer)
        expect(line.tip("mine", circuit=9).received, "another is refused")
        for v in uploads:
            v.send(body[50000:])
            expect(v.answer().received, "one of the four is lost")
        expect(line.tip("sixth", circuit=8).received, "still refused")
        line.stop()


def open_files(pid):
    return len(os.listdir("/proc/%d/fd" % pid))


def floods_do_not_stop_a_tip():
    """Silent ones, slow heads and slow bodies, from many circuits."""
    with Line(proxy="accept") as line:
        line.start()
        receiver = line.receiver()
        idle = resident(receiver), open_files(receiver)
        body = form("x", [("f", bytes(1 << 20))])
        begin = b"GET / HTTP/1.1\r\nHost: "
        silent = [line.visitor(circuit=100 + i // 16) for i in range(400)]
        heads = [line.visitor(circuit=200 + i // 16) for i in range(200)]
        bodies = [line.visitor(circuit=300 + i // 4) for i in range(200)]
        for v in heads:
            v.send(begin)
        for v in bodies:
            v.send(post(line.host, len(body)) + body[:20000])
        start = time.monotonic()
        took = []
        while time.monotonic() - start < 33:
            for v in heads:  # a byte a second is not a browser
                v.send(b"x")
            before = time.monotonic()
            expect(line.tip("in a flood", circuit=99).received, "refused")
            took.append(time.monotonic() - before)
            time.sleep(1)
        grown = resident(receiver) - idle[0]
        print("       slowest tip %.0f ms, receiver grown by %.1f MiB" % (
            max(took) * 1000, grown / 2**20))
        # A few milliseconds each; one that the machine held up says nothing.
        expect(statistics.median(took) < 1, "tips had to wait", took)
        # 64 KiB for each body, 10 for each head, 1 for each silent one.
        expect(grown < 20 << 20, "too much memory:", grown)
        # Heads have 30 seconds, however they trickle.
        for v in silent + heads:
            answer = v.answer()
            if answer.raw:
                check_answer(answer, "a slow head")
                expect(answer.page == "too_slow", answer)
        for v in bodies:
            v.sock.close()
        wait_for("all connections are gone",
                 lambda: open_files(receiver) <= idle[1])
        expect(line.receiver() == receiver, "the receiver was started anew")
        log = line.log()
        expect(not re.search(r"99|dead:beef", log), "the log tells", log)
        line.stop()


def a_body_below_the_pace_is_ended():
    """Two minutes; in the short form the units must do."""
    if not LONG:
        return
    with Line() as line:
        line.start()
        body = form("x", [("f", bytes(1 << 20))])
        with line.visitor(timeout=200) as v:
            v.send(post(line.host, len(body)))
            start = time.monotonic()
            sent = 0
            v.sock.settimeout(1)
            got = b""
            while not got and time.monotonic() - start < 150:
                v.send(body[sent:sent + 400])  # 512 a second are asked for
                sent += 400
                try:
                    got = v.sock.recv(PAGE_LEN)
                except TimeoutError:
                    pass
            took = time.monotonic() - start
            expect(Answer(got).page == "too_slow", Answer(got))
            expect(110 < took < 135, "ended after", took)
        expect(kept(line) == 0, "something was kept")
        line.stop()


if __name__ == "__main__":
    run_tests(each_wrong_request_gets_its_page_and_keeps_nothing,
              a_tip_cut_anywhere_is_told_and_not_kept,
              every_split_of_a_tip_is_the_same_tip,
              odd_but_lawful_forms_arrive_as_sent,
              nobody_learns_by_trying_whether_a_code_is_one,
              a_second_tip_goes_with_the_first_and_its_words_are_not_shown,
              without_a_keeper_nobody_is_told_that_there_is_no_answer,
              one_circuit_cannot_keep_others_from_looking,
              garbage_gets_a_page_or_nothing,
              a_second_request_on_a_connection_is_not_answered,
              who_asks_before_sending_hears_the_verdict_first,
              the_proxy_line_is_taken_as_configured,
              one_circuit_cannot_take_what_others_need,
              floods_do_not_stop_a_tip,
              a_body_below_the_pace_is_ended)
