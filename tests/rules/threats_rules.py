#!/usr/bin/env python3
"""Every test that docs/THREATS.md names is there under that name.

    threats_rules.py TREE BUILD

A name is `kind.name` of ctest, where * stands for any letters, or fuzz.NAME
for tests/fuzz/NAME_fuzz.c.  Every promise names one test at least.
"""

import fnmatch
import os
import re
import subprocess
import sys

PAGE = "docs/THREATS.md"
NAME = re.compile(r"`((?:unit|rules|e2e|independent|vectors|fuzz)\.[\w*]+)`")


def promises(page):
    """(promise, names) of each row of the table."""
    for line in page.split("\n"):
        if line.startswith("| **"):
            cells = line.split(" | ")
            yield cells[0].strip("| "), NAME.findall(cells[1])


def check_threats(page, tests):
    found = 0
    for promise, names in promises(page):
        found += 1
        if not names:
            yield f"{PAGE}: no test for: {promise[:50]}"
        for name in names:
            if not fnmatch.filter(tests, name):
                yield f"{PAGE}: there is no test {name}"
    if found < 11:
        yield f"{PAGE}: {found} promises, and there are 11"


def known_tests(tree, build):
    listing = subprocess.run(["ctest", "--test-dir", build, "-N"], check=True,
                             stdout=subprocess.PIPE).stdout.decode()
    tests = re.findall(r"Test +#\d+: (\S+)", listing)
    return tests + ["fuzz." + name[:-len("_fuzz.c")]
                    for name in os.listdir(os.path.join(tree, "tests/fuzz"))
                    if name.endswith("_fuzz.c")]


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    tree, build = sys.argv[1:]
    with open(os.path.join(tree, PAGE), encoding="utf-8") as f:
        found = list(check_threats(f.read(), known_tests(tree, build)))
    print("\n".join(found) if found else "each promise has its tests")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
