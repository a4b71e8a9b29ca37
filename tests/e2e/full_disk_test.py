#!/usr/bin/python3
"""No room, and writes that fail: refused with a page, nothing half kept, and
on it goes when there is room again."""
import os
import resource
import time

from disk import Disk
from tipline import Line, expect, form, post, run_tests, wait_for

MIB = 1 << 20


class Account:
    """What was sent and got a receipt, to be compared with what opens."""

    def __init__(self, line):
        self.line = line
        self.kept = []
        self.sent = 0
        self.unsure = 0

    def send(self, size=0, text=100):
        """One tip; gives the page's name."""
        self.sent += 1
        message = ("tip %d " % self.sent).ljust(text, "x")
        files = [("f%d" % self.sent, os.urandom(size))] if size else []
        answer = self.line.tip(message, files)
        expect(answer.page, "none of our pages:", answer)
        if answer.received:
            self.kept.append((message.encode(), [d for _, d in files]))
        if answer.page == "uncertain":
            self.unsure += 1
        return answer.page

    def send_until_refused(self, **kw):
        for _ in range(400):
            page = self.send(**kw)
            if page != "receipt":
                return page
        expect(False, "400 tips and never full")

    def check(self):
        tips = self.line.open()
        expect(len(self.kept) <= len(tips) <= len(self.kept) + self.unsure,
               len(tips), "opened,", len(self.kept), "had a receipt")
        opened = {t.message: t for t in tips}
        for message, files in self.kept:
            tip = opened.get(message)
            expect(tip, "lost:", message[:20])
            expect(len(tip.files) == len(files), message[:20], "lacks files")
            for (_, path), data in zip(tip.files, files):
                with open(path, "rb") as f:
                    expect(f.read() == data, message[:20], "differs")


def files_are_refused_before_text_and_both_at_the_quota():
    with Line(quota="64M") as line:
        line.start()
        a = Account(line)
        page = a.send_until_refused(size=15 * MIB)
        # Not even what is kept for text has room for one so large.
        expect(page in ("full", "full_files"), page)
        expect(a.send() == "receipt", "text is refused already")
        expect(a.send(size=1000) == "receipt", "a small file is refused")
        page = a.send_until_refused(size=MIB // 2)
        expect(page == "full_files", page)
        expect(a.send(text=200000) == "receipt", "text is refused already")
        page = a.send_until_refused(text=200000)
        expect(page == "full", page)
        print("       %d kept of %d" % (len(a.kept), a.sent))
        a.check()
        line.stop()
        line.conf(quota="160M")
        line.start()
        expect(a.send(size=15 * MIB) == "receipt", "still refused")
        a.check()
        line.stop()


def a_full_disk_refuses_and_recovers_by_itself():
    with Disk(300) as disk:
        with disk.line() as line:
            line.start()
            a = Account(line)
            expect(a.send(size=MIB) == "receipt", "not even one")
            filler = disk.fill(leave=90 * MIB)
            page = a.send_until_refused(size=15 * MIB)
            expect(page in ("full_files", "full"), page)
            expect(a.send() in ("receipt", "full"), "neither kept nor full")
            # Somebody else eats the reserve, to the last byte.
            disk.fill(leave=0)
            for size in (0, 1000, 5 * MIB):
                page = a.send(size=size)
                expect(page in ("full", "full_files", "trouble", "receipt"),
                       page)
            os.unlink(filler)
            wait_for("there is room again",
                     lambda: a.send(size=15 * MIB) == "receipt", 30)
            expect(a.send() == "receipt", "text is refused")
            line.stop()
            a.check()


def a_disk_that_fills_up_meanwhile_keeps_nothing_half():
    with Disk(300) as disk:
        with disk.line() as line:
            line.start()
            a = Account(line)
            for _ in range(3):
                a.send(size=3 * MIB)
            # The head promises room; it goes while the body arrives.
            body = form("half", [("half", os.urandom(20 * MIB))])
            with line.visitor() as v:
                v.send(post(line.host, len(body)) + body[:8 * MIB])
                filler = disk.fill(leave=0)
                v.send(body[8 * MIB:])
                answer = v.answer()
            expect(answer.page in ("full", "full_files", "trouble"), answer)
            os.unlink(filler)
            wait_for("there is room again",
                     lambda: a.send(size=MIB) == "receipt", 30)
            line.stop()
            a.check()


def writes_that_fail_are_told_and_survived():
    with Line() as line:
        line.may_die = True
        line.start()
        a = Account(line)
        for _ in range(5):
            expect(a.send(size=MIB) == "receipt", "a good disk")
        for _ in range(3):
            keeper = line.keeper()
            database = os.path.join(line.line, "data", "tips.sqlite")
            here = max(os.path.getsize(database + s) for s in ("", "-wal")
                       if os.path.exists(database + s))
            # Beyond this size every write fails with EFBIG, or a signal.
            for limit in (here + MIB, here):
                try:
                    resource.prlimit(keeper, resource.RLIMIT_FSIZE,
                                     (limit, resource.RLIM_INFINITY))
                except ProcessLookupError:
                    break
                for size in (0, 3 * MIB, 0):
                    a.send(size=size)
            try:
                resource.prlimit(keeper, resource.RLIMIT_FSIZE, (
                    resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            except ProcessLookupError:
                pass
            wait_for("tips are taken again",
                     lambda: a.send(size=100) == "receipt", 30)
        expect(a.sent > len(a.kept), "no write has failed")
        line.stop()
        a.check()


def a_dead_disk_gets_nobody_a_receipt():
    with Disk(200) as disk:
        with disk.line() as line:
            line.start()
            a = Account(line)
            expect(a.send() == "receipt", "a good disk")
            line.may_die = True
            disk.power_cut()
            for size in (0, 1000, 3 * MIB, 0):
                page = a.send(size=size)
                expect(page in ("trouble", "away", "uncertain", "full"), page)
                time.sleep(0.1)
            line.kill()
            disk.unmount()
            disk.mount()
            line.start()
            a.check()
            line.stop()


if __name__ == "__main__":
    run_tests(files_are_refused_before_text_and_both_at_the_quota,
              a_full_disk_refuses_and_recovers_by_itself,
              a_disk_that_fills_up_meanwhile_keeps_nothing_half,
              writes_that_fail_are_told_and_survived,
              a_dead_disk_gets_nobody_a_receipt)
