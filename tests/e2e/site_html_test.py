#!/usr/bin/python3
"""Every page in every language as a document: valid, marked with its
language, usable by everybody, in light, dark, narrow and wide."""
import base64
import json
import os
import shutil
import subprocess
import time
import unicodedata

from browser import SCREENS, Browser
from png import Picture, contrast
from site_pages import (CONTROLS, Page, Preview, operator_texts, po_texts,
                        squeezed)
from tipline import LONG, ROOT, expect, run_tests

NPM = os.environ.get("TIPLINE_NPM", os.path.join(ROOT, "build/npm"))
VNU = os.path.join(NPM, "node_modules/vnu-jar/build/dist/vnu.jar")
AXE = os.path.join(NPM, "node_modules/axe-core/axe.min.js")
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa",
        "best-practice"]
RIGHT_TO_LEFT = {"ar", "fa"}
SCRIPT = {"ar": "ARABIC", "fa": "ARABIC", "ko": "HANGUL", "ru": "CYRILLIC",
          "zh": "CJK"}
NARROW, WIDE = 320, 1280


def vnu(*paths):
    """What the Nu HTML checker says, warnings too: (file, message) pairs."""
    for needed in ("java", VNU):
        expect(shutil.which(needed) or os.path.exists(needed), needed,
               "is not installed (deploy/packages.sh)")
    p = subprocess.run(["java", "-jar", VNU, "--format", "json", *paths],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                       timeout=200)
    return [("/".join(m["url"].split("/")[-2:]), m["message"],
             m.get("extract")) for m in json.loads(p.stderr)["messages"]]


def with_change(preview, language, name, old, new):
    """A copy of a page with a fault in it."""
    with open(preview.path(language, name), encoding="utf-8") as f:
        text = f.read()
    expect(old in text, name, "has no", old)
    folder = os.path.join(preview.folder, "bad", language)
    os.makedirs(folder, exist_ok=True)
    path = os.path.join(folder, "%s.html" % name)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text.replace(old, new, 1))
    return path


def the_nu_html_checker_has_nothing_to_say_about_any_page():
    bad = with_change(PREVIEW, "en", "form", "</form>", "<form></form>")
    expect(vnu(bad), "a form in a form is not found")
    said = vnu(os.path.dirname(PREVIEW.index))
    expect(not said, len(said), "messages:", *said[:20])


def faults_of(page):
    """What is wrong with a page as a document, in words."""
    root = page.elements[0]
    rtl = page.language in RIGHT_TO_LEFT
    if root.tag != "html" or root.get("lang") != page.language:
        yield "its language is not said"
    if root.get("dir") != ("rtl" if rtl else "ltr"):
        yield "its direction is wrong"
    titles = page.all("title")
    if len(titles) != 1 or not page.text_of(titles[0]):
        yield "it has no title"
    levels = [int(e.tag[1]) for e in page.all(*"h1 h2 h3 h4 h5 h6".split())]
    if levels.count(1) != 1 or levels[0] != 1:
        yield "it has not one h1, at first: %s" % levels
    if any(b > a + 1 for a, b in zip(levels, levels[1:])):
        yield "a heading leaves out a level: %s" % levels
    if len(page.all("main")) != 1:
        yield "it has not one main"
    ids = [e.get("id") for e in page.elements if "id" in e.attributes]
    if len(ids) != len(set(ids)):
        yield "an id is there twice"
    labels = {e.get("for") for e in page.all("label")}
    for told in labels | {i for e in page.elements for i in (
            e.get("aria-describedby") or "").split()}:
        if told not in ids:
            yield "there is no %s that is named" % told
    for e in page.all(*CONTROLS):
        if e.get("type") == "hidden":
            continue
        name = page.text_of(e) if e.tag == "button" else \
            e.get("id") in labels or e.get("aria-label")
        if not name:
            yield "%s has no label" % e
    for e in page.all("iframe"):
        if not e.get("title"):
            yield "%s has no title" % e
    for e in page.all("a"):
        if not page.text_of(e):
            yield "%s has no words" % e
    for e in page.elements:
        if e.get("lang") and e is not root and \
                e.get("dir") not in ("ltr", "rtl", "auto"):
            yield "%s has a language and no direction" % e
        if any(name.startswith("on") for name in e.attributes) or \
                e.tag == "script" or "style" in e.attributes:
            yield "%s runs or paints what the policy forbids" % e


def every_page_says_its_language_and_names_its_parts():
    for old, new in (('lang="ar"', 'lang="ar-x"'), ('dir="rtl"', 'dir="ltr"'),
                     ("<h2>", "<h4>"), ("<h1>", "<h2>"),
                     ('<label for="message">', "<label>"),
                     ('id="file2"', 'id="file"'),
                     ('id="message-hint"', 'id="hint"')):
        text = with_change(PREVIEW, "ar", "form", old, new)
        if old == "<h1>":
            with open(text, encoding="utf-8") as f:
                whole = f.read().replace("</h1>", "</h2>")
            with open(text, "w", encoding="utf-8") as f:
                f.write(whole)
        elif old == "<h2>":
            with open(text, encoding="utf-8") as f:
                whole = f.read().replace("</h2>", "</h4>", 1)
            with open(text, "w", encoding="utf-8") as f:
                f.write(whole)
        expect(list(faults_of(Page(text))), new, "is not found")
    said = ["%s: %s" % (p, why) for p in PREVIEW.pages for why in faults_of(p)]
    expect(not said, *said[:30])


def letters(text):
    return [unicodedata.name(c, "?") for c in text if c.isalpha()]


def odd_languages(page, translated, theirs):
    """Texts that are not of the language they are marked with.  translated:
    English texts that have a translation; theirs: the operator's texts, and
    the language each of them is in."""
    for element, text in page.texts:
        lang = element.lang
        if element.of_any:
            continue
        for known, their_lang in theirs:
            if text == known and lang != their_lang and \
                    (text, lang) not in theirs:
                yield "%s is marked %s: %s" % (their_lang, lang, text)
        if lang != "en":
            yield from ("English is marked %s: %s" % (lang, text)
                        for english in translated if english in text)
        names = letters(text)
        # A few Latin words are names: Tor Browser, .onion, minisign.
        if lang in SCRIPT and len(names) > 24 and 3 * sum(
                n.startswith(SCRIPT[lang]) for n in names) < len(names):
            yield "few letters are %s: %s" % (SCRIPT[lang], text)
        if lang not in SCRIPT and names and 2 * sum(
                n.startswith("LATIN") for n in names) < len(names):
            yield "few letters are Latin: %s" % text


def every_text_is_in_the_language_it_is_marked_with():
    theirs = operator_texts()
    of = {p.language: {} for p in PREVIEW.pages}
    for language in of:
        if language != "en":
            of[language] = {squeezed(e) for e, t in po_texts(language).items()
                            if t and t != e and len(e.split()) >= 3 and
                            "{{" not in e}
    bad = with_change(PREVIEW, "ar", "form", ' lang="en" dir="ltr">East', ">East")
    expect(list(odd_languages(Page(bad), of["ar"], theirs)),
           "an unmarked English text is not found")
    said = ["%s: %s" % (p, why) for p in PREVIEW.pages
            for why in odd_languages(p, of[p.language], theirs)]
    expect(not said, len(said), *said[:30])
    for language in of:  # and they are there
        shown = {text for p in PREVIEW.pages if p.language == language
                 for _, text in p.texts}
        missing = {text for text, lang in theirs
                   if lang == (language if language == "ko" else "en")
                   } - shown
        expect(not missing, language, "does not show", missing)


# Pages in frames are looked at as pages.
RUN_AXE = """axe.run(document, {iframes: false,
  rules: {'frame-tested': {enabled: false}},
  resultTypes: ['violations', 'incomplete'],
  runOnly: {type: '%s', values: %s}}).then((r) => ['violations', 'incomplete']
  .flatMap((kind) => r[kind].map((x) => kind + ' ' + x.id + ': '
    + x.nodes.map((n) => n.html.slice(0, 120) + ' '
      + [...n.any, ...n.all, ...n.none].map((y) => y.message).join('; '))
      .slice(0, 3).join(' | '))))"""


def open_file(b, path):
    """A page as it is without scripts, in which ours can run."""
    b.do("runScripts", on=False)
    b.do("open", url="file://" + path)
    b.do("wait")
    b.do("runScripts", on=True)


def set_media(b, **features):
    b.do("media", features={k.replace("_", "-"): v
                            for k, v in features.items()})


class Looker:
    """Chromium that opens pages without scripts, then runs axe in a world
    beside them."""

    def __init__(self, browser):
        self.b = browser
        with open(AXE, encoding="utf-8") as f:
            self.axe = f.read()

    def open(self, path):
        open_file(self.b, path)
        self.b.do("beside", expression=self.axe + ";0")

    def run(self, kind, values):
        return self.b.do("beside", expression=RUN_AXE % (
            kind, json.dumps(values)))

    def all(self, path):
        """Everything in light and narrow; then what depends on colours and
        on width once more, in dark and wide: in the short form where
        scripts differ."""
        found = []
        set_media(self.b, prefers_color_scheme="light")
        self.b.do("size", width=NARROW, height=900)
        self.open(path)
        found += self.run("tag", TAGS)
        wide = self.b.evaluate("document.documentElement.scrollWidth")
        if wide > NARROW:
            found.append("it is %d px wide in a window of %d" % (wide, NARROW))
        if self.b.evaluate("getComputedStyle(document.querySelector('#js'))"
                           ".display") != "none":
            found.append("the banner about scripts is shown without any")
        if not LONG and os.path.basename(os.path.dirname(path)) not in (
                "en", "ar", "ko"):
            return found
        set_media(self.b, prefers_color_scheme="dark")
        self.b.do("size", width=WIDE, height=900)
        return found + self.run("rule", [
            "color-contrast", "link-in-text-block", "target-size",
            "scrollable-region-focusable"])


def axe_finds_nothing_and_no_page_is_wider_than_a_small_window():
    expect(os.path.exists(AXE), AXE, "is not installed (deploy/packages.sh)")
    start = time.monotonic()
    with Browser("chromium", scripts=True) as b:
        look = Looker(b)
        for old, new, rule in (
                ("<label for=\"message\">", "<label>", "label"),
                ("--ink:#1b1b1f", "--ink:#bbb", "color-contrast"),
                ("--ink:#ececf1", "--ink:#555", "color-contrast"),
                ("nav a{display:inline-block;padding:.35rem 0;"
                 "min-height:1.5rem}", "nav{line-height:.5}", "target-size"),
                ("textarea{min", "textarea{min-width:20rem;min", "px wide")):
            found = look.all(with_change(PREVIEW, "en", "form", old, new))
            expect(any(rule in x for x in found), new, "is not found:", found)
        said = ["%s: %s" % (p, x) for p in PREVIEW.pages
                for x in look.all(p.path)]
        print("       %d pages in %.0f s, %s" % (
            len(PREVIEW.pages), time.monotonic() - start, b.name))
    expect(not said, len(said), "findings:", *said[:30])


RECTS = """[...document.querySelectorAll(%s)].map((e) => {
  const r = e.getBoundingClientRect();
  return [e.outerHTML.slice(0, 80), r.left + scrollX, r.top + scrollY,
    r.width, r.height]; }).filter((r) => r[3] > 0)"""
BORDERED = ("textarea, select, input[type=file], button, .next, .words,"
            " .good, .bad:not([hidden]), .reply, iframe, pre, p.code")


def hidden_borders(b, what):
    """Elements whose side, where text begins, cannot be told from the page:
    WCAG 1.4.11 asks for 3 : 1."""
    picture = Picture(base64.b64decode(b.do("picture")))
    for name, x, y, w, h in b.evaluate(RECTS % json.dumps(what)):
        row = round(y + h / 2)
        best = 0
        for side in (x, x + w):
            outside = picture.at(round(side) + (-3 if side == x else 3), row)
            best = max([best] + [contrast(outside, picture.at(i, row))
                                 for i in range(round(side) - 2,
                                                round(side) + 3)])
        if best < 3:
            yield "%s: %.2f : 1" % (name, best)


FOCUS = """(() => { const e = document.activeElement, s = getComputedStyle(e);
  if (e.dataset.focused) return null; // once around
  e.dataset.focused = 1;
  return e === document.body ? null : [e.outerHTML.slice(0, 80),
    s.outlineStyle, parseFloat(s.outlineWidth), s.outlineColor,
    e.matches(':focus-visible')]; })()"""


FOCUSABLE = """[...document.querySelectorAll(
  'a[href], textarea, select, button, input:not([type=hidden]), [tabindex="0"]')].filter((e) =>
  e.checkVisibility()).length"""


def hidden_focus(b):
    """What the Tab key reaches and no outline shows; or leaves out."""
    seen, bad = 0, []
    for _ in range(80):
        b.press("Tab")
        now = b.evaluate(FOCUS)
        if now is None:
            break
        if now[0].startswith("<iframe"):
            continue
        seen += 1
        if now[1] in ("none", "hidden") or now[2] < 2 or not now[4]:
            bad.append(now)
    there = b.evaluate(FOCUSABLE)
    return bad if seen == there else bad + ["%d of %d are reached" % (
        seen, there)]


STEPS = """(() => { const all = [...document.querySelectorAll('.step')];
  const main = document.querySelector('main');
  all.forEach((e) => { e.parentElement.remove(); main.append(e); });
  const last = all.at(-1).getBoundingClientRect();
  return all.filter((e) => { const r = document.createRange();
    r.selectNodeContents(e); const b = r.getBoundingClientRect();
    return b.left < last.left || b.right > last.right || b.top < last.top
      || b.bottom > last.bottom; }).map((e) => e.innerText); })()"""


def each_step_of_progress_hides_those_before_it():
    """They come one after the other and none can be taken away."""
    with Browser("chromium", scripts=True) as b:
        for width in (200, 288, 640):
            b.do("size", width=width, height=140)
            for p in PREVIEW.pages:
                if p.name == "progress":
                    open_file(b, p.path)
                    seen = b.evaluate(STEPS)
                    expect(not seen, p, "shows behind the last:", seen)


def borders_and_the_focus_can_be_seen_in_light_dark_and_forced_colours():
    looks = {"light": {"prefers_color_scheme": "light"},
             "dark": {"prefers_color_scheme": "dark"},
             "forced": {"forced_colors": "active"},
             "forced-dark": {"forced_colors": "active",
                             "prefers_color_scheme": "dark"}}
    with Browser("chromium", scripts=True) as b:
        b.do("size", width=800, height=900)
        bad = with_change(PREVIEW, "en", "form", "--line:#6b6f7b",
                          "--line:#e8e8ea")
        set_media(b, **looks["light"])
        open_file(b, bad)
        expect(list(hidden_borders(b, "textarea")), "a pale border is seen")
        bad = with_change(PREVIEW, "en", "form", "outline:3px", "outline:0px")
        open_file(b, bad)
        expect(hidden_focus(b), "no outline is not found")
        for look, media in looks.items():
            set_media(b, **media)
            for name in ("form", "receipt", "reply", "large", "keys"):
                open_file(b, PREVIEW.path("ar", name))
                with open(os.path.join(SCREENS, "look-%s-%s.png" % (
                        look, name)), "wb") as f:
                    f.write(base64.b64decode(b.do("picture")))
                said = list(hidden_borders(b, BORDERED))
                expect(not said, look, name, "has no border:", *said)
                said = hidden_focus(b)
                expect(not said, look, name, "shows no focus:", *said)


if __name__ == "__main__":
    PREVIEW = Preview()
    try:
        run_tests(the_nu_html_checker_has_nothing_to_say_about_any_page,
                  every_page_says_its_language_and_names_its_parts,
                  every_text_is_in_the_language_it_is_marked_with,
                  axe_finds_nothing_and_no_page_is_wider_than_a_small_window,
                  each_step_of_progress_hides_those_before_it,
                  borders_and_the_focus_can_be_seen_in_light_dark_and_forced_colours)
    finally:
        PREVIEW.close()
