#!/usr/bin/env python3
"""Hold the built libraries and programs to house.py.

    binary_rules.py BUILD [--no-fortify]

Reads nm and readelf.  BUILD/bin has the programs, BUILD/<room>/ the rooms'
libraries.  A program that is not there is a breach.
"""

import argparse
import glob
import os
import re
import subprocess
import sys

import house


def output(*words):
    return subprocess.run(words, check=True, capture_output=True,
                          text=True, env={**os.environ, "LC_ALL": "C"}).stdout


def exported(library):
    """(object's source name, symbol) of each global name a library defines."""
    stem = None
    for line in output("nm", "-g", "--defined-only", library).split("\n"):
        if line.endswith(":"):
            stem = re.sub(r"\.c\.o:$", "", line.strip())
        elif line.strip():
            yield stem, line.split()[-1]


def libraries(build):
    """room: its libraries."""
    found = {}
    for path in sorted(glob.glob(os.path.join(build, "*", "libtipline_*.a"))):
        room = os.path.basename(os.path.dirname(path))
        found.setdefault(room, []).append(path)
    return found


def stems_of(stem):
    words = stem.split("_")
    return ["_".join(words[:n]) for n in range(1, len(words) + 1)]


def name_is_right(room, stem, name):
    exceptions = house.EXPORTS.get(f"{room}/{stem}.c", ()) + \
        house.ROOM_EXPORTS.get(room, ())
    if any(name == e or e.endswith("_") and name.startswith(e)
           for e in exceptions):
        return True
    return any(name == s or name.startswith(s + "_") for s in stems_of(stem))


def check_names(room, symbols):
    for stem, name in symbols:
        # Sanitizers add names with a leading underscore.
        if name.startswith("_"):
            continue
        if name.startswith(house.TAKEN) and name not in house.TAKEN_BUT_OURS:
            yield f"{room}/{stem}.c: {name} belongs to a library"
        elif not name_is_right(room, stem, name):
            yield f"{room}/{stem}.c: exports {name}"


def symbols(program):
    """Every name in the program, defined or not, without its version."""
    names = {line.split()[-1].split("@")[0]
             for line in output("nm", program).split("\n") if line.strip()}
    if "main" not in names:
        raise ValueError(f"{program}: no symbols; it cannot be checked")
    return names


def imports(program):
    return {line.split()[-1].split("@")[0]
            for line in output("nm", "-D", "--undefined-only",
                               program).split("\n") if line.strip()}


def needed(program):
    return re.findall(r"\(NEEDED\).*\[(.+?)\]",
                      output("readelf", "-d", program))


def check_links(name, program, opening):
    names = symbols(program)
    if name in house.SERVER:
        calls = set(house.OPENING_CALLS) - set(house.MAY_CALL.get(name, ()))
        for bad in sorted(names & (opening | calls)):
            yield f"{name}: can open ({bad})"
    for library in needed(program):
        if library.startswith(house.NOT_LINKED.get(name, ("\0",))):
            yield f"{name}: links {library}"
    for bad in sorted(imports(program) & set(house.NOT_IMPORTED.get(name, ()))):
        yield f"{name}: imports {bad}()"


def check_hardening(name, program, fortify):
    head = output("readelf", "-W", "-h", "-l", "-d", program)
    names = imports(program)
    if "DYN (" not in head:
        yield f"{name}: not position independent"
    if "GNU_RELRO" not in head:
        yield f"{name}: no RELRO"
    if not re.search(r"\((?:FLAGS|FLAGS_1|BIND_NOW)\).*\bNOW\b|\(BIND_NOW\)",
                     head):
        yield f"{name}: RELRO is not full"
    stack = re.search(r"GNU_STACK.*", head)
    if stack is None or "RWE" in stack.group(0):
        yield f"{name}: the stack may be executed"
    if re.search(r"LOAD .* RWE ", head):
        yield f"{name}: a segment may be written and executed"
    if "__stack_chk_fail" not in names:
        yield f"{name}: no stack protector"
    if fortify and not any(n.endswith("_chk") for n in names):
        yield f"{name}: not fortified"


def check_build(build, fortify=True):
    found = []
    rooms = libraries(build)
    if not rooms:
        found.append(f"{build}: no libraries")
    for room, paths in rooms.items():
        for path in paths:
            found += check_names(room, exported(path))
    half = os.path.join(build, "crypto", "libtipline_crypto_open.a")
    if not os.path.exists(half):
        return found + [f"{half} is missing"]
    opening = {name for _, name in exported(half)}
    for name in house.PROGRAMS:
        program = os.path.join(build, "bin", name)
        if not os.path.exists(program):
            found.append(f"{name} is missing")
            continue
        found += check_links(name, program, opening)
        found += check_hardening(name, program, fortify)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("build")
    parser.add_argument("--no-fortify", action="store_true")
    args = parser.parse_args()
    found = check_build(args.build, not args.no_fortify)
    print("\n".join(found) if found else "the programs keep the rules")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
