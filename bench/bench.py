#!/usr/bin/env python3
"""bench: our figures beside the limits they are held against, in one run.

    bench.py BIN [--short | --full] [--only NAME,...] [--page FILE]

BIN is the folder with the programs; the measuring tools lie in BIN/../bench.
--short takes small sizes and says so.  --full takes those of docs/DESIGN.md
and writes --page (docs/BENCH.md).  Absolute figures are this machine's; the
ratios carry over, since each limit is measured in the same run.
"""

import argparse
import datetime
import json
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MIB = 1 << 20
RUNS = 3


class Sizes:
    def __init__(self, full):
        self.full = full
        self.upload = 1024 * MIB if full else 128 * MIB
        self.text = 20000 if full else 3000
        self.single = 4000 if full else 600
        self.idle, self.slow = (4096, 1000) if full else (1024, 250)
        self.boxes = 20000 if full else 5000
        self.commits = 5000 if full else 1500
        self.tips = 2000 if full else 500
        self.tor = 64 * MIB


class Table:
    """Rows of: what, ours, the limit, what it was measured against, ratio,
    met or missed."""

    HEAD = ("what", "ours", "held to", "bare limit in this run", "ratio", "")

    def __init__(self):
        self.rows = []
        self.notes = []

    def add(self, what, ours, limit, met=None, bare="", ratio=None):
        verdict = "" if met is None else "met" if met else "MISSED"
        row = (what, ours, limit, bare,
               "" if ratio is None else f"{ratio:.2f}", verdict)
        self.rows.append(row)
        print("  " + "; ".join(x for x in row if x), flush=True)

    def note(self, text):
        self.notes.append(text)
        print("  note: " + text, flush=True)

    def lines(self):
        rows = [self.HEAD] + self.rows
        width = [max(len(r[i]) for r in rows) for i in range(6)]
        text = ["| " + " | ".join(c.ljust(w) for c, w in zip(r, width)) + " |"
                for r in rows]
        text.insert(1, "|" + "|".join("-" * (w + 2) for w in width) + "|")
        return text


def median(values):
    return statistics.median(values)


class Bench:
    def __init__(self, bin_folder, sizes):
        self.bin = os.path.abspath(bin_folder)
        self.tools = os.path.join(os.path.dirname(self.bin), "bench")
        self.sizes = sizes
        self.table = Table()
        self.busy = os.getloadavg()[0]
        # Beside the programs: a real disk, where /tmp may be memory.
        self.work = tempfile.mkdtemp(prefix="bw-",
                                     dir=os.path.dirname(self.bin))

    def tool(self, name, *words):
        out = subprocess.run([os.path.join(self.tools, "bench_" + name),
                              *map(str, words)], check=True,
                             stdout=subprocess.PIPE, text=True).stdout
        return json.loads(out.split("\n")[0])

    def bare(self, *words):
        return self.tool("bare", *words)

    def beside(self, ours, bare):
        """Measure both in turn, since a shared machine is not equally fast
        all the time: medians of each, and of the ratios ours / bare."""
        pairs = [(ours(), bare()) for _ in range(RUNS)]
        return (median([o for o, _ in pairs]), median([b for _, b in pairs]),
                median([o / b for o, b in pairs]))

    def load(self, line, *words, proxy=True):
        tail = ["proxy"] if proxy else []
        return self.tool("load", line.socket, line.host, *words, *tail)

    def line(self, **more):
        """A line of its own that takes large uploads and many visitors."""
        settings = {"upload": "4G", "quota": "64G", "connections": 8192,
                    "folder": more.get("folder") or
                    tempfile.mkdtemp(prefix="l", dir=self.work)}
        settings.update(more)
        return tipline.Line(folder_bin=self.bin, proxy="accept", **settings)

    def rings(self, analysts):
        """A line whose tips are sealed to so many analysts."""
        line = self.line(keys=False)
        self_made = os.path.join(line.home, "rings")
        os.mkdir(self_made)
        subprocess.run([os.path.join(self.tools, "bench_rings"),
                        os.path.join(line.line, "server.pub"), str(analysts),
                        self_made], check=True)
        line.keys = self_made
        line.install(os.path.join(self_made, "keyset.txt"))
        return line

    def drop(self, line):
        line.close()
        shutil.rmtree(line.home, ignore_errors=True)


# ------------------------------------------------------------- /proc, sampled

def field(pid, path, word):
    """A kB line of /proc/PID/path in bytes; 0 where it cannot be read."""
    try:
        with open(f"/proc/{pid}/{path}") as f:
            for row in f:
                if row.startswith(word):
                    return int(row.split()[1]) << 10
    except OSError:
        pass
    return 0


def resident(pids):
    """Resident bytes of all; pages that they share count for each."""
    return sum(field(p, "status", "VmRSS:") for p in pids)


def proportional(pids):
    """The same with shared pages divided among those who share them."""
    return sum(field(p, "smaps_rollup", "Pss:") for p in pids)


def cpu(pids):
    """Processor seconds of all, all threads."""
    total = 0
    for pid in pids:
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


class Sampler(threading.Thread):
    """The peak of resident() while a with block runs."""

    def __init__(self, pids):
        super().__init__(daemon=True)
        self.pids, self.peak, self.samples = pids, 0, []
        self.over = threading.Event()

    def run(self):
        while not self.over.wait(0.02):
            self.samples.append(resident(self.pids))

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.join()
        self.samples.append(resident(self.pids))
        self.peak = max(self.samples)


# ------------------------------------------------------------------- figures

def rows_of(line, number):
    """(sealed bytes, bytes of its usual row) of a tip in the store."""
    path = os.path.join(line.line, "data", "tips.sqlite")
    db = sqlite3.connect(path)
    upload, length = db.execute("SELECT upload, len FROM tip WHERE number=?",
                                (number,)).fetchone()
    sizes = [n for n, in db.execute(
        "SELECT length(sealed) FROM chunk WHERE id >= ? AND id < ?",
        (upload << 24, (upload + 1) << 24))]
    db.close()
    return length, int(median(sizes))


def upload(b):
    """One large upload over the unix socket; memory and processor time."""
    size = b.sizes.upload
    with b.line() as line:
        line.start()
        b.load(line, "upload", 8 * MIB)
        length, row = rows_of(line, 1)
        time.sleep(0.5)
        pids = line.pids()
        idle, growth, used = resident(pids), [], []

        def ours():
            before = cpu(pids)
            with Sampler(pids) as s:
                seconds = b.load(line, "upload", size)["seconds"]
            used.append(cpu(pids) - before)
            growth.append(s.peak - idle)
            return size / MIB / seconds

        def bare():
            seconds = b.bare("rows", b.work, size, row)["seconds"]
            return size / MIB / seconds

        rate, limit, ratio = b.beside(ours, bare)
        b.drop(line)
    b.table.add(f"upload of {size // MIB} MiB, sealed and stored",
                f"{rate:.0f} MiB/s", "≥ 0.7 × bare SQLite", ratio >= 0.7,
                f"{limit:.0f} MiB/s (rows of {row} B)", ratio)
    b.table.add("more resident memory than idle meanwhile",
                f"{max(growth) / MIB:.1f} MiB", "< 4 MiB",
                max(growth) < 4 * MIB)
    b.upload_cpu = median(used) / (size / MIB) * 1000
    if not b.sizes.full:
        b.table.add("processor time for an uploaded MiB",
                    f"{b.upload_cpu:.2f} ms", "< 1/3 of tor's", None,
                    "tor not measured in the short run")


def text_tips(b):
    """Text tips, at once and one after another, for one analyst and three."""
    for analysts in (1, 3):
        line = b.rings(analysts)
        with line:
            line.start()
            b.load(line, "text", 64, 500)
            row = rows_of(line, 1)[1]
            many = b.beside(
                lambda: b.load(line, "text", 64, b.sizes.text)["rate"],
                lambda: b.bare("boxes", b.sizes.boxes)["sealed"] / analysts)
            one = b.beside(
                lambda: b.load(line, "text", 1, b.sizes.single)["rate"],
                lambda: b.bare("commits", b.work, b.sizes.commits,
                               row)["rate"])
            b.drop(line)
        whom = f"{analysts} analyst" + "s" * (analysts > 1)
        b.table.add(f"text tips, 64 clients at once, {whom}",
                    f"{many[0]:.0f}/s", "≥ 0.65 × sealed boxes",
                    many[2] >= 0.65, f"{many[1]:.0f}/s", many[2])
        b.table.add(f"text tips, one after another, {whom}",
                    f"{one[0]:.0f}/s", "≥ 0.3 × bare commits", one[2] >= 0.3,
                    f"{one[1]:.0f}/s (rows of {row} B)", one[2])


def crowd(b):
    """Idle connections and slow uploads, and a text tip among them."""
    waits, peaks = [], []
    for _ in range(RUNS if b.sizes.full else 1):
        with b.line() as line:
            line.start()
            load = subprocess.Popen(
                [os.path.join(b.tools, "bench_load"), line.socket, line.host,
                 "crowd", str(b.sizes.idle), str(b.sizes.slow), "100",
                 "proxy"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                text=True)
            with Sampler(line.pids()) as s:
                waits.append(json.loads(load.stdout.readline()))
                kept = json.loads(load.stdout.readline())
            peaks.append(s.peak)
            load.communicate("\n")
            if any(kept.values()):
                b.table.note(f"the server closed connections: {kept}")
            b.drop(line)
    peak = median(peaks)
    who = f"{b.sizes.idle} idle connections, {b.sizes.slow} slow uploads"
    b.table.add(who, f"{peak / MIB:.0f} MiB resident", "< 128 MiB",
                peak < 128 * MIB)
    p99 = median([w["p99_ms"] for w in waits])
    worst = max(w["max_ms"] for w in waits)
    b.table.add("a text tip meanwhile",
                f"{p99:.1f} ms (99 %), worst {worst:.1f} ms", "≤ 100 ms",
                worst <= 100)


def opening(b, line, bundle):
    """Seconds, peak resident bytes and samples of one tipline-analyst open."""
    cases = tempfile.mkdtemp(prefix="c", dir=b.work)
    start = time.monotonic()
    p = subprocess.Popen(
        [os.path.join(b.bin, "tipline-analyst"), "open", line.keys, bundle,
         os.path.join(cases, "out"), "--passphrase-file", line.passphrase],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE)
    with Sampler([p.pid]) as s:
        said = p.communicate()[1]
    seconds = time.monotonic() - start
    if p.returncode != 0:
        raise SystemExit("tipline-analyst open: " + said.decode())
    # The folder stays to the end: ext4 is slow in making files for seconds
    # after many were deleted.
    return seconds, [n for n in s.samples if n]


def after_passphrase(samples):
    """The peak once Argon2id has given its memory back."""
    at = samples.index(max(samples))
    while at < len(samples) - 1 and samples[at] > max(samples) // 8:
        at += 1
    return max(samples[at:])


def bundle_of(b, *load):
    """A line with what load sent, and a bundle of it."""
    line = b.line()
    line.start()
    if load:
        b.load(line, *load)
    line.stop()
    path = os.path.join(line.home, "bundle")
    line.tool("tipline-operator", "export", line.line, path)
    return line, path


def open_bundles(b):
    """tipline-analyst open against raw secretstream."""
    size, tips = b.sizes.upload, b.sizes.tips
    loads = {"empty": (), "small": ("upload", size // 16),
             "large": ("upload", size), "texts": ("text", 64, tips)}
    memory, bundles = {}, {}
    for name, words in loads.items():
        bundles[name] = bundle_of(b, *words)

    def seconds(name):
        took, samples = opening(b, *bundles[name])
        memory.setdefault(name, []).append(after_passphrase(samples))
        return took

    def rate(name, amount):
        return lambda: amount / (seconds(name) - empty)

    empty = median([seconds("empty") for _ in range(RUNS)])
    for _ in range(RUNS):
        seconds("small")
    ours, bare, ratio = b.beside(
        rate("large", size / MIB),
        lambda: size / MIB / b.bare("pull", size)["seconds"])
    b.table.add(f"opening a bundle with a tip of {size // MIB} MiB",
                f"{ours:.0f} MiB/s", "≥ 0.7 × raw secretstream", ratio >= 0.7,
                f"{bare:.0f} MiB/s", ratio)
    more = median(memory["large"]) - median(memory["small"])
    b.table.add("memory for it",
                f"{median(memory['large']) / MIB:.1f} MiB resident",
                f"constant: as for {size // 16 // MIB} MiB",
                more < 2 * MIB, f"{median(memory['small']) / MIB:.1f} MiB")

    def raw():
        box = b.bare("boxes", b.sizes.boxes)["opened"]
        return 1 / (1 / box + b.bare("pull", 64 * MIB)["seconds"] / 4096)

    ours, bare, ratio = b.beside(rate("texts", tips), raw)
    b.table.add(f"opening {tips} text tips", f"{ours:.0f}/s",
                "(no limit set)", None, f"{bare:.0f}/s (box and record)",
                ratio)
    b.table.note(f"opening: the {empty:.1f} s that Argon2id takes for the "
                 "passphrase come before and are left out, with its memory")
    for line, _ in bundles.values():
        b.drop(line)


def ready(b):
    """From start to the first page; memory when idle."""
    waits, rss, pss = [], [], []
    with b.line() as line:
        for _ in range(RUNS + 2):
            start = time.monotonic()
            line.start(wait=False)
            while True:
                try:
                    if line.get(timeout=5).status == 200:
                        break
                except OSError:
                    time.sleep(0.001)
            waits.append(time.monotonic() - start)
            time.sleep(1)
            rss.append(resident(line.pids()))
            pss.append(proportional(line.pids()))
            line.stop()
        b.drop(line)
    b.table.add("from start to the first page", f"{median(waits):.3f} s",
                "≤ 0.2 s", median(waits) <= 0.2)
    share = f"{median(pss) / MIB:.1f} MiB with shared pages divided" \
        if median(pss) else ""
    b.table.add("idle, all processes", f"{median(rss) / MIB:.1f} MiB resident",
                "< 16 MiB", median(rss) < 16 * MIB, share)


def tor_cpu(b):
    """Our processor time for a MiB beside that of the onion host's tor."""
    import tornet
    home = tempfile.mkdtemp(prefix="tn-")  # short: unix sockets lie in it
    try:
        with tornet.TorNet(os.path.join(home, "t"),
                           os.path.join(home, "http.sock"),
                           lab=False) as net, \
                b.line(folder=home, onion=net.onion) as line:
            line.start()
            with open(os.path.join(home, "file"), "wb") as f:
                for _ in range(b.sizes.tor // MIB):
                    f.write(os.urandom(MIB))
            ours, tors = [], []
            for _ in range(RUNS):
                before = cpu(line.pids()), net.cpu()
                said = subprocess.run(
                    ["curl", "-sS", "--socks5-hostname", net.socks, "-o",
                     os.path.join(home, "page"), "-w", "%{http_code}", "-H",
                     "Expect:", "-F", "message=see the file", "-F",
                     f"file=@{home}/file", f"http://{net.onion}/tip"],
                    check=True, stdout=subprocess.PIPE, text=True).stdout
                if said != "200":
                    raise SystemExit("upload through Tor: status " + said)
                ours.append(cpu(line.pids()) - before[0])
                tors.append(net.cpu() - before[1])
    finally:
        shutil.rmtree(home, ignore_errors=True)
    size = b.sizes.tor / MIB
    mine, tor = median(ours) / size * 1000, median(tors) / size * 1000
    b.table.add("processor time for a MiB uploaded through Tor",
                f"{mine:.2f} ms", "< 1/3 of tor's", mine * 3 < tor,
                f"tor {tor:.1f} ms", mine / tor)
    if hasattr(b, "upload_cpu"):
        b.table.add("the same over the unix socket alone",
                    f"{b.upload_cpu:.2f} ms", "< 1/3 of tor's",
                    b.upload_cpu * 3 < tor, f"tor {tor:.1f} ms",
                    b.upload_cpu / tor)


FIGURES = {"upload": upload, "text": text_tips, "crowd": crowd,
           "open": open_bundles, "ready": ready, "tor": tor_cpu}


def machine():
    model = "unknown processor"
    with open("/proc/cpuinfo") as f:
        for row in f:
            if row.startswith("model name"):
                model = row.split(":", 1)[1].strip()
    return (f"Linux {platform.release().split('-')[0]}, {model}, "
            f"{os.cpu_count()} cores; SQLite {sqlite3.sqlite_version}")


def page(b):
    today = datetime.date.today().isoformat()
    kind = "full sizes" if b.sizes.full else \
        "SHORT: sizes reduced, figures rough"
    text = ["# Speed and memory, measured", "",
            f"{today}, {machine()}; {kind}; medians of {RUNS} runs.",
            f"Load of the machine before the run: {b.busy:.1f}" +
            (" (it was not idle: the figures are too low)."
             if b.busy > 0.7 else "."), "",
            "Written by `bench/run.sh BIN --full`. Absolute figures are that "
            "machine's; each limit was measured in the", "same run, and the "
            "ratios carry over. Clients and server share the processors. "
            "Resident memory is the sum over the", "three processes, so "
            "pages they share count three times.", ""]
    text += b.table.lines()
    if b.table.notes:
        text += [""] + ["- " + n for n in b.table.notes]
    return "\n".join(text) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bin")
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--full", action="store_true")
    parser.add_argument("--only", default=",".join(FIGURES))
    parser.add_argument("--page")
    args = parser.parse_args()
    names = args.only.split(",")
    if args.short and args.full or set(names) - set(FIGURES):
        parser.error("choose --short or --full; --only of " +
                     ", ".join(FIGURES))
    os.environ["TIPLINE_BIN"] = os.path.abspath(args.bin)
    sys.path.insert(0, os.path.join(TOP, "tests", "e2e"))
    global tipline
    import tipline
    b = Bench(args.bin, Sizes(args.full))
    try:
        for name in names:
            if name == "tor" and not args.full:
                continue
            print(f"{name}: {FIGURES[name].__doc__}", flush=True)
            FIGURES[name](b)
    finally:
        shutil.rmtree(b.work, ignore_errors=True)
    text = page(b)
    print("\n" + text)
    if args.page:
        with open(args.page, "w", encoding="utf-8") as f:
            f.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
