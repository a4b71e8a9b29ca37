#!/usr/bin/env python3
"""Threads, topics, replies, return bundles and sentinels, from the analysts' side.

    replies_test.py PATH/tipline-analyst PATH/make_bundle PATH/open_returns

Each function is one thing that must hold; what the server and a submitter
would see of a return bundle, open_returns shows.
"""

import hashlib
import json
import os
import pty
import shutil
import subprocess
import sys
import tempfile
import time

from deeds import run_deeds
from tipline import expect

ANALYST, MAKE_BUNDLE, OPEN_RETURNS = (os.path.abspath(p)
                                      for p in sys.argv[1:4])
CODES = ["%032x" % (0x1234567890abcdef * (n + 1)) for n in range(4)]
ARRIVED = "Your tip arrived and was opened."
PASS = ("--passphrase-file", "pw")
TODAY = int(time.time()) // 86400


def run(*words, text="", code=0, says=()):
    p = subprocess.run(words, input=text, capture_output=True, text=True,
                       timeout=120)
    said = p.stderr + p.stdout
    expect(p.returncode == code, words, p.returncode, said)
    for s in (says,) if isinstance(says, str) else says:
        expect(s in said, "does not say:", s, "\n" + said)
    return said


def write(path, text):
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, 0o600)
    return path


def set_up():
    write("pw", "correct horse battery staple\n")
    os.mkdir("server")
    run(MAKE_BUNDLE, "server", "server")
    run(ANALYST, "init", "keys", *PASS)
    run(ANALYST, "keyset", "make", "keys", "--server", "server/server.pub",
        "--weeks", "8", "--out", "keyset.txt", *PASS)
    write("msg", "something is wrong at the harbour\r\n")
    write("text", "Thank you.\r\nWho is \"he\"? <we> & you\n\n")
    for i, code in enumerate(CODES):
        run(OPEN_RETURNS, "mailbox", code, f"box{i}")
    # Tips 1 and 4 are one thread; 5 has no mailbox; of 6's nobody has
    # the code.
    write("nobody", "x" * 48)
    bundle("b1", "1", [0, 1, 2, 0, None, "nobody"])
    bundle("b2", "b1", [3, 0])
    run(ANALYST, "open", "keys", "b1", "cases", *PASS)


def bundle(name, first, boxes, message="msg"):
    recipe = ""
    for b in boxes:
        recipe += f"tip\nmessage {message}\n"
        if b is not None:
            path = f"box{b}" if isinstance(b, int) else b
            recipe += f"field mailbox {path}\n"
        recipe += "end\n"
    run(MAKE_BUNDLE, "bundle", "server/server.key", "keyset.txt", first,
        name, text=recipe)
    return name


class Desk:
    """A keyring with its cases as they are after bundle 1 was opened."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(dir=".")
        self.keys = os.path.join(self.dir, "keys")
        self.cases = os.path.join(self.dir, "cases")
        shutil.copytree("keys", self.keys)
        shutil.copytree("cases", self.cases)
        self.n = 0

    def open(self, name, code=0, says=()):
        return run(ANALYST, "open", self.keys, name, self.cases, *PASS,
                   code=code, says=says)

    def reply(self, tip, *more, text="", code=0, says=()):
        return run(ANALYST, "reply", self.keys, self.cases, str(tip), *PASS,
                   *more, text=text, code=code, says=says)

    def ack(self, *more, code=0, says=()):
        self.n += 1
        out = os.path.join(self.dir, f"out{self.n}")
        said = run(ANALYST, "ack", self.keys, out, *PASS, *more, code=code,
                   says=says)
        return out, said

    def arrived(self, *more, says=()):
        return self.ack("--cases", self.cases, "--arrived", *more, says=says)

    def outbox(self):
        path = os.path.join(self.keys, "outbox")
        return sorted(os.listdir(path)) if os.path.isdir(path) else []


class Returns:
    """What is in a return bundle."""

    def __init__(self, path):
        self.confirmed, self.links, self.replies, self.chain = [], [], [], []
        for line in run(OPEN_RETURNS, "read", path, "keyset.txt",
                        *CODES).splitlines():
            kind, rest = line.split(" ", 1)
            if kind == "head":
                self.number = int(rest)
            elif kind == "confirmed":
                self.confirmed.append(tuple(map(int, rest.split())))
            elif kind == "links":
                self.chain.append(rest.split())
            elif kind == "link":
                self.links.append(int(rest.split()[0]))
            elif kind == "reply":
                last, who, day, text = rest.split(" ", 3)
                self.replies.append((int(last), who, day, text))

    def texts(self, box):
        return sorted(t for _, who, _, t in self.replies if who == str(box))


def read(*path, mode="r"):
    with open(os.path.join(*path), mode) as f:
        return f.read()


def tip_json(desk, n):
    return json.loads(read(desk.cases, f"tip-{n:06d}", "tip.json"))


def row_of(page, n):
    """The row of tip n in the list."""
    return [r for r in page.splitlines() if f">{n}</a></td><td dir" in r][0]


# --- mailboxes and threads

def the_mailbox_is_no_answer_of_the_form():
    d = Desk()
    one, four, five, six = (tip_json(d, n) for n in (1, 4, 5, 6))
    field = read("box0", mode="rb")
    expect(one["mailbox"] == {"id": field[:16].hex(), "key": field[16:].hex()},
           one["mailbox"])
    expect(one["fields"] == [] and one["thread"] == field[:8].hex(), one)
    expect(four["thread"] == one["thread"], "one thread")
    expect(five["mailbox"] is None and five["thread"] is None, five)
    expect(not os.path.exists(os.path.join(d.cases, "tip-000001/data/"
                                           "field-01.txt")), "kept as field")
    page = read(d.cases, "tip-000001", "index.html")
    expect("Thread " + one["thread"] in page, page)
    expect("cannot be answered" in read(d.cases, "tip-000005", "index.html"),
           "page of 5")


def a_mailbox_of_another_length_is_a_field_like_any_other():
    write("short", "x" * 47)
    write("long", "x" * 5000)
    d = Desk()
    d.open(bundle("b.len", "b1", ["short", "long"]))
    for n, size in ((7, 47), (8, 5000)):
        t = tip_json(d, n)
        expect(t["mailbox"] is None and len(t["fields"]) == 1, t)
        expect(t["fields"][0]["name"] == "mailbox", t)
        expect(t["fields"][0]["bytes"] == size, t)
        expect(read(d.cases, f"tip-{n:06d}", "data/field-01.txt") ==
               "x" * size, "bytes")


def the_list_names_a_threads_other_tips():
    d = Desk()
    page = read(d.cases, "index.html")
    row = row_of(page, 1)
    expect('<a href="tip-000004/index.html">4</a></td></tr>' in row, row)
    row = row_of(page, 2)
    expect(row.endswith("<td></td></tr>"), row)
    # A later tip of the thread shows at the earlier ones, too.
    d.open("b2")
    page = read(d.cases, "index.html")
    row = row_of(page, 1)
    expect("tip-000004/" in row and "tip-000008/" in row, row)


def a_thread_over_two_pages_is_shown_on_both():
    d = Desk()
    recipe = ("tip\nmessage msg\nrepeat 500\nend\n"
              "tip\nmessage msg\nfield mailbox box0\nend\n")
    run(MAKE_BUNDLE, "bundle", "server/server.key", "keyset.txt", "b1",
        "b.many", text=recipe)
    d.open("b.many")
    first = read(d.cases, "index-0001.html")
    row = row_of(first, 1)
    expect("tip-000507/" in row, row)
    expect("tip-000001/" in row_of(read(d.cases, "index.html"), 507),
           "507")
    # Without what was remembered, the same pages come out.
    os.unlink(os.path.join(d.cases, ".threads"))
    d.open("b.many")
    expect(read(d.cases, "index-0001.html") == first, "another page")


# --- topics and answers

def forms(name, first, *tips):
    """Tips with these fields, each a list of (name, bytes)."""
    recipe = ""
    for t, fields in enumerate(tips):
        recipe += "tip\nmessage msg\n"
        for i, (field, value) in enumerate(fields):
            path = f"{name}.{t}.{i}"
            with open(path, "wb") as f:
                f.write(value)
            recipe += f"field {field} {path}\n"
        recipe += "end\n"
    run(MAKE_BUNDLE, "bundle", "server/server.key", "keyset.txt", first,
        name, text=recipe)
    return name


def a_topic_and_answers_are_shown_where_analysts_sort():
    d = Desk()
    d.open(forms(
        "b.form", "b1",
        [("topic", b"harbour"), ("q-region", b"north"),
         ("q-when", b"on Monday\r\nand later")],
        [("topic", b"river")], [("topic", b"harbour")]))
    t = tip_json(d, 7)
    expect(t["topic"] == "harbour" and t["fields"] == [], t)
    expect([(a["id"], a["text"], a["bytes"]) for a in t["answers"]] ==
           [("region", "north", 5), ("when", "on Monday and later", 20)], t)
    expect(t["mailbox"] is None, "no answer was wanted")
    raw = read(d.cases, "tip-000007", t["answers"][1]["file"], mode="rb")
    expect(raw == b"on Monday\r\nand later", raw)
    expect(hashlib.sha256(raw).hexdigest() == t["answers"][1]["sha256"], t)
    page = read(d.cases, "tip-000007", "index.html")
    for s in ("Topic: harbour", ">region</a>", ">on Monday\nand later</pre>"):
        expect(s in page, s, page)
    page = read(d.cases, "index.html")
    expect("<p>Topics: harbour 2, river 1, no topic 6</p>" in page, page)
    expect('<td class="n">river</td>' in row_of(page, 8), page)
    expect("river" not in row_of(page, 9) + row_of(page, 1), page)
    for n in (1, 8):
        expect(tip_json(d, n)["answers"] == [], n)
    expect(tip_json(d, 1)["topic"] is None, "topic of none")


def a_hostile_answer_can_do_nothing():
    hostile = (b"\x1b]0;x\x07\x1b[2J</pre><script>alert(1)</script>\r\n"
               b"\xff\xfe\xe2\x80\xae../../x\0")
    longest = (b"\xff\x1b<" * 700)[:2000]
    d = Desk()
    d.open(forms(
        "b.bad", "b1",
        [("topic", b"../../x"), ("topic", b"<script>"),
         ("q-", b"no id"), ("q-" + "a" * 33, b"too long an id"),
         ("q-a", hostile), ("q-b", longest), ("q-c", longest + b"x"),
         ("q-a", b"again")]))
    t = tip_json(d, 7)
    expect(t["topic"] is None, t)
    expect([(a["id"], a["bytes"]) for a in t["answers"]] ==
           [("a", len(hostile)), ("b", 2000)], t["answers"])
    expect([f["name"] for f in t["fields"]] ==
           ["topic", "topic", "q-", "q-" + "a" * 33, "q-c", "q-a"], t)
    for a, value in zip(t["answers"], (hostile, longest)):
        expect(read(d.cases, "tip-000007", a["file"], mode="rb") == value, a)
    names = sorted(os.listdir(os.path.join(d.cases, "tip-000007", "data")))
    expect(names == [f"field-0{n}.txt" for n in range(1, 9)] +
           ["message.txt"], names)
    for path in ("tip-000007/tip.json", "tip-000007/index.html",
                 "index.html"):
        text = read(d.cases, path)  # which must be UTF-8
        bad = [c for c in text if c in "\x7f\u202e" or
               (c < " " and c not in "\n\t")]
        expect(not bad, path, bad)
        expect(path.endswith(".json") or "<script" not in text, path)


def make_bundle_makes_no_field_that_no_server_could():
    write("x", "x")
    run(MAKE_BUNDLE, "bundle", "server/server.key", "keyset.txt", "b1",
        "b.none", text="tip\nfield q-../../x x\nend\n", code=1)


def cases_of_a_tool_without_topics_are_still_listed():
    d = Desk()
    for n in range(1, 7):
        t = tip_json(d, n)
        del t["topic"], t["answers"]
        write(os.path.join(d.cases, f"tip-{n:06d}", "tip.json"),
              json.dumps(t))
    before = read(d.cases, "index.html")
    # What it remembered of its tips: number and thread.
    raw = b"tipline-threads1"
    for n in range(1, 7):
        thread = bytes.fromhex(tip_json(d, n)["thread"] or "0" * 16)
        raw += n.to_bytes(8, "little") + thread
    with open(os.path.join(d.cases, ".threads"), "wb") as f:
        f.write(raw)
    d.open("b1")
    expect(read(d.cases, "index.html") == before, "another list")
    d.open(forms("b.new", "b1", [("topic", b"harbour")]))
    page = read(d.cases, "index.html")
    expect("<p>Topics: harbour 1, no topic 6</p>" in page, page)
    expect("tip-000004/" in row_of(page, 1), page)
    d.reply(1, text="one")


# --- reply

def a_reply_reaches_whoever_has_the_code_and_nobody_else():
    d = Desk()
    d.reply(1, "--text", "text", says="is sealed and waits in")
    d.reply(2, text="from standard input\n")
    expect(len(d.outbox()) == 2, d.outbox())
    out, said = d.ack(says=("2 replies", "2 written", "confirms 6 opened tips:"
                            " tips 1 to 6"))
    r = Returns(out)
    expect(r.number == 1, r.number)
    expect(r.texts(0) == ['Thank you.|Who is "he"? <we> & you'], r.replies)
    expect(r.texts(1) == ["from standard input"], r.replies)
    expect(all(last == TODAY + 60 and day in (str(TODAY), str(TODAY + 1))
               for last, _, day, _ in r.replies), r.replies)
    expect(d.outbox() == ["sent"], d.outbox())
    # The next has none of them.
    out, said = d.ack(says="has no replies")
    expect(Returns(out).number == 2 and not Returns(out).replies, "twice")


def replying_to_any_tip_of_a_thread_reaches_one_mailbox():
    d = Desk()
    d.reply(1, text="one")
    d.reply(4, text="four")
    expect(Returns(d.ack()[0]).texts(0) == ["four", "one"], "mailbox")


def nothing_readable_stays_of_a_reply():
    d = Desk()
    d.reply(1, text="a very particular sentence")
    d.ack()
    for at, _, files in os.walk(d.dir):
        for f in files:
            expect(b"particular" not in read(at, f, mode="rb"), at, f)
    for f in d.outbox():
        sb = os.stat(os.path.join(d.keys, "outbox", f))
        expect(sb.st_mode & 0o777 == 0o600, f, oct(sb.st_mode))


def what_cannot_be_answered_is_said():
    d = Desk()
    d.reply(5, text="x", code=1, says="came without a return code")
    d.reply(99, text="x", code=1, says="there is no tip 99 in")
    d.reply(0, text="x", code=2)
    d.reply("one", text="x", code=2)
    expect(d.outbox() == [], d.outbox())


def a_tip_of_an_earlier_server_is_not_taken_for_ours():
    d = Desk()
    path = os.path.join(d.cases, "tip-000002", "tip.json")
    ours = read(path)
    theirs = dict(json.loads(ours), server="0" * 16)
    write(path, json.dumps(theirs))
    # Its sender may be answered; nothing is noted of our tip 2.
    d.reply(2, text="to whoever has that code", says="is sealed and waits in")
    r = Returns(d.arrived(says="answers 2 other opened tips not")[0])
    expect(r.texts(1) == ["to whoever has that code"], r.replies)
    write(path, ours)
    r = Returns(d.arrived(says="1 that a tip arrived")[0])
    expect(r.texts(1) == [ARRIVED], r.replies)


def what_killed_runs_left_is_removed():
    d = Desk()
    d.reply(1, text="one")
    left = [os.path.join(d.keys, "outbox", ".sent.tmp-0123456789abcdef")]
    left += [os.path.join(d.cases, f) for f in (
        ".index.html.tmp-0123456789abcdef", ".threads.tmp-0123456789abcdef",
        ".index-0001.html.tmp-0123456789abcdef")]
    for path in left:
        write(path, "something is wrong")
    d.open("b1")
    for path in left:
        expect(not os.path.exists(path), path)
    expect(len(d.outbox()) == 1 and os.path.exists(
        os.path.join(d.cases, ".threads")), "too much")


def a_text_that_no_page_could_show_is_refused():
    d = Desk()
    good = [("a" * 3900, "3900 bytes"), ("é" * 1950, "3900 bytes"),
            ("<" * 2000, "2000 bytes"), ("a\r\nb\n\n\n", "3 bytes")]
    bad = [("a" * 3901, "1 byte too long"), ("é" * 1951, "2 bytes too long"),
           ("<" * 2001, "4 bytes too long"), ("a" * 20000, "far too long"),
           ("", "empty"), ("\n\n", "empty"), ("a\tb", "not plain UTF-8"),
           ("a\x1b[2J", "not plain UTF-8"), ("a\rb", "not plain UTF-8")]
    for text, says in good:
        d.reply(1, "--text", write("t", ""), code=1, says="empty")
        with open("t", "w", newline="") as f:
            f.write(text)
        d.reply(1, "--text", "t", says=says)
    for text, says in bad:
        with open("t", "w", newline="") as f:
            f.write(text)
        d.reply(1, "--text", "t", code=1, says=says)
    with open("t", "wb") as f:
        f.write(b"a\xff")
    d.reply(1, "--text", "t", code=1, says="not plain UTF-8")
    expect(len(d.outbox()) == len(good), d.outbox())


def a_terminal_shows_how_many_bytes_are_left():
    d = Desk()
    master, slave = pty.openpty()
    p = subprocess.Popen([ANALYST, "reply", d.keys, d.cases, "1", *PASS],
                         stdin=slave, stderr=subprocess.PIPE,
                         stdout=subprocess.PIPE)
    os.write(master, b"hello\n")
    os.write(master, b"b" * 3000 + b"\n")
    os.write(master, b"c" * 1000 + b"\n")
    os.write(master, b"\x04")
    said = p.communicate(timeout=60)[1].decode()
    os.close(slave)
    os.close(master)
    expect(p.returncode == 0, said)
    for s in ("3894 bytes left.", "893 bytes left.",
              "This line is 108 bytes too long and was not taken; 893 left.",
              "(3006 bytes) is sealed"):
        expect(s in said, s, said)


# --- ack

def all_that_was_opened_is_confirmed_each_time():
    d = Desk()
    out, _ = d.ack()
    r = Returns(out)
    expect(r.confirmed == [(1, 6)], r.confirmed)
    d.open("b2")
    again = Returns(d.ack()[0])
    expect(again.confirmed == [(1, 8)], again.confirmed)
    expect(again.chain[0][0] == r.chain[0][0], "one genesis")
    # The chain behind tip 6 is what bundle 2 says comes before it.
    head = read("b2", mode="rb")[:156]
    expect(r.chain[0][1] == head[60:92].hex(), "the bundle's own link")


def what_was_not_opened_is_not_confirmed():
    keys = tempfile.mkdtemp(dir=".") + "/keys"
    shutil.copytree("keys", keys)
    for f in os.listdir(keys):
        if f.startswith("ledger-"):
            os.unlink(os.path.join(keys, f))
    run(ANALYST, "verify", keys, "b1")
    run(ANALYST, "ack", keys, "out.none", *PASS, says="confirms no tips")
    expect(Returns("out.none").confirmed == [], "confirmed")
    # Tip 2 cannot be opened, so two ranges stand around it.
    recipe = ("tip\nmessage msg\nend\ntip wrong-key\nmessage msg\nend\n"
              "tip\nmessage msg\nend\n")
    for f in os.listdir(keys):
        if f.startswith("ledger-"):
            os.unlink(os.path.join(keys, f))
    run(MAKE_BUNDLE, "bundle", "server/server.key", "keyset.txt", "1", "b.w",
        text=recipe)
    run(ANALYST, "open", keys, "b.w", "cases.w", *PASS, code=1)
    run(ANALYST, "ack", keys, "out.w", *PASS, says="confirms 2 opened tips:"
        " tips 1 and 3")
    expect(Returns("out.w").confirmed == [(1, 1), (3, 3)], "ranges")


def a_gap_in_the_chain_holds_up_what_is_behind_it_only():
    keys = tempfile.mkdtemp(dir=".") + "/keys"
    shutil.copytree("keys", keys)
    for f in os.listdir(keys):
        if f.startswith("ledger-"):
            os.unlink(os.path.join(keys, f))
    # Bundle 2 alone: its head tells the link before it.
    run(ANALYST, "open", keys, "b2", "cases.gap", *PASS, code=1)
    run(ANALYST, "ack", keys, "out.gap", *PASS, says="tips 7 and 8")
    expect(Returns("out.gap").confirmed == [(7, 8)], "ranges")
    # A tip taken out of a bundle: none behind it has a link yet.
    raw = read("b1", mode="rb")
    size = 113 + int.from_bytes(raw[156 + 9:156 + 17], "little")
    with open("b.hole", "wb") as f:
        f.write(raw[:156 + size] + raw[156 + 2 * size:])
    run(ANALYST, "open", keys, "b.hole", "cases.gap", *PASS, code=1)
    run(ANALYST, "ack", keys, "out.hole", *PASS,
        says=("confirms 3 opened tips: tips 1, 7 and 8",
              "does not confirm 4 opened tips: some before them have not"))
    expect(Returns("out.hole").confirmed == [(1, 1), (7, 8)], "ranges")
    run(ANALYST, "open", keys, "b1", "cases.gap", *PASS)
    run(ANALYST, "ack", keys, "out.whole", *PASS, says="tips 1 to 8")


def every_opened_tip_is_told_once_that_it_arrived():
    d = Desk()
    d.reply(2, text="by hand")
    out, said = d.arrived(says=("4 replies", "1 written, 3 that a tip arrived",
                                "answers 1 other opened tip not",
                                "answers 1 opened tip with the same word"))
    r = Returns(out)
    expect(r.texts(0) == [ARRIVED], r.replies)
    expect(r.texts(1) == ["by hand"] and r.texts(2) == [ARRIVED], r.replies)
    expect(not Returns(d.arrived()[0]).replies, "again")
    d.open("b2")
    write("arrived", "It came. <3\n")
    r = Returns(d.arrived("--arrived-text", "arrived")[0])
    expect(r.texts(3) == ["It came. <3"] and r.texts(0) == ["It came. <3"],
           r.replies)


def many_tips_of_a_thread_push_no_written_answer_out():
    """A server keeps eight replies in a mailbox."""
    d = Desk()
    d.reply(1, text="by hand")
    bundle("b20", "b1", [0] * 20)
    d.open("b20")
    r = Returns(d.arrived(says="answers 20 opened tips with the same")[0])
    expect(r.texts(0) == [ARRIVED, "by hand"], r.texts(0))
    r = Returns(d.arrived()[0])
    expect(not r.replies, "again", r.replies)


def decoys_hide_how_many_replies_there_are():
    d = Desk()
    r = Returns(d.ack("--pad", "4", says="4 decoys")[0])
    expect(len(r.replies) == 4 and all(x[1] == "-" for x in r.replies), r)
    d.reply(1, text="one")
    r = Returns(d.ack("--pad", "4")[0])
    expect(len(r.replies) == 4 and r.texts(0) == ["one"], r.replies)
    expect({x[0] for x in r.replies} == {TODAY + 60}, "days differ")
    # Where the true one stands is chance: 8 of 8 first is 1 in 65536.
    places = set()
    for _ in range(8):
        d.reply(1, text="x")
        r = Returns(d.ack("--pad", "4", "--keep-days", "7")[0])
        places.add([x[1] for x in r.replies].index("0"))
        expect(r.replies[0][0] == TODAY + 7, r.replies)
    expect(len(places) > 1, "always in one place")


def a_lost_return_bundle_can_be_made_again():
    d = Desk()
    d.ack("--again", code=1, says="there was no return bundle before")
    d.reply(1, text="one")
    lost = Returns(d.ack("--pad", "3")[0])
    d.reply(2, text="meanwhile")
    out, _ = d.ack("--again", says="the 3 replies of the last one again")
    again = Returns(out)
    expect(again.number == lost.number + 1, again.number)
    expect(again.texts(0) == ["one"] and len(again.replies) == 3 and
           again.texts(1) == [], again.replies)
    expect(again.confirmed == lost.confirmed, "confirmed")
    r = Returns(d.ack()[0])
    expect(r.texts(1) == ["meanwhile"] and r.texts(0) == [], r.replies)


def links_tell_a_restored_server_what_it_forgot():
    d = Desk()
    d.open("b2")
    r = Returns(d.ack("--links-from", "4",
                      says="has links of tips 4 to 8")[0])
    expect(r.links == [4, 5, 6, 7, 8], r.links)
    r = Returns(d.ack("--links-from", "9", says="has no links")[0])
    expect(r.links == [], r.links)


def a_return_bundle_is_whole_or_not_there():
    d = Desk()
    d.reply(1, text="one")
    out = os.path.join(d.dir, "taken")
    write(out, "mine")
    run(ANALYST, "ack", d.keys, out, *PASS, code=1, says="refusing to")
    expect(read(out) == "mine", "overwritten")
    run(ANALYST, "ack", d.keys, os.path.join(d.dir, "no/such"), *PASS, code=1)
    expect(len(d.outbox()) == 1, "lost", d.outbox())
    # No number is used twice, also not after a failure.
    r = Returns(d.ack()[0])
    expect(r.texts(0) == ["one"], r.replies)
    for bad in (("--pad", "0"), ("--pad", "x"), ("--keep-days", "0"),
                ("--arrived",), ("--again", "--pad", "2"),
                ("--arrived-text", "text"), ("--links-from", "0")):
        d.ack(*bad, code=2)


# --- sentinels

def sentinel(d, *words, code=0, says=()):
    return run(ANALYST, "sentinel", words[0], d.keys, *words[1:], code=code,
               says=says)


def a_sentinel_comes_back():
    d = Desk()
    made = os.path.join(d.dir, "made")
    sentinel(d, "make", "--out", made, says="is remembered")
    write("own", "A text of my own \nwith two lines\n\n")
    sentinel(d, "add", "own")
    sentinel(d, "add", "own", code=1, says="is a sentinel already")
    said = sentinel(d, "list")
    expect(said.count(": not yet") == 2, said)
    path = os.path.join(d.keys, "sentinels")
    expect(os.stat(path).st_mode & 0o777 == 0o600, "mode")
    words = [w for w in read(made).split() if len(w) > 5]
    expect(words and not any(w in read(path) for w in words), "not a digest")
    # As a browser sends it: CR LF, nothing at the end.
    with open("sent", "w", newline="") as f:
        f.write("A text of my own\r\nwith two lines\r\n")
    d.open(bundle("b.sent", "b1", [1], message="sent"),
           says="1 of them is a sentinel of our own")
    expect(tip_json(d, 7)["sentinel"] is True, "mark")
    expect(tip_json(d, 1)["sentinel"] is False, "mark")
    row = row_of(read(d.cases, "index.html"), 7)
    expect("<b>sentinel</b>" in row, row)
    said = sentinel(d, "list")
    expect(said.count("came back as tip 7") == 1 and
           said.count(": not yet") == 1, said)


def an_overdue_sentinel_is_said():
    d = Desk()
    sentinel(d, "add", "text", "--days", "1")
    path = os.path.join(d.keys, "sentinels")
    old = read(path).split("\n")
    f = old[1].split(" ")
    f[2], f[3] = "2026-01-01T00:00:00Z", "2026-01-08T00:00:00Z"
    write(path, old[0] + "\n" + " ".join(f) + "\n")
    said = sentinel(d, "list", code=1)
    expect("made 2026-01-01, due 2026-01-08: OVERDUE" in said, said)
    d.open("b2", says="1 sentinel is OVERDUE, since 2026-01-08: tips may be"
           " dropped without a sign")


def no_two_sentinels_are_alike():
    d = Desk()
    seen = set()
    for i in range(40):
        out = os.path.join(d.dir, f"s{i}")
        sentinel(d, "make", "--out", out)
        text = read(out)
        seen.add(text)
        expect(150 < len(text) < 2000 and text.count(".") >= 5, text)
        expect("%" not in text and text[0].isupper(), text)
    expect(len(seen) == 40, "alike")


def a_damaged_list_of_sentinels_is_refused():
    d = Desk()
    sentinel(d, "add", "text")
    path = os.path.join(d.keys, "sentinels")
    good = read(path)
    for bad in (good[:-5], good.replace("sentinels 1", "sentinels 2"),
                good.replace("2026", "20x6"), good + "x\n",
                good.replace(" 0\n", " 00\n")):
        write(path, bad)
        sentinel(d, "list", code=1, says="cannot use the file sentinels")
    write(path, good)
    os.chmod(path, 0o644)
    sentinel(d, "list", code=1, says="cannot use the file sentinels")


def wrong_use_is_2():
    d = Desk()
    for words in (("make",), ("add",), ("list", "x"), ("frob",),
                  ("make", "--out", "x", "--days", "0"),
                  ("add", "text", "--out", "x"), ("list", "--days", "3")):
        sentinel(d, *words, code=2)


if __name__ == "__main__":
    sys.exit(run_deeds(sys.modules[__name__], set_up, tip_json, row_of))
