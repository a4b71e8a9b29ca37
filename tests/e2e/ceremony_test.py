#!/usr/bin/env python3
"""docs/CEREMONY.md, word for word: five machines, three sticks, nothing that
the page does not say.

Every command of the page is run as it stands, on a terminal, with the
passphrase typed; files move only where the page carries them.  What the page
leaves to people (to read a number off a screen) is done as it says.
"""
import os
import re
import shutil
import subprocess
import tempfile

import tipline
from terminal import Typist
from tipline import BIN, PASSPHRASE, ROOT, Failure, expect, run_tests, wait_for

PAGE = os.path.join(ROOT, "docs/CEREMONY.md")
MACHINES = ("root", "server", "alice", "bob", "office")


def steps():
    """What the page says to do, in order: (kind, where, words)."""
    machine = None
    with open(PAGE, encoding="utf-8") as f:
        for line in f:
            line = line.rstrip("\n")
            if m := re.search(r"\bAt \*\*(\w+)\*\*", line):
                machine = m.group(1)
                expect(machine in MACHINES, "no such machine:", line)
            if line.startswith("    ") and line.strip():
                yield "type", machine, line.strip()
            elif m := re.match(r"<!-- test: (.*) -->$", line):
                yield "event", machine, m.group(1)
            elif line.startswith("Carry on the "):
                m = re.match(r"Carry on the \*\*(white|red|blue)\*\* stick "
                             r"from \*\*(\w+)\*\* to \*\*(\w+)\*\*: (.*)$",
                             line)
                expect(m, "not understood:", line)
                yield "carry", m.group(2), (m.group(1), m.group(3),
                                            re.findall(r"`([^`]+)`",
                                                       m.group(4)))


# What each stick may carry: the page's own table.
ON_STICK = {
    "white": r".*\.keys|(server(-2)?|root(-3)?|backup\.key)\.pub|"
             r"(keyset|root)-\d\.txt(\.new)?(\.minisig)?",
    "red": r".*\.bundle",
    "blue": r".*\.return",
}


class Ceremony:
    def __init__(self, home):
        self.home = home
        self.onion = tipline.some_onion()
        self.typist = Typist(PASSPHRASE, BIN)
        self.said = {}  # machine: all that its screen has shown
        self.intake = None
        self.typed = 0
        for machine in MACHINES:
            os.makedirs(self.folder(machine))

    def folder(self, machine):
        return os.path.join(self.home, machine)

    def fingerprint(self, machine):
        """Of the newest root, as that machine's screen showed it."""
        found = re.findall(r"(?:[0-9a-f]{4}[ -]){7}[0-9a-f]{4}",
                           self.said[machine])
        expect(found, "no fingerprint was shown at", machine)
        return found[-1]

    def fill_in(self, line):
        line = line.replace("ADDRESS", self.onion)
        if "FINGERPRINT" in line:
            line = line.replace("FINGERPRINT", self.root_3)
        if "NUMBER" in line:
            m = re.search(r"links of tips from (\d+) on", self.said["office"])
            expect(m, "tipline-restore has named no number:\n",
                   self.said["office"])
            line = line.replace("NUMBER", m.group(1))
        return line

    def type(self, machine, line):
        line = self.fill_in(line)
        folder = self.folder(machine)
        if line == "tipline-intake LINE":
            return self.serve(folder)
        code, shown = self.typist.run(line, folder)
        self.said[machine] = self.said.get(machine, "") + shown
        expect(code == 0, "at %s: %s\nexit %d\n%s" % (
            machine, line, code, shown))
        if line.startswith("tipline-analyst init ROOT-3"):
            self.root_3 = self.fingerprint(machine)
        self.typed += 1

    def serve(self, folder):
        log = open(os.path.join(folder, "log"), "wb")
        self.intake = subprocess.Popen(
            [os.path.join(BIN, "tipline-intake"), "LINE"], cwd=folder,
            stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        log.close()
        self.socket = os.path.join(folder, "http.sock")
        wait_for("the line serves", self.serves)

    def serves(self):
        expect(self.intake.poll() is None, "tipline-intake has ended")
        try:
            return self.visit(b"GET /tip HTTP/1.1\r\nHost: %s\r\n\r\n" %
                              self.onion.encode()).status == 200
        except OSError:
            return False

    # What tipline.Visitor needs to know of a line.
    proxy = "require"

    def visit(self, request):
        with tipline.Visitor(self) as v:
            v.send(request)
            return v.answer()

    def form(self, path, body):
        head = tipline.post(self.onion, len(body)).replace(
            b"POST /tip", b"POST " + path.encode())
        return self.visit(head + body)

    def event(self, machine, what):
        if what == "tips arrive":
            self.words = []
            for i in range(3):
                answer = self.form("/tip", tipline.form("tip %d" % (i + 1)))
                expect(answer.received, answer, answer.body)
                self.words.append(tipline.code_words(answer))
        elif what == "the answer is read":
            answer = self.form("/return", tipline.fields(
                code=" ".join(self.words[0])))
            expect(b"Which week was it?" in answer.body, answer.body)
            answer = self.form("/return", tipline.fields(
                code=" ".join(self.words[1])))
            expect(b"arrived and was opened" in answer.body, answer.body)
        elif m := re.match(r"fetch (\w+) from (\w+) to (\w+)$", what):
            name, source, to = m.groups()
            shutil.copytree(os.path.join(self.folder(source), name),
                            os.path.join(self.folder(to), name))
        else:
            raise Failure("no such event: " + what)

    def carry(self, source, stick, to, names):
        for name in names:
            expect(re.fullmatch(ON_STICK[stick], name), name,
                   "must not travel on the", stick, "stick")
            shutil.copy2(os.path.join(self.folder(source), name),
                         os.path.join(self.folder(to), name))

    def run(self):
        for kind, where, words in steps():
            if kind == "type":
                self.type(where, words)
            elif kind == "event":
                self.event(where, words)
            else:
                self.carry(where, *words)

    def close(self):
        if self.intake:
            self.intake.terminate()
            expect(self.intake.wait(60) == 0, "tipline-intake does not end")


def the_ceremony_works_word_for_word():
    home = tempfile.mkdtemp(prefix="tl-")
    ceremony = Ceremony(home)
    try:
        ceremony.run()
        expect(ceremony.typed > 50, "only", ceremony.typed, "commands found")
        check_the_end(ceremony)
    finally:
        ceremony.close()
        if os.environ.get("TIPLINE_KEEP") != "1":
            shutil.rmtree(home, ignore_errors=True)


def check_the_end(ceremony):
    """The restored line has forgotten nothing, the first one takes tips under
    the newest root, and the root key was on no machine but its own."""
    alice = ceremony.folder("alice")
    for number, text in enumerate(("tip 1", "tip 2", "tip 3"), 1):
        path = os.path.join(alice, "CASES/tip-%06d/data/message.txt" % number)
        with open(path) as f:
            expect(f.read() == text, path)
    # The server is told of a key set by a signal, and takes it up in its turn.
    wait_for("tips are taken under the new root", lambda: ceremony.form(
        "/tip", tipline.form("one more")).received)
    for machine in ("server", "alice", "bob", "office"):
        for folder, _, names in os.walk(ceremony.folder(machine)):
            expect("root.key" not in names, "root.key is at", folder)


run_tests(the_ceremony_works_word_for_word)
