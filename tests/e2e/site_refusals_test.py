#!/usr/bin/python3
"""What people see in real browsers, scripts off, when something is in the
way: limits, a closed line, a part that dies, a gateway; and the page for large
files, which tells how far they are."""
import os
import re
import signal
import time

from browser import Browser, write_index
from relay import Relay
from sitelines import (BOTH, GIVEN_BACK, MESSAGES, MORE, PROGRESS, RESULT,
                       SEND, Browsers, SiteLine, expect_language, local, send,
                       words_of)
from tipline import Failure, expect, run_tests, some_onion, wait_for

browsers = Browsers()
MIB = 1 << 20


def expect_given_back(b, message):
    got = b.value(GIVEN_BACK)
    expect(got == message, "given back:", repr(got[:200]))


def too_large_a_tip_is_refused_and_its_text_given_back():
    with SiteLine(upload="1M") as line:
        line.start()
        big = line.write_file("big.bin", os.urandom(40 * MIB))
        for where in BOTH + MORE:
            b = browsers.get(*where)
            send(b, line, MESSAGES[b.language], "too_large", [big])
            expect_language(b)
            b.shots("refused-too-large")
            expect_given_back(b, MESSAGES[b.language])
        expect(line.status()["tips"] == 0, "something was kept")
        line.stop()


def too_long_a_message_comes_back_as_far_as_it_fits():
    with SiteLine() as line:
        line.start()
        message = "0123456789abcdef" * (256 * 64) + "!"
        for where in BOTH:
            b = browsers.get(*where)
            b.open(line.url("/tip"), "form")
            b.paste("#message", message)
            b.click(SEND, "too_large")
            b.shots("refused-too-long")
            got = b.value(GIVEN_BACK)
            expect(len(got) > 5000 and message.startswith(got), len(got))
            expect("only the beginning" in b.text("main"), "it is not said")
        expect(line.status()["tips"] == 0, "something was kept")
        line.stop()


def a_closed_line_says_so_and_gives_the_text_back():
    with SiteLine() as line:
        line.start()
        opened = [browsers.get(*where) for where in BOTH]
        for b in opened:
            b.open(line.url("/tip"), "form")
        line.stop()
        for name in ("keyset.txt", "keyset.txt.minisig"):
            os.unlink(os.path.join(line.line, name))
        line.start()
        for b in opened:
            b.type("#message", "written while it closed")
            b.click(SEND, "closed")
            b.shots("refused-closed")
            expect_given_back(b, "written while it closed")
            b.open(line.url("/tip"), "closed")
            expect(not b.visible(GIVEN_BACK), "a text of nobody")
        for where in MORE:
            b = browsers.get(*where)
            b.open(line.url("/tip", b.language), "closed")
            expect_language(b)
            b.shots("refused-closed")
        line.stop()


def a_keeper_that_dies_while_a_tip_comes_costs_no_text():
    with SiteLine() as line, Relay(line, rate=4 * MIB) as relay:
        line.may_die = True
        line.start()
        path = line.write_file("some.bin", os.urandom(8 * MIB))
        for where in BOTH + MORE:
            b = browsers.get(*where)
            b.open(relay.url + local("/tip", b.language), "form")
            b.type("#message", MESSAGES[b.language])
            b.choose("#file", [path])
            b.click(SEND)
            time.sleep(.7)
            os.kill(line.keeper(), signal.SIGKILL)
            b.wait("away")
            b.shots("refused-away")
            expect_given_back(b, MESSAGES[b.language])
            line.wait_ready()
        expect(line.status()["tips"] == 0, "something was kept")
        line.stop()


def a_keeper_that_dies_at_the_very_end_leaves_it_uncertain():
    with SiteLine() as line:
        line.may_die = True
        line.start()
        for where in BOTH:
            b = browsers.get(*where)
            b.open(line.url("/tip"), "form")
            b.type("#message", "was it kept?")
            keeper = line.keeper()
            os.kill(keeper, signal.SIGSTOP)
            b.click(SEND)
            time.sleep(.7)
            os.kill(keeper, signal.SIGKILL)
            b.wait("uncertain")
            b.shots("refused-uncertain")
            expect_given_back(b, "was it kept?")
            line.wait_ready()
        line.stop()


# ------------------------------------------------------------- large files

def percents(seen):
    return [int(m[1]) for text in seen
            if (m := re.search(r"(\d+) %[^%]*$", text))]


def in_progress(b, expression):
    """In the progress frame; None between two of its pages."""
    try:
        return b.evaluate(expression, PROGRESS)
    except Failure:
        return None


def frame_begins(b):
    """It has no end for a minute."""
    wait_for("the progress frame says something", lambda: in_progress(
        b, "!!document.querySelector('.step')"))


def watch(b, done, seconds=30):
    """What the progress frame says until it says done."""
    seen = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        text = in_progress(b, "document.querySelector('main').innerText")
        if text and (not seen or seen[-1] != text):
            seen.append(text)
            if len(percents(seen)) == 4:
                b.shots("large-2-under-way")
        if in_progress(b, "document.querySelector('main').id") == done:
            return seen
        time.sleep(.15)
    expect(False, "the progress frame never says", done, "but", seen)


def the_page_for_large_files_tells_how_far_they_are():
    data = os.urandom(6 * MIB)
    with SiteLine() as line, Relay(line, rate=1.2 * MIB) as relay:
        line.start()
        path = line.write_file("large.bin", data)
        for n, where in enumerate(BOTH + MORE, 1):
            b = browsers.get(*where)
            b.open(relay.url + local("/large", b.language), "large")
            b.shots("large-1-page")
            b.type("#message", "large")
            b.choose("#file", [path])
            b.click(SEND)
            seen = watch(b, "page-progress_kept")
            moved = percents(seen)
            expect(len(set(moved)) >= 4 and moved == sorted(moved) and
                   all(0 <= x <= 100 for x in moved), "it does not move:",
                   seen)
            b.wait("receipt", frame=RESULT)
            words_of(b, RESULT)
            b.shots("large-3-kept")
            expect(b.text("main .bad:not(#js)", PROGRESS) == "", seen)
            tips = line.open()
            expect(len(tips) == n, len(tips))
            with open(tips[-1].files[0][1], "rb") as f:
                expect(f.read() == data, "the file differs")
            b.click("a.next", "large", frame=RESULT)
            expect(b.value("#message") == "", "the page was not cleared")
        line.stop()


def a_refusal_shows_in_both_frames():
    with SiteLine(upload="1M") as line, Relay(line, rate=8 * MIB) as relay:
        line.start()
        path = line.write_file("large.bin", os.urandom(16 * MIB))
        for where in BOTH + MORE:
            b = browsers.get(*where)
            b.open(relay.url + local("/large", b.language), "large")
            b.type("#message", MESSAGES[b.language])
            b.choose("#file", [path])
            start = time.monotonic()
            b.click(SEND)
            watch(b, "page-too_large")
            print("       %s: refused in the progress frame after %.1f s" % (
                b.which, time.monotonic() - start))
            b.wait("too_large", frame=RESULT)
            b.shots("large-4-refused")
            got = b.evaluate("document.querySelector('%s').value" % GIVEN_BACK,
                             RESULT)
            expect(got == MESSAGES[b.language], "given back:", got)
        expect(line.status()["tips"] == 0, "something was kept")
        line.stop()


# ------------------------------------------------------- scripts, go-betweens

def the_banner_about_scripts_is_there_when_they_run_and_only_then():
    with SiteLine() as line:
        line.start()
        for which, _ in BOTH:
            with Browser(which, scripts=True) as b:
                for path, page in (("/", "welcome"), ("/tip", "form"),
                                   ("/large", "large")):
                    b.open(line.url(path), page)
                    expect(b.visible("#js"), which, page, "has no banner")
                    b.shots("scripts-on-" + page)
                frame_begins(b)
                expect(not b.visible("#js", PROGRESS), "a banner in a frame")
            b = browsers.get(which)
            for path, page in (("/", "welcome"), ("/tip", "form"),
                               ("/large", "large")):
                b.open(line.url(path), page)
                expect(b.evaluate("!!document.querySelector('#js')") and
                       not b.visible("#js"), which, page, "has a banner")
            frame_begins(b)
            expect(not b.visible("#js", PROGRESS), "a banner in a frame")
        line.stop()


def a_web_gateway_to_tor_is_told_and_nothing_is_kept():
    with SiteLine(onion=some_onion()) as line, \
            Relay(line) as honest, Relay(line, gateway=True) as gateway:
        line.start()
        for n, where in enumerate(BOTH + MORE, 1):
            b = browsers.get(*where)
            for path, page in (("/", "welcome"), ("/tip", "form"),
                               ("/large", "large"), ("/return", "return")):
                path = local(path, b.language)
                b.open(honest.url + path, page)
                expect(b.evaluate("!!document.querySelector('.relay')") and
                       not b.visible(".relay"), page, "warns of nobody")
                b.open(gateway.url + path, page)
                expect(b.visible(".relay"), page, "warns of no gateway")
            b.paste("#code", "some words")
            b.click(SEND, "gateway")
            b.open(gateway.url + local("/tip", b.language), "form")
            b.shots("gateway-1-form")
            b.type("#message", "read by others")
            b.click(SEND, "gateway")
            b.shots("gateway-2-refused")
            expect(not b.visible(GIVEN_BACK), "the text goes there again")
            expect(line.status()["tips"] == n - 1, "it was kept")
            # The same way without the changes.
            b.open(honest.url + local("/tip", b.language), "form")
            b.type("#message", "read by nobody")
            b.click(SEND, "receipt")
            expect(line.status()["tips"] == n, "it was not kept")
        line.stop()


if __name__ == "__main__":
    try:
        run_tests(
            too_large_a_tip_is_refused_and_its_text_given_back,
            too_long_a_message_comes_back_as_far_as_it_fits,
            a_closed_line_says_so_and_gives_the_text_back,
            a_keeper_that_dies_while_a_tip_comes_costs_no_text,
            a_keeper_that_dies_at_the_very_end_leaves_it_uncertain,
            the_page_for_large_files_tells_how_far_they_are,
            a_refusal_shows_in_both_frames,
            the_banner_about_scripts_is_there_when_they_run_and_only_then,
            a_web_gateway_to_tor_is_told_and_nothing_is_kept)
    finally:
        browsers.close()
        write_index()
