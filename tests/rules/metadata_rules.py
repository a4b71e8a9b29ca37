#!/usr/bin/env python3
"""docs/METADATA.md names what is there, all of it and nothing else.

metadata_rules.py SOURCE MAKER: SOURCE is the tree, MAKER the program that
makes a store in a folder (metadata_store.c).
"""

import os
import re
import sqlite3
import subprocess
import sys
import tempfile

# Section of the page: what its names are compared with.
SECTIONS = {1: "column", 2: "file in data", 3: "file of a line",
            4: "keeper message", 5: "control message", 7: "log line"}


def listed(page):
    """{section: names in the first cells of its table}"""
    found, section = {n: set() for n in SECTIONS}, 0
    for line in page.splitlines():
        head = re.match(r"## (\d+)\. ", line)
        if head:
            section = int(head.group(1))
        elif section in found and line.startswith("| `"):
            first = line.split("|")[1]
            found[section].update(re.findall(r"`([^`]+)`", first))
    return found


def columns(path):
    """Every table, column, index, view and trigger of a database."""
    names = set()
    with sqlite3.connect(path) as db:
        for kind, name in db.execute("SELECT type, name FROM sqlite_schema"):
            names.add(name)
            if kind in ("table", "view"):
                names.update("%s.%s" % (name, row[1]) for row in
                             db.execute("PRAGMA table_xinfo(%s)" % name))
    return names


def in_store(maker):
    """(tables and columns, files) of a store in use"""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([maker, folder], check=True)
        files = set(os.listdir(folder))
        return columns(os.path.join(folder, "tips.sqlite")), files


def read(source, path):
    with open(os.path.join(source, path), encoding="utf-8") as f:
        return f.read()


def in_headers(source):
    """{section: names} as the headers say them"""
    line = read(source, "line/line.h")
    keeper = read(source, "store/keeper_msg.h")
    control = read(source, "intake/control.h")
    log = read(source, "base/log.h")
    files = {path.split("/")[0] for path in
             re.findall(r"^ \*\s+LINE/(\S+)", line, re.M)}
    files |= set(re.findall(r"\b\S+\.next\b", line))
    enum = re.search(r"enum keeper_type \{(.*?)\};", keeper, re.S).group(1)
    heads = re.search(r"struct keeper_head \{(.*?)\};", keeper, re.S).group(1)
    fields = set(re.findall(r"(\w+)[,;]", heads)) - {"type"}
    words = re.search(r"enum control_type \{(.*?)\};", control, re.S).group(1)
    return {3: files,
            4: set(re.findall(r"\b(KEEPER_[A-Z]+) *=", enum)) | fields,
            5: set(re.findall(r"\b(CONTROL_[A-Z_]+) *=", words)),
            7: {"E" + n for n in re.findall(r"X\(LOG_\w+, (\d+),", log)}}


def complaints(page, there):
    """A sentence for each name on one side only."""
    for section, names in listed(page).items():
        what = SECTIONS[section]
        for name in sorted(there[section] - names):
            yield "%s %s is not in section %d" % (what, name, section)
        for name in sorted(names - there[section]):
            yield "%s %s of section %d is not there" % (what, name, section)


def main(source, maker):
    there = in_headers(source)
    there[1], there[2] = in_store(maker)
    if not all(there.values()):
        sys.exit("metadata_rules: a header has changed its shape")
    found = list(complaints(read(source, "docs/METADATA.md"), there))
    for line in found:
        print("docs/METADATA.md:", line)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
