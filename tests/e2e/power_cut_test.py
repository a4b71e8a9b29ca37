#!/usr/bin/python3
"""Power cuts under load: every tip with a receipt is on the disk.

An ext4 on a loop device is shut down without flushing anything, then mounted
again, as after a power cut.  The test must fail when the keeper's flushes are
left out, or it proves nothing.
"""
import os
import random
import re
import subprocess
import time

from disk import Disk
from load import Load
from tipline import LONG, Failure, expect, run_tests

CUTS = 20 if LONG else 3


def cut_once(r, sabotage=None):
    """One life: start, load, power cut, mount, check."""
    with Disk(600) as disk:
        with disk.line(proxy="require") as line:
            line.may_die = True
            line.start()
            if sabotage:
                sabotage(line)
            with Load(line, clients=16, pause=0.05) as load:
                time.sleep(1 + r.random())
                disk.power_cut()
                time.sleep(0.2)  # receipts given now are lies, and counted
                load.over.set()
                line.kill()
            disk.unmount()
            disk.mount()
            line.start()
            expect(line.tip("tip 0").received, "no tip after the power cut")
            line.stop()
            tips = [t for t in line.open() if t.message != b"tip 0"]
            expect(len(load.received) > 10, "hardly any", load.answers)
            load.check(tips)


def a_power_cut_loses_no_tip_that_had_its_receipt():
    for _ in range(CUTS):
        cut_once(random.Random())


def libc_of(pid):
    """Path of the process's libc and where it begins."""
    with open("/proc/%d/maps" % pid) as f:
        for line in f:
            m = re.match(r"([0-9a-f]+)-\S+ \S+ 00000000 .* (/\S*libc\.so\.6)",
                         line)
            if m:
                return m.group(2), int(m.group(1), 16)
    raise Failure("no libc in the keeper")


def without_flushes(line):
    """Let fsync and fdatasync of the running keeper do nothing."""
    line.quiet = True
    pid = line.keeper()
    path, base = libc_of(pid)
    symbols = subprocess.run(["nm", "-D", path], check=True,
                             stdout=subprocess.PIPE).stdout.decode()
    code = {"x86_64": b"\x31\xc0\xc3",  # xor eax,eax; ret
            "aarch64": b"\x00\x00\x80\x52\xc0\x03\x5f\xd6"}  # mov w0,0; ret
    with open("/proc/%d/mem" % pid, "r+b", buffering=0) as mem:
        for name in ("fsync", "fdatasync"):
            at = re.search(r"^([0-9a-f]+) . %s(@|$)" % name, symbols, re.M)
            os.pwrite(mem.fileno(), code[os.uname().machine],
                      base + int(at.group(1), 16))


def without_flushes_the_same_test_fails():
    for _ in range(3):
        try:
            cut_once(random.Random(), without_flushes)
        except Failure as e:
            expect("are lost" in str(e), "failed in another way:", e)
            print("       without flushes:", str(e)[:60])
            return
    raise Failure("tips survived without flushes: this test cannot fail")


if __name__ == "__main__":
    run_tests(a_power_cut_loses_no_tip_that_had_its_receipt,
              without_flushes_the_same_test_fails)
