"""A real browser that a scenario drives step by step: drive.mjs answers."""
import base64
import json
import os
import select
import shutil
import subprocess
import time

from tipline import HERE, Failure, expect, wait_for

PROGRAMS = {"firefox": "firefox-esr", "chromium": "chromium"}
PAGE = "document.querySelector('main')?.id.replace('page-', '') ?? null"


class Browser:
    """With socks ("127.0.0.1:9050") everything goes through it.  Scripts of
    pages are off unless scripts says so; what evaluate() is given runs in the
    driver's own world either way.  prefs are Firefox's."""

    def __init__(self, which, socks=None, scripts=False, prefs=None):
        for needed in (os.environ.get(which.upper(), PROGRAMS[which]),
                       "node"):
            expect(shutil.which(needed), needed, "is not installed")
        self.which = which
        self.process = subprocess.Popen(
            ["node", "--no-warnings", "--experimental-websocket",
             os.path.join(HERE, "drive.mjs"), which,
             json.dumps({"socks": socks, "scripts": scripts,
                         "prefs": prefs or {}})],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        try:
            self.name = self.answer(60)
        except BaseException:
            self.process.kill()
            raise

    def answer(self, seconds):
        ready, _, _ = select.select([self.process.stdout], [], [], seconds)
        expect(ready, self.which, "has not answered for", seconds, "s")
        line = self.process.stdout.readline()
        expect(line, self.which, "has ended")
        answer = json.loads(line)
        if "error" in answer:
            raise Failure("%s: %s" % (self.which, answer["error"]))
        return answer["value"]

    def do(self, method, *args, seconds=60):
        self.process.stdin.write(
            json.dumps([method, *args]).encode() + b"\n")
        self.process.stdin.flush()
        return self.answer(seconds)

    def open(self, url, wait="complete"):
        """With wait "none": a page that goes on loading."""
        self.do("open", url, wait)

    def evaluate(self, expression):
        return self.do("evaluate", expression)

    def page(self):
        """Which of site/pages is shown, or None."""
        return self.evaluate(PAGE)

    def arrive(self, *pages, seconds=20):
        """Wait for one of these pages; between two there may be none."""
        def there():
            try:
                page = self.page()
            except Failure:
                return None
            return page if page in pages else None
        return wait_for("%s shows %s" % (self.which, " or ".join(pages)),
                        there, seconds)

    def screenshot(self, whole=True):
        return base64.b64decode(self.do("screenshot", whole))

    def frames(self, seconds=10):
        """Which page each frame of the page shows, in order; None: none of
        ours, as when the browser refuses to show it."""
        end = time.monotonic() + seconds
        while True:
            try:
                return self.do("frames", PAGE)
            except Failure:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def close(self):
        try:
            self.process.stdin.close()
            self.process.wait(20)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
