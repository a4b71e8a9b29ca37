"""Every page in every language as files, and what stands in them."""
import configparser
import glob
import os
import re
import shutil
import tempfile
from html.parser import HTMLParser

from tipline import ROOT, Line, expect, some_onion

TEXTS = os.path.join(ROOT, "deploy/texts.example.ini")
VOID = set("area base br col embed hr img input link meta source track wbr"
           .split())
CONTROLS = ("input", "textarea", "select", "button")
# What may be of any language: visitors' words, keys, commands, styles.
OF_ANY = set("pre textarea style script bdi".split())


def po_texts(language):
    """{English: translated} of one language's pages."""
    with open(os.path.join(ROOT, "site/po", language + ".po"),
              encoding="utf-8") as f:
        text = f.read()
    quoted = r'((?:\s*"(?:[^"\\]|\\.)*")+)'
    found = {}
    for pair in re.findall(r"^msgid%s\nmsgstr%s" % (quoted, quoted), text,
                           re.M):
        found.__setitem__(*("".join(re.findall(r'"((?:[^"\\]|\\.)*)"', x))
                            .replace('\\"', '"').replace("\\n", "\n")
                            for x in pair))
    found.pop("", None)
    return found


def languages():
    """All that the site has, English first."""
    return ["en"] + sorted(os.path.basename(p)[:-3] for p in glob.glob(
        os.path.join(ROOT, "site/po/*.po")))


def operator_texts():
    """{(text, language)} of the example: what visitors read of it, each in
    one line."""
    ini = configparser.RawConfigParser(delimiters=("=",), strict=True,
                                       comment_prefixes=("#",))
    ini.optionxform = str
    ini.read(TEXTS, encoding="utf-8")
    found = set()
    for section in ini.sections():
        for key, value in ini.items(section):
            if section != "site" and key != "kind":
                m = re.search(r"\[(\w+)\]$", key)
                found.add((squeezed(value), m.group(1) if m else "en"))
    return found


def squeezed(text):
    return " ".join(text.split())


class Element:
    def __init__(self, tag, attributes, above):
        self.tag, self.above = tag, above
        self.attributes = dict(attributes)
        self.lang = self.attributes.get("lang", above.lang if above else None)
        self.of_any = tag in OF_ANY or "code" in self.classes or \
            "reply" in self.classes or (above is not None and above.of_any)

    def get(self, name, default=None):
        return self.attributes.get(name, default)

    @property
    def classes(self):
        return (self.attributes.get("class") or "").split()

    def __repr__(self):
        return "<%s %s>" % (self.tag, self.attributes)


class Page(HTMLParser):
    """A page taken apart: elements in order; texts as (element, words)."""

    def __init__(self, path):
        super().__init__(convert_charrefs=True)
        self.path = path
        self.name = os.path.basename(path)[:-5]
        self.language = os.path.basename(os.path.dirname(path))
        self.elements, self.texts, self.inner = [], [], {}
        self.open = []
        with open(path, encoding="utf-8") as f:
            self.feed(f.read())

    def handle_starttag(self, tag, attributes):
        # The end of these may be left out.
        element = Element(tag, attributes, self.open[-1] if self.open
                          else None)
        self.elements.append(element)
        for name in ("aria-label", "title", "alt", "placeholder",
                     "data-text"):
            if element.get(name):
                self.texts.append((element, squeezed(element.get(name))))
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag):
        expect(self.open and self.open[-1].tag == tag, self.path, "ends",
               tag, "inside", self.open[-1:])
        self.open.pop()

    def handle_data(self, data):
        if data.strip():
            self.texts.append((self.open[-1], squeezed(data)))
            for element in self.open:
                self.inner[id(element)] = self.inner.get(
                    id(element), "") + data

    def text_of(self, element):
        return self.inner.get(id(element), "").strip()

    def all(self, *tags):
        return [e for e in self.elements if e.tag in tags]

    def __repr__(self):
        return "%s/%s" % (self.language, self.name)


class Preview:
    """tipline-operator preview of a line with topics and questions, in all
    languages; the key set is longer than a page."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="tl-pages-")
        try:
            self.make(os.path.join(self.folder, "all"))
        except BaseException:
            self.close()
            raise

    def make(self, out):
        with Line(onion=some_onion(), keys=False) as line:
            line.make_keys()
            keyset = os.path.join(line.home, "keyset.txt")
            line.analyst("keyset", "make", line.keys, "--server",
                         os.path.join(line.line, "server.pub"),
                         "--weeks", "200", "--out", keyset)
            line.install(keyset)
            install_texts(line)
            line.tool("tipline-operator", "preview", line.line, out)
        self.index = os.path.join(out, "index.html")
        self.paths = sorted(glob.glob(os.path.join(out, "*", "*.html")))
        self.pages = [Page(p) for p in self.paths]
        there = {p.language for p in self.pages}
        expect(there == set(languages()), "the preview has", there)
        names = {p.name for p in self.pages}
        expect(len(names) > 40 and {"form", "receipt", "reply", "keys_part",
                                    "large"} <= names, "only", names)
        for name in names:
            have = {p.language for p in self.pages if p.name == name}
            expect(have == there, name, "is there only in", have)

    def path(self, language, name):
        return next(p.path for p in self.pages
                    if p.language == language and p.name == name)

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


def install_texts(line):
    """The example's texts, with the pages in all languages."""
    with open(TEXTS, encoding="utf-8") as f:
        text, n = re.subn(r"^languages = .*$", "languages = %s" % " ".join(
            languages()), f.read(), flags=re.M)
    expect(n == 1, TEXTS, "names its languages", n, "times")
    path = os.path.join(line.home, "texts.ini")
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)
    line.tool("tipline-operator", "texts", "install", line.line, path)
