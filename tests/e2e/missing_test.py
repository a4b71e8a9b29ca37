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
        # No command of tipline-restore made this line, so it is asked.
        p = line.tool("tipline-operator", "import", line.line, at("back"),
                      check=False)
        expect(p.returncode == 1 and b"with --put-back" in p.stderr, p.stderr)
        mended, keys = at("mended"), at("keys2")
        shutil.copytree(line.line, mended)
        shutil.copytree(line.keys, keys)
        p = line.tool("tipline-operator", "import", mended, at("back"),
                      "--put-back")
        expect(b"Links of tips 4 to 5 taken up" in p.stdout and
               b"Tips 1 to 5 confirmed" in p.stdout, p.stdout)
        # All is as it was; and the next tip has the next number.
        line.tool("tipline-operator", "export", mended, at("b-mended"))
        said = analyst(line, "open", keys, at("b-mended"), at("cases"))
        expect("back in time" not in said, said)
        was, line.line = line.line, mended
        line.start()
        line.tip(b"tip 5")
        line.stop()
        line.line = was
        line.tool("tipline-operator", "export", mended, at("b-next"))
        said = analyst(line, "open", keys, at("b-next"), at("cases-next"))
        expect("first number 6, last number 6" in said and
               "Everything the server had up to tip 6" in said, said)
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


def a_restored_keyring_goes_on_with_the_number_that_is_named():
    with Line() as line:
        line.start()
        at = lambda name: os.path.join(line.home, name)
        line.tip(b"a tip")
        line.tool("tipline-operator", "export", line.line, at("b1"))
        analyst(line, "open", line.keys, at("b1"), at("cases"))
        for n in (1, 2):
            analyst(line, "ack", line.keys, at("r%d" % n))
            line.tool("tipline-operator", "import", line.line, at("r%d" % n))
        # As after keys restore: no backup has it.
        os.unlink(os.path.join(line.keys, "returned"))
        said = analyst(line, "ack", line.keys, at("r3"))
        expect("Return bundle 1 of" in said, said)
        p = line.tool("tipline-operator", "import", line.line, at("r3"),
                      check=False)
        said = p.stderr.decode()
        words = re.search("tipline-analyst (ack KEYS OUT .*)", said)
        expect(p.returncode == 1 and "nothing was changed" in said and words,
               said)
        words = [{"KEYS": line.keys, "OUT": at("r4")}.get(w, w)
                 for w in words.group(1).split()]
        said = analyst(line, *words)
        expect("Return bundle 3 of" in said, said)
        line.tool("tipline-operator", "import", line.line, at("r4"))
        # No number twice, and what is wrong is named.
        for words, code, says in (
                ("--number 3", 1, "--number 3 was used"),
                ("--number 0", 2, "--number is a number from 1"),
                ("--pad x", 2, "--pad is a number from 1"),
                ("--arrived", 2, "--arrived needs --cases"),
                ("--again --pad 2", 2, "--again sends what was sent")):
            said = analyst(line, "ack", line.keys, at("r5"), *words.split(),
                           code=code)
            expect(says in said, said)
            expect(code == 1 or "[--number N] [--again]" in said,
                   "half a usage:", said)
        # Confirmations of a lost one come again, answers do not.
        analyst(line, "ack", line.keys, at("lost"))
        analyst(line, "ack", line.keys, at("r6"))
        p = line.tool("tipline-operator", "import", line.line, at("r6"))
        expect(b"Return bundle 4 of" in p.stdout and
               b"unless this one was made with --again" in p.stdout, p.stdout)


if __name__ == "__main__":
    run_tests(a_bundle_that_did_not_come_is_brought_again,
              a_restored_keyring_goes_on_with_the_number_that_is_named,
              a_server_that_was_put_back_is_told_what_it_forgot)
