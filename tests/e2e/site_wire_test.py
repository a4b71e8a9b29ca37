#!/usr/bin/python3
"""Measured from outside: which page it is shows neither in an answer's length
nor, for whoever comes back with a code, in the time it takes."""
import os
import re
import statistics
import time
from concurrent.futures import ThreadPoolExecutor

import misbehave_test
from site_pages import install_texts, languages
from tipline import (LONG, PAGE_LEN, Failure, Line, code_words, expect, fields,
                     form, post, run_tests, some_onion)

TICK = 0.25  # LIMIT_TICK_MS
OVER = ("unix", "tcp")
TRIES = 15 if LONG else 5
REPLIES = 6


def of_one_length(answers):
    """Fails unless each answer is as long as all others, on the wire."""
    lengths = {}
    for why, answer in answers.items():
        lengths.setdefault((len(answer.raw), answer.reset), []).append(why)
    expect(set(lengths) == {(PAGE_LEN, False)}, "lengths differ:", {
        n: why[:5] for n, why in lengths.items()})


def of_one_tick(times):
    """Fails unless the middle of each kind's times ends at the first tick:
    none before, none at another."""
    middle = {kind: statistics.median(t) for kind, t in times.items()}
    print("       " + ", ".join("%s %.0f ms" % (k, 1000 * m)
                                for k, m in middle.items()))
    ticks = {kind: int((m + 0.01) / TICK) for kind, m in middle.items()}
    expect(set(ticks.values()) == {1}, "they leave at ticks", ticks)


def less_than_a_tick_apart(sent, times):
    """Fails unless sending a tip, which waits for no tick, takes less time
    than a tick more or less than looking for an answer.  A little is given
    to a busy machine."""
    for kind, took in times.items():
        apart = abs(statistics.median(took) - statistics.median(sent))
        expect(apart < TICK + 0.03, kind, "and sending are", apart, "s apart")


def the_comparisons_can_fail():
    class Fake:
        def __init__(self, length, reset=False):
            self.raw, self.reset = bytes(length), reset
    of_one_length({"a": Fake(PAGE_LEN), "b": Fake(PAGE_LEN)})
    of_one_tick({"a": [0.251, 0.26, 1], "b": [0.3, 0.252, 0.49]})
    for answers in ({"a": Fake(PAGE_LEN), "b": Fake(PAGE_LEN - 1)},
                    {"a": Fake(PAGE_LEN + 1)}, {"a": Fake(0)},
                    {"a": Fake(PAGE_LEN, True)}):
        try:
            of_one_length(answers)
        except Failure:
            continue
        raise Failure("another length is not found: %s" % answers)
    for times in ({"a": [0.252, 0.26, 0.3], "b": [0.501, 0.51, 0.6]},
                  {"a": [0.002, 0.003, 0.9], "b": [0.251, 0.252, 0.253]}):
        try:
            of_one_tick(times)
        except Failure:
            continue
        raise Failure("another time is not found: %s" % times)
    less_than_a_tick_apart([0.01, 0.02, 0.5], {"a": [0.251, 0.26, 1]})
    try:
        less_than_a_tick_apart([0.01, 0.02, 0.5], {"a": [0.501, 0.51, 0.6]})
    except Failure:
        return
    raise Failure("more than a tick is not found")


def in_language(data, code):
    """The same request on the pages of a language."""
    prefix = b"" if code == "en" else b"/" + code.encode()
    head, sep, rest = data.partition(b"\r\n")
    return re.sub(rb"^(GET|POST) (?=/)", rb"\1 " + prefix, head) + sep + rest


def host_of(line, over):
    return line.onion if over == "unix" else "127.0.0.1:%d" % line.port


def pages_to_get(line, over):
    host = host_of(line, over).encode()
    for path in ("/", "/before", "/tip", "/large", "/return", "/keys",
                 "/keys/2", "/keys/9", "/nothing",
                 "/tip/" + "0" * 32):
        yield path, b"GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (
            path.encode(), host), None


def things_to_send(line, over, words):
    host = host_of(line, over)

    def sent(path, body):
        return post(host, len(body)).replace(b"POST /tip", b"POST " +
                                             path.encode()) + body
    tip = form("text", [("a.bin", bytes(3000))])
    yield "a tip", sent("/tip", tip), "receipt"
    yield "a tip, 100 KB", sent("/tip", form("x" * 100000)), "receipt"
    yield "a tip for the frame", sent("/tip/" + os.urandom(16).hex(), tip), \
        "receipt"
    yield "a tip without words", sent("/tip", fields(
        message="m", **{"no-reply": 1})), "receipt_none"
    yield "a second tip", sent("/tip", fields(
        message="m", code=words)), "receipt_again"
    yield "a tip with a wrong code", sent("/tip", fields(
        message="m" * 20000, code="abandon")), "bad_code"
    yield "a tip by a gateway", sent("/tip", fields(
        message="m", address="http://x.example")), \
        "gateway" if over == "unix" else None
    for why, code, page in (("no answer", words, "no_reply"),
                            ("no word", "", "bad_words"),
                            ("no code", "one two", "bad_words"),
                            ("a sum that is wrong",
                             "abandon " * 12, "bad_words")):
        yield why, sent("/return", fields(code=code)), page
    yield "deleting", sent("/return", fields(
        code=words, action="delete", reply="0" * 16)), "forgotten"


def all_answers_have_one_length_in_every_language():
    seen = set()
    with Line(onion=some_onion(), upload="1M") as line:
        install_texts(line)
        line.start()
        words = " ".join(code_words(line.tip("first")))
        things = [(code, over, *thing) for code in languages()
                  for over in OVER for thing in [
                      *pages_to_get(line, over),
                      *things_to_send(line, over, words),
                      *((why, data, None) for why, (data, _) in
                        misbehave_test.requests(host_of(line, over),
                                                line.port).items())]]
        with ThreadPoolExecutor(24) as pool:  # most of them wait
            came = list(pool.map(lambda t: line.ask(
                in_language(t[3], t[0]), over=t[1]), things))
        for (code, over, why, _, page), answer in zip(things, came):
            expect(page in (None, answer.page), code, over, why, answer)
            seen.add(answer.page)
        of_one_length({t[:3]: a for t, a in zip(things, came)})
        expect(len(seen) > 20 and None not in seen, "only", seen)
        print("       %d requests, %d different pages" % (
            len(things), len(seen)))
        line.stop()


def all_answers_have_one_length_when_no_tip_can_be_taken():
    """Closed, without keys, full, and too many at once."""
    with Line(onion=some_onion(), keys=False, proxy="accept") as line:
        line.start()
        answers = {}
        for code in languages():
            for path, data, _ in pages_to_get(line, "unix"):
                answers[code, path] = line.ask(in_language(data, code))
            body = form("m")
            answers[code] = line.ask(in_language(
                post(line.onion, len(body)) + body, code))
            expect(answers[code].page == "closed" and
                   answers[code, "/keys"].page == "keys_none", code, answers)
        of_one_length(answers)
        line.make_keys()
        line.install(line.make_keyset())
        line.stop()
        line.conf(quota="64M")
        line.start()
        answers = {}
        body = form("m", [("f", bytes(6 << 20))])
        for i in range(12):
            answers[i] = line.ask(post(line.onion, len(body)) + body,
                                  circuit=100 + i)
        expect(answers[0].received and
               answers[11].page in ("full", "full_files"), answers)
        held = [line.visitor(circuit=5) for _ in range(16)]
        time.sleep(0.2)
        for code in languages():
            answers[code] = line.ask(in_language(
                post(line.onion, len(body)) + body, code), circuit=9)
            answers[code, "busy"] = line.get("/tip", circuit=5)
            expect(answers[code, "busy"].page == "busy", answers)
        for v in held:
            v.sock.close()
        of_one_length(answers)
        line.stop()


def come_back(line, **values):
    """Answer and time for a code; code_words typed on the page."""
    body = fields(**values)
    start = time.monotonic()
    answer = line.ask(post(line.host, len(body)).replace(b"/tip", b"/return") +
                      body)
    return answer, time.monotonic() - start


def answer_tip(line, number):
    """Several replies to a tip, by the analysts' way and back."""
    home = line.home
    bundle, cases, back = (os.path.join(home, n)
                           for n in ("bundle", "cases", "back"))
    line.tool("tipline-operator", "export", line.line, bundle)
    line.analyst("open", line.keys, bundle, cases)
    for i in range(REPLIES):
        text = os.path.join(home, "text%d" % i)
        with open(text, "w", encoding="utf-8") as f:
            f.write("Reply %d. " % i * (1 + 70 * i))
        line.analyst("reply", line.keys, cases, str(number), "--text", text)
    line.analyst("ack", line.keys, back, "--cases", cases)
    line.tool("tipline-operator", "import", line.line, back)


def whoever_comes_back_is_told_at_the_same_tick_whatever_there_is():
    with Line() as line:
        line.start()
        answered = " ".join(code_words(line.tip("to be answered")))
        unanswered = " ".join(code_words(line.tip("not to be answered")))
        answer_tip(line, 1)
        nobody = "abandon " * 11 + "about"
        kinds = {"with answers": dict(code=answered),
                 "an old answer": dict(code=answered, place=REPLIES - 1),
                 "without": dict(code=unanswered),
                 "nobody's": dict(code=nobody),
                 "a wrong sum": dict(code="abandon " * 12),
                 "no words": dict(code="what is this"),
                 "deleting nothing": dict(code=unanswered, action="delete",
                                          reply="0" * 15 + "1")}
        pages = {"with answers": "reply", "an old answer": "reply",
                 "without": "no_reply", "nobody's": "no_reply",
                 "a wrong sum": "bad_words", "no words": "bad_words",
                 "deleting nothing": "forgotten"}
        times = {kind: [] for kind in [*kinds, "deleting"]}
        answers = {}
        sent = []
        for i in range(TRIES):
            start = time.monotonic()
            answers["a tip", i] = line.tip("one more")
            sent.append(time.monotonic() - start)
            for kind, values in kinds.items():
                answer, took = come_back(line, **values)
                expect(answer.page == pages[kind], kind, answer)
                answers[kind, i] = answer
                times[kind].append(took)
            if i < REPLIES - 1:  # one stays
                ident = re.search(rb'name="reply" value="([0-9a-f]+)"',
                                  answers["with answers", i].body)
                answer, took = come_back(line, code=answered, action="delete",
                                         reply=ident.group(1).decode())
                expect(answer.page == "forgotten", answer)
                answers["deleting", i] = answer
                times["deleting"].append(took)
                kinds["an old answer"]["place"] = REPLIES - 2 - i
        of_one_length(answers)
        of_one_tick(times)
        less_than_a_tick_apart(sent, times)
        # Deleted for good: what is left is one.
        last = come_back(line, code=answered)[0]
        left = REPLIES - min(TRIES, REPLIES - 1)
        expect(re.search(rb"Answer 1 of %d\b" % left, last.body), last.body)
        line.stop()


if __name__ == "__main__":
    run_tests(the_comparisons_can_fail,
              all_answers_have_one_length_in_every_language,
              all_answers_have_one_length_when_no_tip_can_be_taken,
              whoever_comes_back_is_told_at_the_same_tick_whatever_there_is)
