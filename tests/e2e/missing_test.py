#!/usr/bin/env python3
"""A bundle of a real server that did not come, and the very command that is
said to bring its tips again; a server that was put back to an older state, and
the command that tells it what it forgot.
"""
import os
import re
import shutil

from tipline import Line, expect, opened, run_tests


def analyst(line, *words, code=0):
    p = line.analyst(*words, check=False)
    said = p.stderr.decode(errors="replace")
    expect(p.returncode == code, words, "exit", p.returncode, said)
    return said


def a_bundle_that_did_not_come_is_brought_again():
    with Line() as line:
        line.start()
        at = lambda name: os.path.join(line.home, name)
        for number, tips in ((1, 3), (2, 4), (3, 2)):
            for n in range(tips):
                line.tip(b"tip %d of bundle %d" % (n, number))
            line.tool("tipline-operator", "export", line.line,
                      at("b%d" % number))
        said = analyst(line, "open", line.keys, at("b1"), at("cases"))
        expect("Everything the server had up to tip 3" in said, said)
        said = analyst(line, "open", line.keys, at("b3"), at("cases"), code=1)
        expect("tips 4 to 7 have not been seen: bundle 2 not yet seen"
               in said, said)
        # Word for word, with this line and a file.
        words = re.search("to bring them: tipline-operator (.*)",
                          said).group(1).split()
        words = [{"LINE": line.line, "FILE": at("again")}.get(w, w)
                 for w in words]
        line.tool("tipline-operator", *words)
        said = analyst(line, "open", line.keys, at("again"), at("cases"))
        expect("Bundle 4 is complete and unaltered" in said and
               "It holds 4 tips: first number 4, last number 7." in said and
               "Everything the server had up to tip 9 has been seen." in said,
               said)
        # The one that was lost comes after all: nothing in it is new.
        said = analyst(line, "open", line.keys, at("b2"), at("cases"))
        expect("Seen before: nothing in it is new." in said and
               "Opened 0, already there 4" in said, said)
        expect([t.message for t in opened(at("cases"))] == [
            b"tip %d of bundle %d" % (n, b)
            for b, tips in ((1, 3), (2, 4), (3, 2)) for n in range(tips)],
            "other tips")
        # All of it can be confirmed, and the server takes it.
        said = analyst(line, "ack", line.keys, at("back"), "--cases",
                       at("cases"), "--arrived", "--pad", "4")
        expect("confirms 9 opened tips: tips 1 to 9" in said and
               "12 replies" in said and "3 decoys" in said, said)
        line.tool("tipline-operator", "import", line.line, at("back"))


def a_server_that_was_put_back_is_told_what_it_forgot():
    with Line() as line:
        line.start()
        at = lambda name: os.path.join(line.home, name)

        def send(count):
            for n in range(count):
                line.tip(b"tip %d" % n)

        send(3)
        line.tool("tipline-operator", "export", line.line, at("b1"))
        analyst(line, "open", line.keys, at("b1"), at("cases"))
        line.stop()
        shutil.copytree(line.line, at("copy"))
        line.start()
        send(2)
        line.tool("tipline-operator", "export", line.line, at("b2"))
        analyst(line, "open", line.keys, at("b2"), at("cases"))
        line.stop()
        # Somebody puts the copy back, and knows of nothing.
        shutil.rmtree(line.line)
        shutil.copytree(at("copy"), line.line)
        line.tool("tipline-operator", "export", line.line, at("b3"))
        said = analyst(line, "open", line.keys, at("b3"), at("cases"), code=1)
        expect("this server went back in time: its last tip is now tip 3, and"
               " tip 5 was there before" in said, said)
        words = re.search("tipline-analyst (ack KEYS OUT .*)", said)
        words = [{"KEYS": line.keys, "OUT": at("back")}.get(w, w)
                 for w in words.group(1).split()]
        said = analyst(line, *words)
        expect("has links of tips 4 to 5" in said, said)
        # (How a restored line takes them up: ceremony_test.py.)  Without
        # them it gives old numbers to new tips; none is lost or mixed up.
        line.start()
        line.tip(b"another tip 4")
        line.tool("tipline-operator", "export", line.line, at("b4"))
        said = analyst(line, "open", line.keys, at("b4"), at("cases"), code=1)
        expect("this server went back in time: tip 4 was seen before as"
               " another; what is new under its number was not opened" in
               said, said)
        analyst(line, "open", line.keys, at("b4"), at("cases"), "--unproved",
                code=1)
        expect([t.message for t in opened(at("cases"))] ==
               [b"tip %d" % n for n in (0, 1, 2, 0, 1)], "mixed up")
        expect([t.message for t in opened(os.path.join(at("cases"),
                                                       "unproved"))] ==
               [b"another tip 4"], "lost")


if __name__ == "__main__":
    run_tests(a_bundle_that_did_not_come_is_brought_again,
              a_server_that_was_put_back_is_told_what_it_forgot)
