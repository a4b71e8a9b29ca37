#!/usr/bin/env python3
"""A year in an hour: weekly rotation under a false clock, from the first key
to the last week, with tips arriving throughout.

Two analysts, a root that changes in the middle, new key sets while uploads
run, and each week: export, open, acknowledge, import, purge, back up, destroy.
At the end every tip was opened exactly once by each analyst, and a thief who
has everything that is left (every bundle that ever travelled, the server, its
backup, both keyrings, the backup of the root with all shares) opens no tip of
a destroyed week.

Long: 52 weeks.  Short: 9.
"""
import os
import re
import shutil
import sqlite3
import struct
import subprocess
import tempfile
import threading
import time

import tipline
from tipline import (BIN, LONG, PASSPHRASE, Failure, Opened, Visitor, expect,
                     file_digest, form, post, program, run_tests, wait_for)

WEEK = 7 * 86400
WEEKS = 52 if LONG else 9
TIPS = 12 if LONG else 6  # a week
KEYS_FOR = 10 if LONG else 6  # weeks of keys that are made at a time
SHIM = os.environ["TIPLINE_CLOCK_SHIM"]


class Clock:
    """The time that every program of the drill sees."""

    def __init__(self, home):
        self.path = os.path.join(home, "clock")
        self.shift = 0
        # Begin on a Monday noon, whatever day it is.
        now = int(time.time())
        # Next week's: a clock before the day the programs were built is
        # refused.
        monday = (now - 345600) // WEEK * WEEK + 345600 + WEEK
        self.set(monday + 12 * 3600 - now)
        self.start = self.now()

    def set(self, shift):
        self.shift = shift
        new = self.path + ".new"
        if not os.path.exists(self.path):
            with open(new, "wb") as f:
                f.write(struct.pack("<q", shift))
            os.rename(new, self.path)
        with open(self.path, "r+b") as f:
            f.write(struct.pack("<q", shift))

    def now(self):
        return int(time.time()) + self.shift

    def go(self, seconds):
        self.set(self.shift + seconds)

    def env(self):
        return {**os.environ, "LD_PRELOAD": SHIM,
                "CLOCK_SHIM_FILE": self.path}


class Analyst:
    def __init__(self, drill, name):
        self.drill, self.name = drill, name
        self.keys = os.path.join(drill.home, name + ".keyring")
        self.cases = os.path.join(drill.home, name + ".cases")
        self.known = 0  # newest tip whose folder was looked at
        drill.analyst("init", self.keys, "--analyst", "--name", name)

    def make_keys(self, n):
        out = os.path.join(self.drill.home, "%s-%d.keys" % (self.name, n))
        self.drill.analyst("keys", "make", self.keys, "--weeks",
                           str(KEYS_FOR), "--out", out)
        return out

    def take(self, keyset, root):
        args = ["keyset", "take", self.keys, keyset]
        self.drill.analyst(*args, *(["--root", root] if root else []))

    def week(self, bundle, number):
        """Open what came, and say so."""
        self.drill.analyst("verify", self.keys, bundle)
        self.drill.analyst("open", self.keys, bundle, self.cases)
        out = os.path.join(self.drill.home, "%s-%d.return" % (
            self.name, number))
        more = ["--cases", self.cases, "--arrived", "--pad", "16"] \
            if self.name == "alice" else []
        self.drill.analyst("ack", self.keys, out, *more)
        return out


class Drill:
    def __init__(self):
        self.home = tempfile.mkdtemp(prefix="tl-")
        self.clock = Clock(self.home)
        self.passphrase = os.path.join(self.home, "passphrase")
        with open(self.passphrase, "w") as f:
            os.fchmod(f.fileno(), 0o600)
            f.write(PASSPHRASE + "\n")
        self.line = tipline.Line(keys=False, folder=os.path.join(
            self.home, "server"), circuit_uploads="16")
        self.sent = {}     # message: number of the week it was sent in
        self.refused = []
        self.lock = threading.Lock()
        self.bundles = []  # all that ever travelled: the thief copied them
        self.keysets = 0

    # -- tools, all at the drill's time

    def analyst(self, *args):
        return program("tipline-analyst", *args,
                       *tipline.passphrase_for(args, self.passphrase),
                       env=self.clock.env())

    def operator(self, *args, **kw):
        return program("tipline-operator", *args, env=self.clock.env(), **kw)

    # -- the keys

    def begin(self):
        self.root = os.path.join(self.home, "root.keyring")
        self.analyst("init", self.root, "--name", "ruth")
        self.shares = os.path.join(self.home, "shares")
        self.analyst("keys", "backup", self.root, "--out", self.shares,
                     "--shares", "5", "--need", "3")
        self.analysts = [Analyst(self, "alice"), Analyst(self, "bob")]
        self.backup_key = os.path.join(self.home, "backup.key")
        program("tipline-restore", "key", "make", self.backup_key,
                "--passphrase-file", self.passphrase)
        self.rotate(first=True)
        self.line.start(env=self.clock.env())

    def rotate(self, first=False):
        self.keysets += 1
        files = [a.make_keys(self.keysets) for a in self.analysts]
        out = os.path.join(self.home, "keyset-%d.txt" % self.keysets)
        self.analyst("keyset", "make", self.root, "--server",
                     os.path.join(self.line.line, "server.pub"),
                     "--analyst", files[0], "--analyst", files[1],
                     "--without-own", "--weeks", str(KEYS_FOR), "--out", out)
        root = os.path.join(self.root, "root.pub") if first else None
        self.operator("keyset", "install", self.line.line, out,
                      *(["--root", root] if first else []))
        for a in self.analysts:
            a.take(out, root)

    def change_root(self):
        out = os.path.join(self.home, "root-2.txt")
        self.analyst("root", "change", self.root, "--out", out)
        self.operator("root", "change", self.line.line, out)
        for a in self.analysts:
            self.analyst("root", "take", a.keys, out)
        self.rotate()

    # -- the visitors

    def send(self, week, n):
        text = "week %d, tip %d, %s" % (week, n, os.urandom(300).hex())
        files = [("f.bin", os.urandom(20000))] if n % 4 == 0 else []
        answer = self.line.tip(text, files, circuit=None)
        self.account(text, week, answer)

    def account(self, text, week, answer):
        with self.lock:
            if answer.received:
                self.sent[text] = week
            else:
                self.refused.append((week, text[:30], repr(answer)))

    def slow(self, week):
        """An upload that begins in one week and ends in the next."""
        text = "week %d, slow, %s" % (week, os.urandom(3000).hex())
        body = form(text)
        v = Visitor(self.line, timeout=120)
        head = post(self.line.host, len(body))
        v.send(head + body[:400])
        return v, text, body[400:]

    def tips_of(self, week):
        threads = [threading.Thread(target=self.send, args=(week, n))
                   for n in range(TIPS)]
        for t in threads:
            t.start()
        return threads

    # -- a week

    def week(self, week):
        threads = self.tips_of(week)
        if week % 4 == 3:
            self.rotate()  # while they arrive
        if week == WEEKS // 2:
            self.change_root()
        for t in threads:
            t.join()
        slow = self.slow(week)
        time.sleep(0.2)
        self.clock.go(WEEK)  # Monday noon again: the next epoch
        self.wait_for_epoch()
        self.send(week + 1, 99)
        v, text, rest = slow
        v.send(rest)
        self.account(text, week, v.answer())
        self.hand_off(week)
        self.destroy(week)

    def epoch(self):
        return (self.clock.now() - 345600) // WEEK

    def wait_for_epoch(self):
        """The server has noticed the new week."""
        path = os.path.join(self.line.line, "epoch")
        wait_for("epoch %d is in force" % self.epoch(),
                 lambda: int(open(path).read() or 0) == self.epoch(), 90)

    def hand_off(self, week):
        bundle = os.path.join(self.home, "week-%d.bundle" % week)
        self.operator("export", self.line.line, bundle)
        self.bundles.append(bundle)
        backup = os.path.join(self.home, "backup")
        self.operator("backup", self.line.line, backup, "--key",
                      self.backup_key + ".pub")
        for a in self.analysts:
            self.operator("import", self.line.line, a.week(bundle, week))
        self.operator("purge", self.line.line)
        p = self.operator("status", self.line.line, "--monitor", check=False)
        expect(p.returncode in (0, 1), "status --monitor:", p.returncode,
               p.stdout, p.stderr)

    def destroy(self, week):
        for a in self.analysts:
            self.analyst("keys", "destroy", a.keys, "--past")

    def close(self):
        self.line.close()
        if os.environ.get("TIPLINE_KEEP") != "1":
            shutil.rmtree(self.home, ignore_errors=True)


def every_tip_was_opened_once(drill):
    for a in drill.analysts:
        seen = {}
        for name in sorted(os.listdir(a.cases)):
            if name.startswith("tip-"):
                text = Opened(os.path.join(a.cases, name)).message.decode()
                seen[text] = seen.get(text, 0) + 1
        twice = [t[:30] for t, n in seen.items() if n > 1]
        lost = [t[:30] for t in drill.sent if t not in seen]
        expect(not twice, a.name, "has opened twice:", twice)
        expect(not lost, a.name, "has never seen:", lost)
        expect(len(seen) == len(drill.sent), a.name, "has", len(seen),
               "tips of", len(drill.sent))


def purged_tips_are_gone(drill):
    db = sqlite3.connect(os.path.join(drill.line.line, "data/tips.sqlite"))
    kept = db.execute("SELECT count(*) FROM tip WHERE upload IS NOT NULL")
    left = kept.fetchone()[0]
    db.close()
    expect(left == 0, left, "confirmed tips are still there")


def a_thief_opens_no_destroyed_week(drill):
    """Everything that is left, and every way to open something with it."""
    gone = {int(n) for n in os.listdir(os.path.join(
        drill.analysts[0].keys, "destroyed"))}
    expect(len(gone) >= WEEKS - 3, "only", len(gone), "weeks destroyed")
    first = (drill.clock.start - 345600) // WEEK
    # The server's own backup, restored.
    loot = list(drill.bundles)
    line = os.path.join(drill.home, "stolen")
    program("tipline-restore", "restore", os.path.join(drill.home, "backup"),
            line, "--key", drill.backup_key, "--passphrase-file",
            drill.passphrase, env=drill.clock.env())
    drill.operator("keyset", "install", line, os.path.join(
        drill.home, "keyset-%d.txt" % drill.keysets), "--sequence",
        str(drill.keysets))
    stolen = os.path.join(drill.home, "stolen.bundle")
    drill.operator("export", line, stolen, "--from", "1")
    loot.append(stolen)
    # The backup of the root brings no epoch's key either.
    rings = [a.keys for a in drill.analysts]
    restored = os.path.join(drill.home, "restored.keyring")
    drill.analyst("keys", "restore", restored, "--backup",
                  os.path.join(drill.shares, "backup.tipline"),
                  *[os.path.join(drill.shares, "share-%d.txt" % i)
                    for i in (1, 2, 3)])
    expect(not os.path.isdir(os.path.join(restored, "epochs")) or
           not os.listdir(os.path.join(restored, "epochs")),
           "the root's backup holds an epoch's key")
    opened = 0
    for ring, name in [(r, b) for r in rings for b in loot]:
        # As if for the first time: the thief has no ledger to fill.
        copy = os.path.join(drill.home, "thief")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(ring, copy)
        for f in os.listdir(copy):
            if f.startswith("ledger"):
                os.unlink(os.path.join(copy, f))
        cases = os.path.join(drill.home, "thief.cases")
        shutil.rmtree(cases, ignore_errors=True)
        program("tipline-analyst", "open", copy, name, cases, "--unproved",
                "--passphrase-file", drill.passphrase, check=False,
                env=drill.clock.env())
        for folder, _, names in os.walk(cases):
            if "tip.json" not in names:
                continue
            text = Opened(folder).message.decode()
            week = first + drill.sent[text]
            expect(week not in gone, "a tip of the destroyed week", week,
                   "was opened from", name)
            opened += 1
    # The test can see a tip that is open to the thief: the newest weeks'.
    expect(opened > 0, "the thief opened nothing at all: a broken test")


def a_year_of_weekly_rotation_loses_and_leaks_nothing():
    drill = Drill()
    try:
        drill.begin()
        for week in range(WEEKS):
            drill.week(week)
            print("week %d of %d, %d tips" % (week + 1, WEEKS,
                  len(drill.sent)), flush=True)
        drill.clock.go(3600)
        drill.hand_off(WEEKS)
        expect(not drill.refused, "refused wrongly:", drill.refused)
        every_tip_was_opened_once(drill)
        purged_tips_are_gone(drill)
        drill.line.stop()
        a_thief_opens_no_destroyed_week(drill)
    finally:
        drill.close()


if __name__ == "__main__":
    run_tests(a_year_of_weekly_rotation_loses_and_leaks_nothing)
