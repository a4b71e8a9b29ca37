"""A real browser with scripts off, as the scenario tests use it: each method
is something a person does or sees.  visit.mjs does it."""
import html
import json
import os
import re
import shutil
import subprocess

from tipline import HERE, ROOT, expect

SCREENS = os.environ.get("TIPLINE_SCREENS", os.path.join(ROOT, "build/screens"))
WIDTHS = [320, 768, 1280]
PROGRAM = {"firefox": "firefox-esr", "chromium": "chromium"}


def quoted(text):
    return json.dumps(text)


class Browser:
    """which: firefox or chromium; prefs are Firefox's.  Screenshots are named
    with language."""

    def __init__(self, which, socks=None, scripts=False, prefs=None):
        self.which, self.socks = which, socks
        self.language = "en"
        for needed in (os.environ.get(which.upper(), PROGRAM[which]), "node"):
            expect(shutil.which(needed), needed, "is not installed")
        self.process = subprocess.Popen(
            ["node", os.path.join(HERE, "visit.mjs"), which,
             json.dumps({"socks": socks, "scripts": scripts,
                         "prefs": prefs or {}, "shots": SCREENS})],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.name = self.heard()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()

    def heard(self):
        line = self.process.stdout.readline()
        expect(line, self.which, "has ended")
        answer = json.loads(line)
        expect("error" not in answer, answer.get("error"))
        return answer["value"]

    def do(self, step, **what):
        self.process.stdin.write(json.dumps({"step": step, **what}) + "\n")
        self.process.stdin.flush()
        return self.heard()

    # -- going somewhere

    def open(self, url, page, **kw):
        """Type an address; page is what must come."""
        self.do("open", url=url)
        self.wait(page, **kw)

    def wait(self, page, frame=None, seconds=30):
        came = self.do("wait", frame=frame, seconds=seconds)
        if came != page:
            self.shots("unexpected")
        expect(came == page, self.which, "shows", came, "instead of", page,
               "\n", self.text("main", frame) if came != page else "")

    def click(self, css, page=None, frame=None, seconds=30):
        self.do("click", css=css, frame=frame)
        if page:
            self.wait(page, seconds=seconds)

    def back(self):
        self.do("history", delta=-1)

    def forward(self):
        self.do("history", delta=1)

    def reload(self):
        self.do("reload")

    def press(self, key):
        self.do("press", key=key)

    def address(self):
        return self.do("address")

    # -- filling in

    def type(self, css, text):
        self.click(css)
        self.do("type", text=text)

    def paste(self, css, text):
        self.evaluate("document.querySelector(%s).value = %s" % (
            quoted(css), quoted(text)))

    def pick(self, css, value):
        """One of the choices of a list; there must be one."""
        self.paste(css, value)
        expect(self.value(css) == value, css, "has no choice", value)

    def choose(self, css, files):
        self.do("choose", css=css, files=files)

    # -- seeing

    def evaluate(self, expression, frame=None):
        return self.do("evaluate", expression=expression, frame=frame)

    def texts(self, css, frame=None):
        return json.loads(self.evaluate(
            "JSON.stringify([...document.querySelectorAll(%s)]"
            ".map((e) => e.innerText))" % quoted(css), frame))

    def text(self, css, frame=None):
        return "\n".join(self.texts(css, frame))

    def value(self, css):
        return self.evaluate("document.querySelector(%s).value" % quoted(css))

    def visible(self, css, frame=None):
        """Is it there, and has it a place on the screen?"""
        return self.evaluate(
            "(document.querySelector(%s)?.getClientRects().length ?? 0) > 0"
            % quoted(css), frame)

    def shots(self, name, widths=WIDTHS):
        self.do("shots", name="%s-%s-%s" % (name, self.language, self.which),
                widths=widths)

    def view(self, name):
        self.do("view", name="%s-%s-%s" % (name, self.language, self.which))


def write_index():
    """A page that shows all screenshots, for people to look through."""
    pages = {}
    for name in sorted(os.listdir(SCREENS)):
        if m := re.fullmatch(r"(.*?)(?:-(\d+))?\.png", name):
            pages.setdefault(m[1], []).append((int(m[2] or 0), name))
    out = ["<!DOCTYPE html><meta charset=utf-8><title>Screens</title>"
           "<style>body{font:1rem sans-serif}img{height:24rem;margin:.5rem;"
           "border:1px solid #888;vertical-align:top}</style>"]
    for page in sorted(pages):
        out.append("<h2>%s</h2>" % html.escape(page))
        out += ['<a href="%s"><img loading=lazy src="%s" alt="%s"></a>' % (
            (html.escape(name),) * 3) for _, name in sorted(pages[page])]
    path = os.path.join(SCREENS, "index.html")
    with open(path + "-%d" % os.getpid(), "w") as f:
        f.write("\n".join(out))
    os.rename(f.name, path)
