#!/usr/bin/python3
"""What browsers load, run and frame of our pages: one request each, and
nothing that somebody on the way puts into them."""
import re
import time

from browser import Browser
from site_pages import install_texts, languages
from socks_relay import SocksRelay
from tipline import Line, expect, run_tests, some_onion, wait_for

ELSEWHERE = some_onion()
BROWSERS = ("firefox", "chromium")
GETS = ("/", "/before", "/tip", "/return", "/keys", "/not-there")
URL = "http://%s/" % ELSEWHERE

# Firefox asks for pictures of other hosts over TLS instead, which tells the
# relay no path.
NO_HTTPS = {"security.mixed_content.upgrade_display_content": False}

# Put at the end of a page: what must be forbidden, by name.  What is loaded
# is asked of ELSEWHERE under /NAME.
LOADS = {
    "image": '<img src="%simage.png">',
    "style-sheet": '<link rel="stylesheet" href="%sstyle-sheet.css">',
    "import": '<style>@import url("%simport.css");</style>',
    "background":
        '<p id="b" style="background:url(%sbackground.png)">x</p>',
    "font": '<style>@font-face{font-family:f;src:url(%sfont.woff2)}'
            '#f{font-family:f}</style><p id="f">x</p>',
    "script-file": '<script src="%sscript-file.js"></script>',
    "frame": '<iframe src="%sframe"></iframe>',
    "object": '<object data="%sobject" type="text/html"></object>',
    "embed": '<embed src="%sembed" type="text/html">',
    "video": '<video src="%svideo" preload="auto"></video>',
    "sound": '<audio src="%ssound" preload="auto"></audio>',
    "input": '<input type="image" src="%sinput.png" alt="x">',
}
RUNS = {
    "inline": "<script>document.documentElement.setAttribute("
              "'data-inline', 1)</script>",
    "handler": '<img src="data:," alt="" onerror="document.documentElement'
               ".setAttribute('data-handler', 1)\">",
    "file": "",  # script-file above
}
PAINTS = {
    "style": "<style>#painted{outline:7px solid red}</style>"
             '<p id="painted">x</p>',
    "attribute": '<p id="inked" style="outline:7px solid red">x</p>',
}
FORM = '<form id="away" method="post" action="%sform">' \
    '<button type="submit">x</button></form>' % URL
BASE = '<base href="%sbase/">' % URL
WIDTH = "getComputedStyle(document.querySelector('%s')).outlineWidth"


def injected(policy):
    """The relay's change: with what must be forbidden, with our policy or
    without."""
    more = "".join(x % URL for x in LOADS.values()) + "".join(
        RUNS.values()) + "".join(PAINTS.values()) + FORM

    def change(path, head, body):
        body = body.rstrip(b"\n").replace(b"</main>", more.encode() +
                                          b"</main>")
        body = body.replace(b"<meta charset", BASE.encode() +
                            b"<meta charset")
        return (head if policy else without_policy(head)), body
    return change


def without_policy(head):
    out = re.sub(rb"\r\nContent-Security-Policy:[^\r]*", b"", head)
    out = re.sub(rb"\r\nX-Frame-Options:[^\r]*", b"", out)
    expect(len(out) < len(head) - 100, "there was no policy", head)
    return out


def happened(b, relay):
    """What of it took place, by name."""
    time.sleep(1)  # for what is loaded after the page has ended
    root = "document.documentElement.hasAttribute('data-%s')"
    done = {x for x in RUNS if b.evaluate(root % x)}
    done |= {name for name, what in (("style", "#painted"),
                                     ("attribute", "#inked"))
             if b.evaluate(WIDTH % what) == "7px"}
    if ELSEWHERE in b.evaluate("document.baseURI"):
        done.add("base")
    b.click("#away button")
    time.sleep(1)
    for host, path in relay.take():
        if host == ELSEWHERE:
            done.add(path.strip("/").split(".")[0])
    return done


WANTED = {*LOADS, *RUNS, *PAINTS, "form", "base"}


def nothing_put_into_a_page_is_loaded_run_or_sent():
    """Scripts are on here, as in a browser that was set up badly."""
    with Line(onion=some_onion()) as line:
        line.start()
        for which in BROWSERS:
            for policy in (False, True):
                with SocksRelay(line, injected(policy)) as relay, \
                        Browser(which, relay.address, scripts=True,
                                prefs=NO_HTTPS) as b:
                    b.open("http://%s/tip" % line.onion, "form")
                    done = happened(b, relay)
                    if policy:
                        expect(not done, which, "lets happen", done)
                    else:  # else the test proves nothing
                        expect(done >= WANTED, which, "does not even try",
                               WANTED - done)
        line.stop()


FRAME = "iframe:nth-of-type(%d)"
PAGE = "document.querySelector('main')?.id.replace('page-', '') ?? null"


def frames(b, count):
    """Which of our pages each frame shows; None: none of ours."""
    return [b.evaluate(PAGE, FRAME % (i + 1)) for i in range(count)]


def frame(path):
    return b'<iframe src="%s"></iframe>' % path.encode()


def our_pages_are_shown_in_no_frame_but_those_of_progress():
    with Line(onion=some_onion()) as line:
        line.start()
        ours = ["http://%s%s" % (line.onion, p) for p in GETS]
        stranger = b"<!DOCTYPE html><title>x</title>" + b"".join(
            map(frame, ours))

        def strip(_path, head, body):
            return without_policy(head), body

        def inside(path, head, body):
            """Our own page for large files, with one frame more."""
            if path == "/large":
                body = body.replace(b"</main>", frame("/tip") + b"</main>")
            return head, body
        for which in BROWSERS:
            for change in (strip, None):
                with SocksRelay(line, change, lambda *_: stranger) as relay, \
                        Browser(which, relay.address) as b:
                    b.do("open", url=URL + "frames")
                    wait_for("every frame was asked for", lambda: len(
                        [h for h, _ in relay.asked if h == line.onion]) ==
                        len(GETS), 20)
                    time.sleep(1)
                    shown = frames(b, len(GETS))
                    if change:
                        expect(None not in shown, which, "does not even show",
                               shown)
                    else:
                        expect(set(shown) == {None}, which, "shows", shown)
            with SocksRelay(line, inside) as relay, \
                    Browser(which, relay.address) as b:
                b.open("http://%s/large" % line.onion, "large")
                wait_for("the frame of progress is there",
                         lambda: frames(b, 1) == ["progress"])
                b.type("textarea[name=message]", "x")
                b.click("form [type=submit]")
                b.wait("receipt", frame=FRAME % 2)
                shown = frames(b, 3)
                expect(shown[0] in ("progress", "progress_kept") and
                       shown[1:] == ["receipt", None], which, "shows", shown)
        line.stop()


def each_page_is_one_request_and_asks_nobody_else():
    with Line(onion=some_onion()) as line:
        install_texts(line)
        line.start()
        for which in BROWSERS:
            with SocksRelay(line) as relay, Browser(which, relay.address) as b:
                pages = list(GETS) + ["/%s/tip" % x for x in languages()[1:]]
                for path in pages:
                    b.do("open", url="http://%s%s" % (line.onion, path))
                    b.do("wait")
                    time.sleep(0.1)
                    asked = relay.take()
                    expect(asked == [(line.onion, path)], which, asked)
                time.sleep(1)
                late = relay.take()
                expect(not late, which, "asked later for", late)
                b.open("http://%s/large" % line.onion, "large")
                time.sleep(1)
                asked = relay.take()
                expect(asked[0] == (line.onion, "/large") and
                       len({p for _, p in asked[1:]}) == 1 and
                       asked[1][1].startswith("/progress/") and
                       {h for h, _ in asked} == {line.onion}, which, asked)
                # What stays silent are connections kept ready.
                print("       %s: %d pages, %d silent connections" % (
                    b.name, len(pages) + 1, relay.silent))
        line.stop()


if __name__ == "__main__":
    run_tests(each_page_is_one_request_and_asks_nobody_else,
              nothing_put_into_a_page_is_loaded_run_or_sent,
              our_pages_are_shown_in_no_frame_but_those_of_progress)
