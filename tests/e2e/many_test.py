#!/usr/bin/env python3
"""Very many tips: export, verify and open take the same memory however many
there are, and time that grows with their number and no faster.

Long: 100,000 tips against 10,000.  Short: 6,000 against 1,000.
"""
import os
import shutil
import subprocess
import threading
import time

from tipline import BIN, LONG, Line, expect, resident, run_tests

FEW, MANY = (10000, 100000) if LONG else (1000, 6000)
GROWTH_MAX = 4 << 20  # bytes more for MANY than for FEW
CLIENTS = 32


def fill(line, count):
    """Send tips, with the benchmark's visitors, until there are count."""
    have = line.status()["tips"]
    subprocess.run([os.path.join(BIN, "../bench/bench_load"), line.socket,
                    line.host, "text", str(CLIENTS), str(count - have)],
                   check=True, stdout=subprocess.DEVNULL)
    expect(line.status()["tips"] == count, "not", count, "tips")


class Run:
    """A program to its end: seconds, and the most memory it had once its
    passphrase was taken (Argon2id takes 256 MiB for a moment)."""

    def __init__(self, *words):
        start = time.monotonic()
        p = subprocess.Popen([os.path.join(BIN, words[0]), *words[1:]],
                             stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL,
                             stderr=subprocess.PIPE)
        said = []
        reader = threading.Thread(target=lambda: said.append(p.stderr.read()))
        reader.start()
        samples = []
        while p.poll() is None:
            samples.append((time.monotonic() - start, resident(p.pid)))
            time.sleep(0.01)
        reader.join()
        self.seconds = time.monotonic() - start
        # The second half: the passphrase is long done.
        self.memory = max(m for t, m in samples if t >= self.seconds / 2)
        expect(p.returncode == 0, words, "exit", p.returncode,
               said[0].decode(errors="replace"))


def passes(line, name):
    """Export, verify and open everything there is."""
    bundle = os.path.join(line.home, name + ".bundle")
    cases = os.path.join(line.home, name + ".cases")
    # A keyring of its own: each opens all of it for the first time.
    keys = os.path.join(line.home, name + ".keys")
    shutil.copytree(line.keys, keys)
    runs = {
        "export": Run("tipline-operator", "export", line.line, bundle,
                      "--from", "1"),
        "verify": Run("tipline-analyst", "verify", keys, bundle),
        "open": Run("tipline-analyst", "open", keys, bundle, cases,
                    "--passphrase-file", line.passphrase),
    }
    found = sum(n.startswith("tip-") for n in os.listdir(cases))
    os.unlink(bundle)
    shutil.rmtree(cases)
    return runs, found


def memory_is_the_same_for_many():
    with Line(quota="8G") as line:
        line.start()
        results = {}
        for count in (FEW, MANY):
            fill(line, count)
            results[count], found = passes(line, str(count))
            expect(found == count, found, "of", count, "were opened")
        line.stop()
        for what in ("export", "verify", "open"):
            few, many = results[FEW][what], results[MANY][what]
            print("%-7s %6d tips %6.1f s %5.1f MiB; %6d tips %6.1f s "
                  "%5.1f MiB; %.0f tips/s" % (
                      what, FEW, few.seconds, few.memory / 2**20, MANY,
                      many.seconds, many.memory / 2**20,
                      MANY / many.seconds))
            expect(many.memory - few.memory < GROWTH_MAX, what, "takes",
                   few.memory, "bytes for", FEW, "tips and", many.memory,
                   "for", MANY)


run_tests(memory_is_the_same_for_many)
