#!/usr/bin/python3
"""A large upload with curl: bounded memory, byte for byte the same."""
import os
import shutil
import signal
import subprocess
import threading
import time

from tipline import (LONG, Line, expect, file_digest, form, post, resident,
                     run_tests)

SIZE = (512 if LONG else 64) << 20
# What all processes together may take more than idle.  bench/ holds them to
# less; this is to catch whoever keeps a whole upload.
GROWTH_MAX = 24 << 20


class Watch(threading.Thread):
    """The most that the processes were resident."""

    def __init__(self, pids):
        super().__init__()
        self.pids = pids
        self.most = 0
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(0.02):
            self.most = max(self.most, sum(resident(p) for p in self.pids))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()


def curl(line, path):
    return subprocess.run(
        ["curl", "-sS", "--unix-socket", line.socket,
         "-F", "message=", "-F", "file=@%s;filename=disk image.bin" % path,
         "http://%s/tip" % line.host],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def a_file_of_just_the_limit_arrives_the_same_and_nobody_holds_it():
    expect(shutil.which("curl"), "curl is not installed")
    with Line(upload="%dM" % (SIZE >> 20)) as line:
        line.start()
        big = os.path.join(line.home, "big.bin")
        with open(big, "wb") as f:
            for at in range(0, SIZE, 1 << 20):
                f.write(os.urandom(1 << 20))
        idle = sum(resident(p) for p in line.pids())
        begin = time.monotonic()
        with Watch(line.pids()) as watch:
            p = curl(line, big)
        took = time.monotonic() - begin
        expect(p.returncode == 0 and b"Your tip was received" in p.stdout,
               p.returncode, p.stderr, p.stdout[:3000])
        print("       %d MiB in %.2f s; resident idle %.1f MiB, at most "
              "%.1f MiB" % (SIZE >> 20, took, idle / 2**20,
                            watch.most / 2**20))
        expect(watch.most - idle < GROWTH_MAX, "too much memory")
        tips = line.open()
        expect(len(tips) == 1 and not tips[0].message, tips)
        (name, path), = tips[0].files
        expect(name == "disk image.bin", name)
        expect(file_digest(path) == file_digest(big), "it differs")
        with open(big, "ab") as f:
            f.write(b"x")
        p = curl(line, big)
        expect(b"That was too much" in p.stdout, "one byte more:", p)
        expect(line.status()["tips"] == 1, "something was kept")
        line.stop()


def a_keeper_that_stands_still_holds_uploads_back():
    """What cannot be stored yet waits at the visitor, not in our memory."""
    with Line() as line:
        line.start()
        keeper, receiver = line.keeper(), line.receiver()
        idle = resident(receiver)
        body = form("patience", [("f", os.urandom(32 << 20))])
        answers = []

        def submit():
            answers.append(line.ask(post(line.host, len(body)) + body))

        os.kill(keeper, signal.SIGSTOP)
        visitors = [threading.Thread(target=submit) for _ in range(3)]
        for v in visitors:
            v.start()
        time.sleep(2)
        grown = resident(receiver) - idle
        os.kill(keeper, signal.SIGCONT)
        for v in visitors:
            v.join()
        print("       receiver grown by %.1f MiB" % (grown / 2**20))
        expect(grown < 4 << 20, "uploads pile up in the receiver:", grown)
        expect([a.page for a in answers] == ["receipt"] * 3, answers)
        for tip in line.open():
            with open(tip.files[0][1], "rb") as f:
                expect(f.read() in body, "it differs")
        line.stop()


if __name__ == "__main__":
    run_tests(a_file_of_just_the_limit_arrives_the_same_and_nobody_holds_it,
              a_keeper_that_stands_still_holds_uploads_back)
