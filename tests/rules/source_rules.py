#!/usr/bin/env python3
"""Hold the source tree to house.py.

    source_rules.py TREE

Prints one line for each breach and ends with 1 if there was any.
"""

import os
import re
import sys

import house

SKIPPED = {".git", "build", "demo-line", "__pycache__"}
# Not the project's own words: captured requests, corpora, vectors.
DATA = ("tests/vectors/", "tests/fuzz/corpus/", "tests/e2e/samples/")


def files(tree):
    for here, folders, names in os.walk(tree):
        folders[:] = sorted(d for d in folders if d not in SKIPPED)
        for name in sorted(names):
            path = os.path.relpath(os.path.join(here, name), tree)
            if not path.startswith(DATA):
                yield path


def text_of(tree, path):
    """The file as text, or None if it is not text."""
    with open(os.path.join(tree, path), "rb") as f:
        raw = f.read()
    try:
        return None if b"\0" in raw else raw.decode("utf-8")
    except UnicodeDecodeError:
        return None


TOKEN = re.compile(r"""/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|"""
                   r"""'(?:\\.|[^'\\\n])*'""", re.S)


def blanked(code):
    """code with comments and the insides of strings as blanks."""
    def blank(m):
        s = m.group(0)
        if s[0] == "/":
            return re.sub(r"[^\n]", " ", s)
        return s[0] + " " * (len(s) - 2) + s[0]
    return TOKEN.sub(blank, code)


INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(["<])([^">]+)[">]', re.M)


def allowed_outside(room, name):
    """May room include <name>?  None: the header is not known at all."""
    for prefix, rooms in house.LIBRARIES.items():
        if name.startswith(prefix):
            return room in rooms
    if name.startswith("sys/") or name[:-2] in house.LIBC:
        return True
    return None


def check_includes(room, path, code):
    # Strings are blanked in the code, so includes are read from the source.
    for kind, name in INCLUDE.findall(code):
        if kind == "<":
            verdict = allowed_outside(room, name)
            if verdict is None:
                yield f"{path}: <{name}> is in no table of tests/rules"
            elif not verdict:
                yield f"{path}: {room}/ may not use <{name}>"
            continue
        if "/" not in name or ".." in name:
            yield f'{path}: "{name}" is not written "room/file.h"'
            continue
        other = name.split("/")[0]
        if name in house.OPENING and room not in house.MAY_OPEN and \
                not path.startswith(house.MAY_OPEN_FILES):
            yield f"{path}: {room}/ may not open tips ({name})"
        if other != room and other not in house.MAY_INCLUDE[room] and \
                name not in house.MAY_ALSO_INCLUDE.get(room, ()):
            yield f"{path}: {room}/ may not include {name}"


def check_guard(path, code):
    guard = "TIPLINE_" + re.sub(r"[/.-]", "_", path).upper()
    lines = [l for l in blanked(code).split("\n") if l.strip()]
    if lines[:2] != [f"#ifndef {guard}", f"#define {guard}"] or \
            lines[-1].strip() != "#endif":
        yield f"{path}: the header's guard is not {guard}"


def check_calls(room, path, code):
    banned = list(house.BANNED)
    if room in house.MAY_INCLUDE:
        banned += house.BANNED_IN_ROOMS
    for name in banned:
        if re.search(rf"\b{name}\s*\(", code):
            yield f"{path}: {name}() is not used here"
    stem = os.path.basename(path)
    if not any(word in stem for word in house.MAIN_FILES) and \
            (room in house.MAY_INCLUDE or not re.search(r"^main\(", code,
                                                        re.M)) and \
            re.search(r"\b(exit|quick_exit)\s*\(", code):
        yield f"{path}: exit() outside a main file"
    # "typedef … name_t;" and "typedef … name_t(…);" both
    for name in re.findall(r"\btypedef\b[^;{}]*?\b(\w+_t)\s*[;(]", code) + \
            re.findall(r"^\}\s*(\w+_t)\s*;", code, re.M):
        yield f"{path}: a type of ours is called {name}"


def functions(code):
    """(name, line, lines, parameters) of each function: its name stands at
    the start of a line, its braces alone in the first column."""
    lines = code.split("\n")
    start = None
    for i, line in enumerate(lines):
        if re.match(r"[A-Za-z_]\w*\(", line):
            start = i
        elif line == "{" and start is not None:
            head = " ".join(lines[start:i])
            end = next((j for j in range(i, len(lines)) if lines[j] == "}"),
                       len(lines))
            yield head.split("(")[0], start + 1, end - i - 1, parameters(head)
            start = None


def parameters(head):
    depth, commas = 0, 0
    for c in head[head.index("("):]:
        depth += (c in "([") - (c in ")]")
        commas += c == "," and depth == 1
        if depth == 0:
            break
    return commas + 1


def check_sizes(path, code):
    lines = code.split("\n")
    is_test = path.startswith("tests/")
    limit = house.TEST_LINES if is_test else house.HEADER_LINES \
        if path.endswith(".h") else house.SOURCE_LINES
    if len(lines) - 1 >= limit:
        yield f"{path}: {len(lines) - 1} lines, the limit is {limit}"
    for i, line in enumerate(lines, 1):
        if len(line.expandtabs(8)) > house.COLUMNS:
            yield f"{path}:{i}: longer than {house.COLUMNS} columns"
    for name, at, count, arguments in functions(blanked(code)):
        if count >= house.FUNCTION_LINES and not is_test:
            yield f"{path}:{at}: {name} has {count} lines"
        if arguments > house.PARAMETERS and \
                name not in house.CALLED_BY_LIBRARIES.get(path, ()):
            yield f"{path}:{at}: {name} has {arguments} parameters"


# Folders of one machine or one person have no place in the project.
ELSEWHERE = re.compile(r"(?<![\w.$}])/(?:" + "|".join(
    ("home", "work", "Users", "root")) + r")/[\w.]")


def check_paths(path, text):
    for i, line in enumerate(text.split("\n"), 1):
        if ELSEWHERE.search(line):
            yield f"{path}:{i}: names a folder of one machine"


def check_file(tree, path):
    text = text_of(tree, path)
    if text is None:
        return
    yield from check_paths(path, text)
    if not path.endswith((".c", ".h")):
        return
    code = blanked(text)
    room = path.split("/")[0]
    yield from check_sizes(path, text)
    yield from check_calls(room, path, code)
    if room in house.MAY_INCLUDE:
        yield from check_includes(room, path, text)
    if path.endswith(".h"):
        yield from check_guard(path, text)


def check_tree(tree):
    found = []
    rooms = set()
    for path in files(tree):
        found += check_file(tree, path)
        if path.endswith(".c"):
            rooms.add(path.split("/")[0])
    for room in rooms - set(house.MAY_INCLUDE) - {"tests", "bench"}:
        found.append(f"{room}/ is a room that tests/rules does not know")
    return found


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    found = check_tree(sys.argv[1])
    print("\n".join(found) if found else "the source keeps the rules")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
