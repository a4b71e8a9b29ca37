"""Many visitors at once, and an account of what each was told.

A tip is made from its number alone, so that an opened one can be compared
byte for byte with what was sent.
"""
import random
import threading
import time

from tipline import expect, form, post


def content(number, large):
    """Message and files of a tip: words mostly, now and then a file."""
    r = random.Random(number)
    message = "tip %d\r\n%s" % (number, r.randbytes(r.randrange(1, 1500)).hex())
    files = []
    if r.random() < 0.5:
        size = r.choice([10, 1000, 16384, 60000, 300000, large])
        files = [("file %d.bin" % number, r.randbytes(r.randrange(size)))]
    return message, files


class Load:
    """Visitors that go on until stopped, whatever happens to the server."""

    def __init__(self, line, clients=16, pause=0.1, large=3 << 20):
        self.line = line
        self.pause = pause
        self.large = large
        self.lock = threading.Lock()
        self.last = 0
        self.received = set()  # numbers whose receipt was seen
        self.answers = {}      # page: how often
        self.over = threading.Event()
        self.threads = [threading.Thread(target=self.client, args=(i,))
                        for i in range(clients)]

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        self.over.set()
        for t in self.threads:
            t.join()

    def client(self, circuit):
        r = random.Random(circuit)
        while not self.over.is_set():
            with self.lock:
                self.last += 1
                number = self.last
            try:
                page = self.send(number, circuit + 1, r)
            except OSError as e:
                page = type(e).__name__
            with self.lock:
                self.answers[page] = self.answers.get(page, 0) + 1
                if page == "receipt":
                    self.received.add(number)
            self.over.wait(self.pause * 2 * r.random())

    def send(self, number, circuit, r):
        body = form(*content(number, self.large))
        data = post(self.line.host, len(body)) + body
        with self.line.visitor(circuit=circuit) as v:
            # In pieces, so that some uploads are under way at any time.
            for at in range(0, len(data), 256 << 10):
                if not v.send(data[at:at + (256 << 10)]):
                    break
                time.sleep(0.005)
            answer = v.answer()
            return answer.page or ("cut answer" if answer.raw else "no answer")

    def check(self, tips):
        """tips, opened: every one received is there, each is whole and as it
        was sent, none is there twice."""
        seen = set()
        for tip in tips:
            word, _, rest = tip.message.partition(b"\r\n")[0].partition(b" ")
            expect(word == b"tip" and rest.isdigit(), "a strange tip",
                   tip.message[:80])
            number = int(rest)
            expect(1 <= number <= self.last, "nobody sent tip", number)
            expect(number not in seen, "tip", number, "is there twice")
            seen.add(number)
            message, files = content(number, self.large)
            expect(tip.message == message.encode(), "tip", number, "differs")
            expect(len(tip.files) == len(files), "tip", number, "lacks files")
            for (name, path), (sent_name, data) in zip(tip.files, files):
                expect(name == sent_name, "tip", number, "has file", name)
                with open(path, "rb") as f:
                    expect(f.read() == data, "tip", number, "file differs")
        lost = self.received - seen
        expect(not lost, len(lost), "tips with a receipt are lost:",
               sorted(lost)[:20])
        print("       %d sent, %d receipts, %d opened; answers: %s" % (
            self.last, len(self.received), len(tips), self.answers))
