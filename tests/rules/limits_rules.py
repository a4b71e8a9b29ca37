#!/usr/bin/env python3
"""Compare docs/LIMITS.md with the constants of the code, both ways.

    limits_rules.py TREE

Every #define of intake/limits.h, every default and bound of a setting in line/
and what bounds the operator's commands stands in the page with its value; the page names no other.
"""

import os
import re
import sys

PAGE = "docs/LIMITS.md"
HEADERS = (("intake/limits.h", r"LIMIT_\w+"),
           ("site/answer.h", r"PAGE_\w+"),
           ("site/texts.h", r"TEXTS_\w+_MAX"),
           ("line/config.h", r"CONFIG_\w+_(?:MIN|MAX|LIMIT|DEFAULT)"),
           ("line/config.c", r"CONFIG_\w+_(?:MIN|MAX|LIMIT|DEFAULT)"),
           ("operator/import_parts.h", r"IMPORT_DAYS_MAX"),
           ("operator/backup_folder.h", r"BACKUP_KEYS_MAX"),
           ("operator/restore.h", r"RESTORE_FILES?_MAX"),
           ("analyst/plan.h", r"PLAN_WEEKS_MAX"),
           ("analyst/keyring.h", r"KEYRING_EPOCHS_MAX"),
           ("analyst/key_backup.h", r"KEY_BACKUP_MAX"),
           ("crypto/shares.h", r"SHARES_MAX"))
UNITS = {"": 1, "B": 1, "s": 1, "bytes": 1, "minutes": 60, "KiB": 1 << 10,
         "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}


def number(expression):
    """The value of a C constant expression of numbers, * << + - and ()."""
    text = re.sub(r"UINT(?:64|32)_C\((.*?)\)", r"\1", expression)
    text = re.sub(r"\b(0x[0-9A-Fa-f]+|\d+)[uUlL]+\b", r"\1", text)
    if not re.fullmatch(r"(?:0x[0-9A-Fa-f]+|\d+|<<|[\s()*+-])+", text):
        return None
    return eval(text, {"__builtins__": {}})  # only digits and operators


def constants(text, pattern):
    code = re.sub(r"/\*.*?\*/", " ", text, flags=re.S).replace("\\\n", " ")
    for name, value in re.findall(rf"^#define ({pattern})[ \t]+(.+)$", code,
                                  re.M):
        yield name, number(value.strip())


def rows(page):
    """{constant: value} of the page's tables: | what | value | `NAME` |"""
    found = {}
    for line in page.split("\n"):
        cells = [c.strip() for c in line.strip().strip("|").split("|")]
        names = re.findall(r"`([A-Z][A-Z0-9_]+)`", cells[-1])
        if not line.startswith("|") or not names:
            continue
        value = re.match(r"([\d,]+) ?([A-Za-z]*)", cells[1])
        if value is None or value.group(2) not in UNITS:
            found[names[0]] = None
            continue
        found[names[0]] = (int(value.group(1).replace(",", ""))
                           * UNITS[value.group(2)])
    return found


def check_limits(tree):
    def read(path):
        with open(os.path.join(tree, path), encoding="utf-8") as f:
            return f.read()
    said = rows(read(PAGE))
    seen = set()
    for path, pattern in HEADERS:
        for name, value in constants(read(path), pattern):
            seen.add(name)
            if name not in said:
                yield f"{PAGE}: {name} of {path} is missing"
            elif value is None:
                yield f"{path}: {name} is not a number that can be compared"
            elif said[name] != value:
                yield f"{PAGE}: {name} is {value}, not {said[name]}"
    for name in sorted(set(said) - seen):
        yield f"{PAGE}: {name} is not in the code"


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    found = list(check_limits(sys.argv[1]))
    print("\n".join(found) if found else "the limits are those of the page")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
