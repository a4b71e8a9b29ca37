"""What the tests of the site share: a line with an operator's texts, and the
ways that people go on its pages."""
import os
import re
import unicodedata

from browser import Browser
from tipline import LONG, ROOT, Line, expect

SEND = "main form:last-of-type > button[type=submit]"
GIVEN_BACK = "textarea[readonly]"
RESULT = "iframe[name=result]"
PROGRESS = "iframe.short"
BOTH = [("firefox", "en"), ("chromium", "en")]
# Each language once in the short form, in all browsers in the long one.
MORE = [("firefox", "ko"), ("chromium", "ar")]
if LONG:
    MORE += [("chromium", "ko"), ("firefox", "ar")]
MESSAGES = {
    "en": "The keys are under the mat.\nLast line with <b>&amp; \"quotes\"",
    "ko": "열쇠는 현관 매트 밑에 있습니다.\n마지막 줄 😀",
    "ar": "المفاتيح تحت السجادة رقم 12.\nالسطر الأخير",
}


class SiteLine(Line):
    """A line with the example's topics and questions, in three languages."""

    def __init__(self, **kw):
        super().__init__(**kw)
        with open(os.path.join(ROOT, "deploy/texts.example.ini"),
                  encoding="utf-8") as f:
            text = f.read()
        path = os.path.join(self.home, "texts.ini")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text.replace("languages = en ko", "languages = en ar ko"))
        self.tool("tipline-operator", "texts", "install", self.line, path)

    def url(self, path, language="en"):
        return "http://%s%s" % (self.host, local(path, language))

    def write_file(self, name, data):
        path = os.path.join(self.home, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def answer(self, tip, *texts):
        """The analyst answers, and what he wrote gets back to the line."""
        cases, number = os.path.split(tip.folder)
        number = str(int(re.search(r"\d+", number)[0]))
        for text in texts:
            path = self.write_file("answer.txt", text.encode())
            self.analyst("reply", self.keys, cases, number, "--text", path)
        back = os.path.join(self.home, "r%d" % self.opened_bundles)
        self.analyst("ack", self.keys, back)
        self.tool("tipline-operator", "import", self.line, back)


def local(path, language):
    return path if language == "en" else "/" + language + path


class Browsers:
    """Both browsers, scripts off; each is started once it is needed."""

    def __init__(self):
        self.open = {}

    def get(self, which, language="en"):
        if which not in self.open:
            self.open[which] = Browser(which)
        b = self.open[which]
        b.language = language
        return b

    def close(self):
        for b in self.open.values():
            b.close()


def in_lines(message):
    """As browsers send it."""
    return message.replace("\n", "\r\n").encode()


def expect_language(b):
    got = b.evaluate("document.documentElement.lang + ' ' +"
                     "document.documentElement.dir")
    expect(got == b.language + (" rtl" if b.language == "ar" else " ltr"),
           "the page is", got)


def words_of(b, frame=None):
    """The words on a receipt, each of the list of the page's language."""
    words = b.texts("ol.words li", frame)
    name = "korean" if b.language == "ko" else "english"
    with open(os.path.join(ROOT, "site/words/%s.txt" % name),
              encoding="utf-8") as f:
        known = {unicodedata.normalize("NFC", w) for w in f.read().split()}
    expect(len(words) == 12 and all(
        unicodedata.normalize("NFC", w) in known for w in words),
        "these are not 12 words of the list:", words)
    return words


def send(b, line, message, page="receipt", files=()):
    """From the form, quickly."""
    b.open(line.url("/tip", b.language), "form")
    b.type("#message", message)
    if files:
        b.choose("#file", files)
    b.click(SEND, page)


def come_back(b, line, typed, page):
    b.open(line.url("/return", b.language), "return")
    b.paste("#code", typed)
    b.click(SEND, page)
