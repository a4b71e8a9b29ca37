#!/usr/bin/env python3
"""The pages as files, which an operator looks at before visitors do: all of
them, in all languages, linked and whole; and texts that no page can hold.
"""
import os
import re
import resource
import signal
import stat
import subprocess
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from tipline import ROOT, Line, expect, run_tests, some_onion, wait_for

EXAMPLE = os.path.join(ROOT, "deploy", "texts.example.ini")
LANGUAGES = sorted(["en"] + [name[:-3] for name in os.listdir(
    os.path.join(ROOT, "site", "po")) if name.endswith(".po")])
# Written in other ways than once under their own name.
FAULTS = ["bad_words_" + what for what in ("empty", "count", "word", "sum")]
FRAMED = [name + "_framed" for name in (
    "receipt", "receipt_again", "receipt_none", "too_large")]
VOID = ("meta", "link", "input", "base", "br", "hr", "img")


def stems():
    """The pages that the site knows, from the list in its header."""
    with open(os.path.join(ROOT, "site", "site.h")) as f:
        text = f.read()
    text = text[text.index("#define SITE_PAGES"):
                text.index("#define SITE_PIECES")]
    found = re.findall(r"X\(SITE_\w+, (\w+) ?\)", text)
    expect(len(found) > 30, found)
    return found


def names(keys, second):
    """What a language's folder must hold."""
    found = [s for s in stems() if s not in ("bad_words", "keys_part", "keys")]
    found += FAULTS + FRAMED + ["closed_day"]
    found += ["keys"] * keys + ["keys_part"] * second
    return sorted(name + ".html" for name in found)


class Page(HTMLParser):
    """A page: its links; elements that were not closed are an error."""

    def __init__(self, path):
        super().__init__()
        self.path = path
        self.open = []
        self.links, self.actions, self.ids = [], [], []
        self.lang = self.dir = None
        self.text = ""
        with open(path, encoding="utf-8") as f:
            self.raw = f.read()
        expect(self.raw.startswith("<!DOCTYPE html>\n"), path)
        expect(self.raw.endswith("</html>\n"), path, repr(self.raw[-40:]))
        expect(not self.raw.endswith("\n\n"), path, "is filled up")
        self.feed(self.raw)
        self.close()
        expect(not self.open, path, "does not close", self.open)
        expect("\1" not in self.raw and "{{" not in self.raw and
               "[[" not in self.raw, path, "has marks")

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "html":
            self.lang, self.dir = attrs["lang"], attrs["dir"]
        if tag == "a":
            self.links.append(attrs["href"])
        if tag == "iframe" and "src" in attrs:
            self.links.append(attrs["src"])
        if tag == "form":
            self.actions.append(attrs["action"])
        if "id" in attrs:
            self.ids.append(attrs["id"])

    def handle_endtag(self, tag):
        expect(self.open and self.open[-1] == tag, self.path, "closes", tag,
               "within", self.open)
        self.open.pop()

    def handle_data(self, data):
        self.text += data

    def targets(self):
        """The files that its links lead to; none may lead elsewhere."""
        for link in self.links:
            parts = urlsplit(link)
            expect(not parts.scheme and not parts.netloc, self.path, link)
            if parts.path:
                yield os.path.normpath(os.path.join(
                    os.path.dirname(self.path), unquote(parts.path)))


def preview(line, folder, *more, code=0, **kw):
    p = line.tool("tipline-operator", "preview", line.line, folder, *more,
                  check=False, **kw)
    out, err = p.stdout.decode(), p.stderr.decode()
    expect(p.returncode == code, "exit", p.returncode, out, err)
    return out if code == 0 else err


def check_folder(folder, languages, keys=False, second=False):
    """All files are there, closed to others, linked and whole."""
    expect(sorted(os.listdir(folder)) == sorted(languages + ["index.html"]),
           os.listdir(folder))
    index = Page(os.path.join(folder, "index.html"))
    listed = sorted(index.targets())
    expect(len(listed) == len(set(listed)), "a page is listed twice")
    there = []
    for code in languages:
        expect(code in index.ids, "no section for", code)
        sub = os.path.join(folder, code)
        expect(sorted(os.listdir(sub)) == names(keys, second),
               set(os.listdir(sub)) ^ set(names(keys, second)))
        there += [os.path.join(sub, name) for name in os.listdir(sub)]
    expect(listed == sorted(there), set(listed) ^ set(there))
    for path in there:
        page = Page(path)
        expect(page.lang == os.path.basename(os.path.dirname(path)), path)
        expect(page.dir == ("rtl" if page.lang in ("ar", "fa") else "ltr"),
               path, page.dir)
        for target in page.targets():
            expect(target in there, path, "leads to", target)
        for action in page.actions:
            expect(action.startswith("/"), path, action)
    for path in [folder] + there + [index.path]:
        mode = stat.S_IMODE(os.stat(path).st_mode)
        expect(mode == (0o700 if os.path.isdir(path) else 0o600), path, mode)
    return len(there)


def answers(line):
    try:
        return line.get("/").status == 200
    except OSError:
        return False


def long_texts(line, size):
    """Texts of 24 topics, each size bytes long."""
    path = os.path.join(line.home, "long%d.ini" % size)
    with open(path, "w") as f:
        f.write("[site]\nlanguages = en fa\n")
        for n in range(24):
            words = "x" * size
            f.write("[topic t%d]\ntitle = T\ntext = %s\n" % (n, "\n  ".join(
                words[at:at + 100] for at in range(0, size, 100))))
    return path


def all_pages_of_a_line_without_keys_are_there_and_linked():
    with Line(keys=False) as line:
        folder = os.path.join(line.home, "out")
        said = preview(line, folder)
        count = check_folder(folder, LANGUAGES)
        expect("%d pages in %d languages" % (count, len(LANGUAGES)) in said,
               said)
        expect(folder + "/index.html" in said, said)
        for code in LANGUAGES:
            drafted = "X-Review: draft" in open(os.path.join(
                ROOT, "site", "po", code + ".po")).read() \
                if code != "en" else False
            expect(("  %s is a draft" % code in said) == drafted, code, said)
        index = Page(os.path.join(folder, "index.html"))
        expect("한국어" in index.text and "draft" in index.text, index.text)


def a_line_with_keys_shows_them_with_their_second_part():
    onion = some_onion()
    with Line(onion=onion) as line:
        folder = os.path.join(line.home, "out")
        preview(line, folder)
        check_folder(folder, LANGUAGES, keys=True)
        keys = Page(os.path.join(folder, "ko", "keys.html"))
        with open(os.path.join(line.line, "keyset.txt")) as f:
            expect(f.read().splitlines()[1] in keys.text, keys.text)
        for name in ("root.pub", "keyset.txt.minisig"):
            with open(os.path.join(line.line, name)) as f:
                expect(f.read().split("\n")[1] in keys.text, name)
        expect(onion in keys.text, "no onion")
        said = line.tool("tipline-operator", "root", "show",
                         line.line).stdout.decode()
        printed = re.search(r"(?:[0-9a-f]{4} ){7}[0-9a-f]{4}", said)
        expect(printed and printed.group(0) in keys.text, said, keys.text)

        out = os.path.join(line.home, "many.txt")
        line.analyst("keyset", "make", line.keys, "--server",
                     os.path.join(line.line, "server.pub"), "--weeks", "100",
                     "--out", out)
        line.install(out)
        folder = os.path.join(line.home, "out2")
        preview(line, folder)
        check_folder(folder, LANGUAGES, keys=True, second=True)
        first = Page(os.path.join(folder, "en", "keys.html"))
        expect(os.path.join(folder, "en", "keys_part.html") in
               first.targets(), "the first part does not lead on")
        with open(os.path.join(line.line, "keyset.txt")) as f:
            middle = f.read()[11000:11400].splitlines()[2]
        expect(middle not in first.text and middle in Page(os.path.join(
            folder, "en", "keys_part.html")).text, "another second part")


def pieces_and_faults_are_all_shown():
    with Line(keys=False) as line:
        folder = os.path.join(line.home, "out")
        preview(line, folder)
        for code in LANGUAGES:
            at = lambda name: Page(os.path.join(folder, code, name + ".html"))
            expect(at("progress").raw.count('class="step"') == 4,
                   at("progress").raw)
            expect(len({at(name).text for name in FAULTS}) == 4, code)
            for name in FRAMED:
                expect("<header>" not in at(name).raw and
                       '<base target="_top">' in at(name).raw, name)
            expect("2026-01-01" in at("closed_day").text and
                   "2026-01-01" not in at("closed").text, code)
            # A refused tip's message is given back; nothing else has one.
            expect('<textarea readonly' in at("too_large").raw, code)
            expect('<textarea readonly' not in at("not_found").raw, code)


def other_texts_are_shown_without_changing_the_line():
    with Line(keys=False) as line:
        mine = os.path.join(line.line, "texts.ini")
        with open(mine) as f:
            before = f.read()
        folder = os.path.join(line.home, "out")
        said = preview(line, folder, "--texts", EXAMPLE)
        count = check_folder(folder, ["en", "ko"])
        expect("%d pages in 2 languages (en ko)" % count in said, said)
        form = Page(os.path.join(folder, "ko", "welcome.html"))
        expect("예시 보상 프로그램" in form.text, form.text)
        with open(mine) as f:
            expect(f.read() == before, "the line was changed")
        # Put in, the line shows the same of its own.
        line.tool("tipline-operator", "texts", "install", line.line, EXAMPLE)
        preview(line, os.path.join(line.home, "own"))
        for code in ("en", "ko"):
            for name in os.listdir(os.path.join(folder, code)):
                a, b = (open(os.path.join(line.home, where, code, name))
                        for where in ("out", "own"))
                with a, b:
                    expect(a.read() == b.read(), code, name)


def pages_are_what_visitors_get():
    with Line() as line:
        line.tool("tipline-operator", "texts", "install", line.line, EXAMPLE)
        folder = os.path.join(line.home, "out")
        preview(line, folder)
        line.start(wait=False)
        wait_for("a page is served", lambda: answers(line))
        for path, name in (("/", "welcome"), ("/before", "before"),
                           ("/tip", "form"), ("/return", "return"),
                           ("/keys", "keys"), ("/nowhere", "not_found")):
            for code, base in (("en", ""), ("ko", "/ko")):
                got = line.get(base + path).body.rstrip(b"\n").decode()
                page = Page(os.path.join(folder, code, name + ".html"))
                plain = lambda raw: re.sub(r'(href|src)="[^"]*"', "", raw)
                expect(plain(page.raw.rstrip("\n")) == plain(got), path, code)


def nothing_is_overwritten_and_wrong_use_is_told():
    with Line(keys=False) as line:
        at = lambda name: os.path.join(line.home, name)
        os.mkdir(at("full"), 0o755)
        with open(at("full/mine"), "w") as f:
            f.write("mine")
        said = preview(line, at("full"), code=1)
        expect("is not empty" in said, said)
        expect(os.listdir(at("full")) == ["mine"], os.listdir(at("full")))
        expect("is not empty" in preview(line, line.line, code=1), "a line")
        os.mkdir(at("empty"), 0o755)
        preview(line, at("empty"))
        check_folder(at("empty"), LANGUAGES)
        expect("is not empty" in preview(line, at("empty"), code=1), "twice")
        said = preview(line, at("no/where"), code=1)
        expect("cannot be made" in said, said)
        said = preview(line, at("out"), "--texts", at("absent"), code=1)
        expect("absent cannot be read" in said, said)
        with open(at("bad.ini"), "w") as f:
            f.write("[topic a]\ntext = T\n")
        said = preview(line, at("out"), "--texts", at("bad.ini"), code=1)
        expect("bad.ini line 1" in said and "nothing was written" in said,
               said)
        with open(os.path.join(line.line, "texts.ini"), "w") as f:
            f.write("nonsense\n")
        said = preview(line, at("out"), code=1)
        expect("texts.ini line 1" in said, said)
        expect(not os.path.exists(at("out")), "something was made")


def a_failed_write_leaves_no_page_behind():
    with Line(keys=False) as line:
        folder = os.path.join(line.home, "out")
        preview(line, folder)
        whole = [os.path.getsize(os.path.join(here, name))
                 for here, _, found in os.walk(folder) for name in found]

        def limited(size):
            def set_limit():
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
            return set_limit

        # The first page, one in the middle, the largest file.
        for n, size in enumerate((100, sorted(whole)[len(whole) // 2],
                                  max(whole) - 1)):
            cut = os.path.join(line.home, "cut%d" % n)
            p = subprocess.run(
                [os.path.join(line.bin, "tipline-operator"), "preview",
                 line.line, cut], capture_output=True, text=True,
                restore_signals=False, preexec_fn=limited(size))
            expect(p.returncode == 1 and "cannot be written" in p.stderr,
                   size, p.returncode, p.stderr)
            expect(os.listdir(cut) == [], size, os.listdir(cut))
            preview(line, cut)  # and the same command again does it
            check_folder(cut, LANGUAGES)


def texts_that_no_page_holds_are_refused():
    with Line(keys=False) as line:
        mine = os.path.join(line.line, "texts.ini")
        with open(mine) as f:
            before = f.read()
        path = long_texts(line, 1500)
        p = line.tool("tipline-operator", "texts", "install", line.line, path,
                      check=False)
        said = p.stderr.decode()
        told = re.search(r"the page (\w+) \(.+\) takes up to (\d+) bytes in"
                         r" the language (\w+), and every page has (\d+)",
                         said)
        expect(p.returncode == 1 and told and "nothing was changed" in said,
               said)
        expect(told.group(1) in stems() and told.group(3) in ("en", "fa") and
               int(told.group(2)) > int(told.group(4)) == 32768, said)
        with open(mine) as f:
            expect(f.read() == before, "the line was changed")
        out = os.path.join(line.home, "out")
        said = preview(line, out, "--texts", path, code=1)
        expect(told.group(0) in said and "nothing was written" in said, said)
        # They are in the line all the same: by hand.
        with open(path) as f, open(mine, "w") as g:
            g.write(f.read())
        p = line.tool("tipline-operator", "check", line.line, check=False)
        found = [x for x in p.stdout.decode().splitlines()
                 if x.startswith("FAIL  pages: ")]
        expect(p.returncode == 1 and len(found) == 1 and
               told.group(0) in found[0] and "shorten" in found[0],
               p.stdout.decode())
        said = preview(line, out, code=1)
        expect(told.group(0) in said, said)
        expect(not os.path.exists(out), "something was made")


def texts_that_just_fit_are_taken():
    with Line(keys=False) as line:
        def fits(size):
            return line.tool("tipline-operator", "texts", "install", line.line,
                             long_texts(line, size),
                             check=False).returncode == 0
        low, high = 1, 2000
        expect(fits(low) and not fits(high), "no size between")
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if fits(middle) else (low, middle)
        expect(fits(low), low)
        p = line.tool("tipline-operator", "check", line.line, check=False)
        expect("\nok    pages: every page fits" in p.stdout.decode(),
               p.stdout.decode())
        preview(line, os.path.join(line.home, "out"))
        check_folder(os.path.join(line.home, "out"), ["en", "fa"])


def limits_that_take_more_words_fit():
    with Line(upload="%d" % ((255 << 30) - 1), files=255,
              quota="500G", onion=some_onion()) as line:
        p = line.tool("tipline-operator", "check", line.line, check=False)
        expect("\nok    pages: every page fits" in p.stdout.decode(),
               p.stdout.decode())
        folder = os.path.join(line.home, "out")
        preview(line, folder)
        check_folder(folder, LANGUAGES, keys=True)
        large = Page(os.path.join(folder, "en", "too_large.html")).text
        expect("%d bytes" % ((255 << 30) - 1) in large and "255" in large,
               large)


run_tests(all_pages_of_a_line_without_keys_are_there_and_linked,
          a_line_with_keys_shows_them_with_their_second_part,
          pieces_and_faults_are_all_shown,
          other_texts_are_shown_without_changing_the_line,
          pages_are_what_visitors_get,
          nothing_is_overwritten_and_wrong_use_is_told,
          a_failed_write_leaves_no_page_behind,
          texts_that_no_page_holds_are_refused,
          texts_that_just_fit_are_taken,
          limits_that_take_more_words_fit)
