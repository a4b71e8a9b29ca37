#!/usr/bin/python3
"""The site as people walk through it, in real browsers with scripts off: a
tip is sent, its words are written down, an answer is read."""
import os
import time
import unicodedata

from browser import Browser, write_index
from sitelines import (BOTH, MESSAGES, MORE, SEND, Browsers, SiteLine,
                       come_back, expect_language, in_lines, send, words_of)
from tipline import Failure, expect, run_tests

browsers = Browsers()
FILES = {"what I saw.txt": b"line\r\nline\n\0\xff", "비밀 장부 2026.hwp":
         os.urandom(70001)}


def newest(line, count):
    tips = line.open()
    expect(len(tips) == count, len(tips), "tips instead of", count)
    return tips[-1]


def expect_files(tip, files):
    got = {}
    for name, path in tip.files:
        with open(path, "rb") as f:
            got[name] = f.read()
    expect(got == files, "other files:", [(n, len(d)) for n, d in got.items()])


def expect_one_side(b):
    """A question that is not there in the page's language begins on the same
    side as its hint."""
    sides = b.evaluate(
        "['label[for=q-region]', '#hint-q-region'].map((css) => "
        "getComputedStyle(document.querySelector(css)).direction).join()")
    expect(sides == "ltr,ltr", "label and hint are", sides)


def from_welcome_to_receipt(b, line):
    """The longest way; each page is shown to whoever looks at the screens."""
    b.open(line.url("/", b.language), "welcome")
    expect_language(b)
    b.shots("send-1-welcome")
    b.click("main a.next", "before")
    b.shots("send-2-before")
    b.click("main a.next", "form")
    expect_language(b)
    b.shots("send-3-form")
    expect_one_side(b)
    b.pick("#topic", "election-interference")
    b.type("#message", MESSAGES[b.language])
    b.pick("#q-region", "east-asia")
    b.type("#q-how-known", "Seen myself, 직접")
    paths = [line.write_file(*x) for x in FILES.items()]
    b.choose("#file", paths[:1])
    b.choose("#file2", paths[1:])
    b.shots("send-4-filled")
    b.click(SEND, "receipt")
    expect_language(b)
    b.shots("send-5-receipt")
    words_of(b)


def a_tip_with_topic_answers_and_files_arrives_byte_for_byte():
    with SiteLine() as line:
        line.start()
        for n, where in enumerate(BOTH + MORE, 1):
            b = browsers.get(*where)
            from_welcome_to_receipt(b, line)
            tip = newest(line, n)
            expect(tip.message == in_lines(MESSAGES[b.language]), tip.message)
            expect(tip.json["topic"] == "election-interference", tip.json)
            answers = {a["id"]: a["text"] for a in tip.json["answers"]}
            expect(answers == {"region": "east-asia",
                               "how-known": "Seen myself, 직접"}, answers)
            expect_files(tip, FILES)
        line.stop()


def who_wants_no_answer_gets_no_words():
    with SiteLine() as line:
        line.start()
        for n, where in enumerate(BOTH, 1):
            b = browsers.get(*where)
            b.open(line.url("/tip"), "form")
            b.type("#message", "no words")
            b.click("#no-reply")
            b.click(SEND, "receipt_none")
            b.shots("no-answer-receipt")
            expect(b.texts("ol.words li") == [], "there are words")
            tip = newest(line, n)
            expect(tip.json["mailbox"] is None, tip.json)
        line.stop()


def decorated(words):
    """As people type: in capitals, numbered, with too many blanks, and
    Korean in pieces as some keyboards make it."""
    typed = "\n".join("%d.  %s " % (n, w.upper())
                      for n, w in enumerate(words, 1))
    return "  " + unicodedata.normalize("NFD", typed) + "\n\n"


def read_newer_older_and_delete(b, line, words):
    come_back(b, line, " ".join(words), "reply")
    expect_language(b)
    b.shots("return-3-reply")
    first = b.text(".reply")
    hidden = ["button[value='1'][name=place]", "button[name=place][hidden]"]
    expect(b.visible(hidden[0]) and not b.visible(hidden[1]),
           "the newest has an older one and no newer")
    b.click(hidden[0], "reply")
    second = b.text(".reply")
    b.click("button[value='0'][name=place]", "reply")
    expect(b.text(".reply") == first and second != first,
           "not back at the newer one:", first, second)
    b.click("button[value=delete]", "forgotten")
    b.shots("return-4-forgotten")
    come_back(b, line, " ".join(words), "reply")
    expect(b.text(".reply") == second, "the other one is gone")
    return {first, second}


def whoever_comes_back_reads_answers_and_writes_again():
    said = {"Thank you.\nWhich week was it?", "شكرا 감사합니다: 3 < 4 & 5"}
    with SiteLine() as line:
        line.start()
        for n, where in enumerate(BOTH + MORE):
            b = browsers.get(*where)
            send(b, line, "first")
            words = words_of(b)
            b.open(line.url("/return", b.language), "return")
            b.shots("return-1-return")
            come_back(b, line, " ".join(words), "no_reply")
            expect_language(b)
            b.shots("return-2-no-reply")
            tip = newest(line, 2 * n + 1)
            line.answer(tip, *said)
            got = read_newer_older_and_delete(b, line, words)
            expect(got == said, "other answers:", got)
            b.type("#message", "and the second")
            b.click(SEND, "receipt_again")
            b.shots("return-5-receipt-again")
            again = newest(line, 2 * n + 2)
            expect(again.message == b"and the second" and
                   again.json["thread"] == tip.json["thread"] and
                   tip.json["thread"], "it is no thread")
            # On another language's page, and not as they were shown.
            b.language = "en" if b.language == "ko" else "ko"
            come_back(b, line, decorated(words), "reply")
        line.stop()


def words_written_on_the_page_without_an_answer_make_a_thread():
    with SiteLine() as line:
        line.start()
        for n, where in enumerate(BOTH):
            b = browsers.get(*where)
            send(b, line, "first")
            words = words_of(b)
            come_back(b, line, " ".join(words), "no_reply")
            b.paste("#code", decorated(words))
            b.type("#message", "second")
            b.click(SEND, "receipt_again")
            one, two = line.open()[2 * n:]
            expect(one.json["thread"] == two.json["thread"], "no thread")
        line.stop()


def words_with_an_error_are_explained_and_stay_to_be_mended():
    with SiteLine() as line:
        line.start()
        for where in BOTH + MORE:
            b = browsers.get(*where)
            send(b, line, "words")
            words = words_of(b)
            wrong = " ".join(words[:4] + ["qqqq"] + words[5:])
            come_back(b, line, wrong, "bad_words")
            b.shots("words-1-on-no-list")
            expect("5" in b.text("p.bad:not(#js)"), b.text("main"))
            expect(b.value("#code") == wrong, b.value("#code"))
            # Mended where they stand.
            b.paste("#code", " ".join(words[:11]))
            b.click(SEND, "bad_words")
            expect("11" in b.text("p.bad:not(#js)"), b.text("main"))
            b.paste("#code", " ".join(words))
            b.click(SEND, "no_reply")
        line.stop()


def do_not_fit(b, line, words):
    """Two that have changed places; one in 16 such errors is no error."""
    for i in range(8):
        turned = words[:i] + [words[i + 1], words[i]] + words[i + 2:]
        b.open(line.url("/return", b.language), "return")
        b.paste("#code", " ".join(turned))
        b.do("click", css=SEND, frame=None)
        if b.do("wait") == "bad_words":
            return turned
    raise AssertionError("no two words can be seen to be turned")


def words_that_have_changed_places_do_not_fit_together():
    with SiteLine() as line:
        line.start()
        for where in BOTH:
            b = browsers.get(*where)
            send(b, line, "words")
            words = words_of(b)
            turned = do_not_fit(b, line, words)
            b.shots("words-2-do-not-fit")
            expect("do not fit together" in b.text("p.bad:not(#js)"),
                   b.text("main"))
            expect(b.value("#code") == " ".join(turned), "they are gone")
        line.stop()


def more_is_added_on_the_receipt():
    with SiteLine() as line:
        line.start()
        path = line.write_file("more.bin", FILES["비밀 장부 2026.hwp"])
        for n, where in enumerate(BOTH):
            b = browsers.get(*where)
            send(b, line, "first")
            b.type("#message", "one more thing")
            b.choose("#file", [path])
            b.click(SEND, "receipt_again")
            b.shots("add-receipt-again")
            one, two = line.open()[2 * n:]
            expect(two.message == b"one more thing", two.message)
            expect_files(two, {"more.bin": FILES["비밀 장부 2026.hwp"]})
            expect(one.json["thread"] == two.json["thread"], "no thread")
        line.stop()


def seen(b):
    """Whatever is on the screen, if it can be asked."""
    try:
        return b.evaluate("document.title + ': ' + document.body.innerText")
    except Failure as e:
        return str(e)


def back_and_forward_after_a_receipt_send_nothing_again():
    with SiteLine() as line:
        line.start()
        for n, where in enumerate(BOTH, 1):
            b = browsers.get(*where)
            send(b, line, "once")
            b.back()
            b.wait("form")
            print("      ", b.name, "after Back the message is",
                  repr(b.value("#message")))
            # What comes now is the browser's own question, or nothing.
            b.forward()
            time.sleep(1)
            print("      ", b.name, "after Forward shows",
                  repr(seen(b)[:200]))
            expect(line.status()["tips"] == n, "it was sent again")
        line.stop()


def loading_the_receipt_anew_sends_nothing_that_was_not_asked_for():
    """Browsers ask before they send a form again.  Chromium's driver says yes
    by itself, and that is what a person gets who says yes."""
    with SiteLine() as line:
        line.start()
        b = Browser("firefox")  # it is left with its question
        with b:
            send(b, line, "asked")
            b.reload()
            time.sleep(2)
            expect(b.texts("ol.words li"), "the receipt is gone")
            expect(line.status()["tips"] == 1, "it was sent again unasked")
        b = browsers.get("chromium")
        send(b, line, "said yes")
        words = words_of(b)
        b.reload()
        b.wait("receipt")
        expect(words_of(b) != words, "the words are the same")
        expect([t.message for t in line.open()] ==
               [b"asked", b"said yes", b"said yes"], "other tips")
        line.stop()


def the_form_is_filled_and_sent_with_the_keyboard_alone():
    focus = ("(() => { const e = document.activeElement,"
             " s = getComputedStyle(e); return [e.id || e.type || e.tagName,"
             " e.matches(':focus-visible') && s.outlineStyle === 'solid' &&"
             " parseInt(s.outlineWidth) > 1].join(' ') })()")
    with SiteLine() as line:
        line.start()
        for n, where in enumerate(BOTH, 1):
            b = browsers.get(*where)
            b.open(line.url("/tip"), "form")
            reached = {}
            for _ in range(40):
                b.press("Tab")
                name, visible = b.evaluate(focus).rsplit(" ", 1)
                reached[name] = visible
                if name == "message":
                    b.do("type", text="typed")
                    b.view("keyboard-1-message")
                elif name == "no-reply":
                    b.press("Space")
                    b.view("keyboard-2-no-answer")
                elif name == "submit":
                    break
            b.view("keyboard-3-send")
            expect({"A", "topic", "message", "q-region", "q-how-known", "file",
                    "file2", "no-reply", "submit"} == set(reached), reached)
            expect(set(reached.values()) == {"true"},
                   "the focus is not seen on", reached)
            b.press("Enter" if b.which == "firefox" else "Space")
            b.wait("receipt_none")
            expect(newest(line, n).message == b"typed", "another message")
        line.stop()


if __name__ == "__main__":
    try:
        run_tests(
            a_tip_with_topic_answers_and_files_arrives_byte_for_byte,
            who_wants_no_answer_gets_no_words,
            whoever_comes_back_reads_answers_and_writes_again,
            words_written_on_the_page_without_an_answer_make_a_thread,
            words_with_an_error_are_explained_and_stay_to_be_mended,
            words_that_have_changed_places_do_not_fit_together,
            more_is_added_on_the_receipt,
            back_and_forward_after_a_receipt_send_nothing_again,
            loading_the_receipt_anew_sends_nothing_that_was_not_asked_for,
            the_form_is_filled_and_sent_with_the_keyboard_alone)
    finally:
        browsers.close()
        write_index()
