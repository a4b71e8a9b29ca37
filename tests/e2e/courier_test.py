#!/usr/bin/env python3
"""What a courier can do to bundles, and the sentence that names it.

    courier_test.py PATH/tipline-analyst PATH/make_bundle

Drops, swaps, cuts, repeats, invents, mixes; and a server that is another or
went back in time.  Each function is one deed.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile

from deeds import run_deeds
from tipline import expect

ANALYST, MAKE_BUNDLE = (os.path.abspath(p) for p in sys.argv[1:3])
HEAD, ENTRY, END = 156, 113, 105  # docs/FORMATS.md section 4


def run(*words, text=""):
    p = subprocess.run(words, input=text, capture_output=True, text=True,
                       timeout=120)
    return p.returncode, p.stderr + p.stdout


def must(*words, text=""):
    code, said = run(*words, text=text)
    expect(code == 0, words, code, said)
    return said


def read(path):
    with open(path, "rb") as f:
        return f.read()


class Parts:
    """A bundle taken to pieces."""

    def __init__(self, path):
        raw = read(path)
        self.head, self.tips, at = raw[:HEAD], [], HEAD
        while raw[at] in (1, 3):
            size = int.from_bytes(raw[at + 9:at + 17], "little")
            size = ENTRY + (size if raw[at] == 1 else 0)
            self.tips.append(raw[at:at + size])
            at += size
        self.end = raw[at:]
        expect(len(self.end) == END and raw[at] == 2, "not a whole bundle")

    def write(self, path):
        with open(path, "wb") as f:
            f.write(self.head + b"".join(self.tips) + self.end)
        return path


def set_up():
    with open("pw", "w") as f:
        f.write("correct horse battery staple\n")
    os.chmod("pw", 0o600)
    for d in ("server", "other"):
        os.mkdir(d)
        must(MAKE_BUNDLE, "server", d)
    must(ANALYST, "init", "keys", "--passphrase-file", "pw")
    must(ANALYST, "keyset", "make", "keys", "--server", "server/server.pub",
         "--weeks", "8", "--out", "keyset.txt", "--passphrase-file", "pw")
    with open("msg", "w") as f:
        f.write("something is wrong at the harbour\r\n")
    # The server: bundle 1 has tips 1 to 9, 2 has 10 to 14, 3 has 15 to 17.
    make("b1", "1", 9)
    make("b2", "b1", 5)
    make("b3", "b2", 3)


def make(name, first, tips, *lines, key="server/server.key", keyset=None):
    """A true bundle of so many text tips."""
    recipe = "".join(l + "\n" for l in lines)
    recipe += "tip\nmessage msg\nend\n" * tips
    must(MAKE_BUNDLE, "bundle", key, keyset or "keyset.txt", first, name,
         text=recipe)
    return name


class Analyst:
    """A keyring that has seen nothing yet."""

    def __init__(self):
        self.keys = tempfile.mkdtemp(prefix="keys.", dir=".")
        os.rmdir(self.keys)
        shutil.copytree("keys", self.keys)

    def verify(self, bundle, code, *sentences):
        got, said = run(ANALYST, "verify", self.keys, bundle)
        return check(got, said, code, sentences)

    def open(self, bundle, cases, code, *sentences, more=()):
        got, said = run(ANALYST, "open", self.keys, bundle, cases,
                        "--passphrase-file", "pw", *more)
        return check(got, said, code, sentences)


def check(got, said, code, sentences):
    expect(got == code, "exit", got, "not", code, "\n" + said)
    for s in sentences:
        if s.startswith("not: "):
            expect(s[5:] not in said, "says", s[5:], "\n" + said)
        else:
            expect(s in said, "does not say:", s, "\n" + said)
    return said


def tips_in(cases):
    return sorted(d for d in os.listdir(cases) if d.startswith("tip-"))


def names(*numbers):
    return [f"tip-{n:06d}" for n in numbers]


# --- nothing was done

def a_whole_row_of_bundles_is_complete():
    a = Analyst()
    a.verify("b1", 0, "Bundle 1 is complete and unaltered, from server ",
             "It holds 9 tips: first number 1, last number 9.",
             "Everything the server had up to tip 9 has been seen.",
             "not: Seen before")
    a.verify("b2", 0, "Bundle 2 is complete",
             "Everything the server had up to tip 14 has been seen.")
    make("b.none", "b2", 0)
    a.verify("b.none", 0, "It holds no tips; first number 15 would be the",
             "Everything the server had up to tip 14 has been seen.")


def the_ledger_is_for_its_owner_alone_and_grows_by_a_record_a_tip():
    a = Analyst()
    a.verify("b1", 0)
    path = [f for f in os.listdir(a.keys) if f.startswith("ledger-")]
    expect(len(path) == 1, path)
    sb = os.stat(os.path.join(a.keys, path[0]))
    expect(sb.st_mode & 0o777 == 0o600, oct(sb.st_mode))
    expect(sb.st_size == 128 * 10, sb.st_size)


# --- drop

def a_dropped_tip_is_missing():
    for gone, at in ((1, 0), (5, 4), (9, 8)):
        a, p = Analyst(), Parts("b1")
        del p.tips[at]
        a.verify(p.write("b.drop"), 1,
                 f"tip {gone} is missing: it was taken out of the bundle",
                 f"tip {gone} has not been seen\n",
                 "tipline-operator export LINE FILE"
                 f" --from {gone} --to {gone}",
                 "8 tips of it are proved and unaltered",
                 "not: Everything")
        # The whole bundle, when it comes after all.
        a.verify("b1", 0, "Everything the server had up to tip 9")


def dropped_tips_are_named_as_ranges():
    a, p = Analyst(), Parts("b1")
    del p.tips[6:9], p.tips[2:4]
    a.verify(p.write("b.drop"), 1, "tips 3, 4 and 7 to 9 are missing: they",
             "tips 3 to 4 have not been seen",
             "tips 7 to 9 have not been seen", "--from 7 --to 9")


def a_dropped_bundle_is_not_yet_seen():
    a = Analyst()
    a.verify("b1", 0)
    a.verify("b3", 1, "Bundle 3 is complete and unaltered",
             "tips 10 to 14 have not been seen: bundle 2 not yet seen",
             "to bring them: tipline-operator export LINE FILE"
             " --from 10 --to 14", "not: Everything")
    # It comes late: nothing is wrong any more.
    a.verify("b2", 0, "Bundle 2 is complete", "not: back in time",
             "Everything the server had up to tip 17 has been seen.")


def a_dropped_range_can_be_brought_again():
    a = Analyst()
    a.verify("b1", 0)
    a.verify("b3", 1)
    # As export --from 10 --to 14 makes it, but for its end: each tip is
    # signed alone, so tips of bundle 2 are as good in another.
    make("b.range", "b1", 0, "bundle 5", "last 17")
    p = Parts("b.range")
    p.tips = Parts("b2").tips
    a.verify(p.write("b.again"), 1, "5 tips of it are proved",
             "Everything the server had up to tip 17 has been seen.")


def two_dropped_bundles_are_named_both():
    make("b4", "b3", 2)
    a = Analyst()
    a.verify("b1", 0)
    a.verify("b4", 1, "tips 10 to 17 have not been seen: bundles 2 to 3 not"
             " yet seen", "--from 10 --to 17")


def a_dropped_last_bundle_shows_by_the_next_head():
    make("b.empty", "b2", 0)  # bundle 3, after 14 tips
    a = Analyst()
    a.verify("b1", 0)
    a.verify("b.empty", 1, "It holds no tips",
             "tips 10 to 14 have not been seen: bundle 2 not yet seen")


# --- swap

def tips_that_changed_places_are_out_of_order():
    a, p = Analyst(), Parts("b1")
    p.tips[2], p.tips[3] = p.tips[3], p.tips[2]
    a.verify(p.write("b.swap"), 1, "tips 3 and 4 are out of order: somebody"
             " exchanged their places; all that came are proved",
             "9 tips of it are proved", "not: missing",
             "Everything the server had up to tip 9 has been seen.")


def tips_far_apart_that_changed_places_are_out_of_order():
    a, p = Analyst(), Parts("b1")
    p.tips[1], p.tips[7] = p.tips[7], p.tips[1]
    a.verify(p.write("b.swap"), 1, "tips 2 to 8 are out of order",
             "Everything the server had up to tip 9 has been seen.")


def exchanged_bytes_are_altered():
    a, p = Analyst(), Parts("b1")
    x, y = p.tips[2], p.tips[3]
    expect(len(x) == len(y), "tips of one length")
    p.tips[2], p.tips[3] = x[:ENTRY] + y[ENTRY:], y[:ENTRY] + x[ENTRY:]
    a.verify(p.write("b.bytes"), 1, "tips 3 and 4 were altered: their bytes"
             " do not have the digests that the server signed",
             "7 tips of it are proved", "not: missing",
             "tips 3 and 4 came with altered bytes only", "--from 3 --to 4")


def exchanged_digests_were_never_signed():
    a, p = Analyst(), Parts("b1")
    x, y = p.tips[2], p.tips[3]
    p.tips[2] = x[:9] + y[9:]
    p.tips[3] = y[:9] + x[9:]
    a.verify(p.write("b.heads"), 1, "tips 3 and 4 were invented: the server"
             " never signed such tips",
             "tips 3 and 4 are missing")


# --- alter

def an_altered_tip_is_named_and_not_kept():
    a, p = Analyst(), Parts("b1")
    t = bytearray(p.tips[4])
    t[ENTRY + 9000] ^= 1
    p.tips[4] = bytes(t)
    said = a.open(p.write("b.alter"), "cases.alter", 1,
                  "tip 5 was altered: its bytes do not have the digest",
                  "Opened 8, already there 0, could not be opened 1",
                  "--from 5 --to 5")
    expect(said.count("tip 5 was altered") == 1, said)
    expect(tips_in("cases.alter") == names(1, 2, 3, 4, 6, 7, 8, 9), "kept")
    a.open("b1", "cases.alter", 0, "Opened 1, already there 8",
           "Everything the server had up to tip 9 has been seen.")


def a_tip_that_stays_damaged_holds_nothing_else_up():
    """As when the server's own disk has lost it: every copy is altered."""
    a, p = Analyst(), Parts("b1")
    t = bytearray(p.tips[4])
    t[ENTRY + 9000] ^= 1
    p.tips[4] = bytes(t)
    p.write("b.lost")
    for _ in range(2):
        a.open("b.lost", "cases.lost", 1, "tip 5 was altered")
    a.open("b2", "cases.lost", 0, "tip 5 came with altered bytes only",
           "--from 5 --to 5", "not: Everything the server had")
    got, said = run(ANALYST, "ack", a.keys, "r.lost", "--links-from", "1",
                    "--passphrase-file", "pw")
    check(got, said, 0, ["tips 1 to 4 and 6 to 14", "1 to 14"])
    # A true copy ends it.
    a.open("b1", "cases.lost", 0, "Opened 1, already there 8",
           "not: altered bytes only")


def every_changed_byte_of_an_entry_is_told():
    for at in range(0, ENTRY, 7):
        a, p = Analyst(), Parts("b1")
        t = bytearray(p.tips[4])
        t[at] ^= 0x40
        p.tips[4] = bytes(t)
        said = a.verify(p.write("b.entry"), 1)
        expect(re.search(r"invented|damaged|cut off", said), at, said)


# --- cut

def a_cut_bundle_gives_what_is_proved():
    raw, p = read("b1"), Parts("b1")
    third = HEAD + len(p.tips[0]) + len(p.tips[1])
    for size, tip, whole in ((third + 400, "in tip 3", 2),
                             (third + ENTRY, "in tip 3", 2),
                             (third + 40, "behind tip 2", 2),
                             (third, "behind tip 2", 2),
                             (len(raw) - 1, "behind tip 9", 9),
                             (len(raw) - END, "behind tip 9", 9)):
        with open("b.cut", "wb") as f:
            f.write(raw[:size])
        a = Analyst()
        a.verify("b.cut", 1,
                 f"the bundle is cut off at byte {size}, {tip}: the tips"
                 " before that are proved one by one and were used",
                 f"{whole} tips of it are proved")
        a.verify("b1", 0, "Everything the server had up to tip 9")
    for size, sentence in ((HEAD, f"cut off at byte {HEAD}, before its first tip"),
                           (HEAD - 1, "cut off in its head"),
                           (30, "cut off in its head"),
                           (10, "cut off in its head"),
                           (0, "cut off in its head")):
        with open("b.cut", "wb") as f:
            f.write(raw[:size])
        Analyst().verify("b.cut", 1, sentence)


def what_a_cut_bundle_proves_is_opened():
    raw, p = read("b1"), Parts("b1")
    with open("b.cut", "wb") as f:
        f.write(raw[:HEAD + len(p.tips[0]) + len(p.tips[1]) + 400])
    a = Analyst()
    a.open("b.cut", "cases.cut", 1, "cut off at byte",
           "tips 3 to 9 have not been seen",
           "Opened 2, already there 0, could not be opened 0")
    expect(tips_in("cases.cut") == names(1, 2), "opened")
    expect(b'"proved":\ttrue' in read("cases.cut/tip-000001/tip.json"),
           "not proved")
    expect(not os.path.exists("cases.cut/unproved"), "unproved")
    a.open("b1", "cases.cut", 0, "Opened 7, already there 2",
           "Everything the server had up to tip 9 has been seen.")


def a_bundle_whose_end_was_cut_and_another_put_there_is_told():
    a, p = Analyst(), Parts("b1")
    make("b.short", "1", 0)
    p.end = Parts("b.short").end
    a.verify(p.write("b.end"), 1, "the bundle's end is forged",
             "9 tips of it are proved",
             "Everything the server had up to tip 9 has been seen.")


def something_behind_the_end_is_told():
    a = Analyst()
    raw = read("b1")
    with open("b.more", "wb") as f:
        f.write(raw + b"\n")
    a.verify("b.more", 1, "there is something behind the bundle's end, at"
             f" byte {len(raw)}; it was not used")


# --- repeat

def a_repeated_tip_is_told_and_used_once():
    a, p = Analyst(), Parts("b1")
    p.tips.insert(6, p.tips[2])
    a.open(p.write("b.twice"), "cases.twice", 1,
           "tip 3 was repeated: it stands in the bundle more than once; it"
           " was used once",
           "Opened 9, already there 0, could not be opened 0",
           "Everything the server had up to tip 9 has been seen.")


def a_whole_copy_behind_an_altered_one_is_used():
    a, p = Analyst(), Parts("b1")
    t = bytearray(p.tips[2])
    t[ENTRY + 700] ^= 1
    p.tips.insert(2, bytes(t))
    a.open(p.write("b.copies"), "cases.copies", 1, "tip 3 was altered",
           "tip 3 was repeated", "Opened 9, already there 0",
           "Everything the server had up to tip 9 has been seen.")
    expect(tips_in("cases.copies") == names(*range(1, 10)), "kept")


def a_repeated_bundle_is_said_and_all_is_well():
    a = Analyst()
    a.open("b1", "cases.rep", 0, "not: Seen before")
    a.open("b1", "cases.rep", 0, "Seen before: nothing in it is new.",
           "Opened 0, already there 9")
    a.open("b2", "cases.rep", 0, "not: Seen before")
    a.verify("b1", 0, "Seen before: nothing in it is new.",
             "not: back in time",
             "Everything the server had up to tip 14 has been seen.")


# --- invent, mix

def an_invented_tip_is_not_opened():
    make("b.foreign", "1", 9, key="other/server.key")
    foreign = Parts("b.foreign")
    for at, number in ((4, 5), (9, 9)):
        a, p = Analyst(), Parts("b1")
        p.tips.insert(at, foreign.tips[number - 1])
        cases = f"cases.inv{number}"
        a.open(p.write("b.inv"), cases, 1,
               f"tip {number} was invented: the server never signed such a"
               " tip of that number",
               "Opened 9, already there 0, could not be opened 0",
               "Everything the server had up to tip 9 has been seen.")
        expect(tips_in(cases) == names(*range(1, 10)), "opened")
        expect(not os.path.exists(cases + "/unproved"), "kept")
    # Only who asks for it gets it, apart from the others.
    a = Analyst()
    a.open("b.inv", "cases.inv", 1, "tip 9 was invented",
           "Nothing proves 1 of them: cases.inv/unproved/index.html",
           more=("--unproved",))
    expect(tips_in("cases.inv") == names(*range(1, 10)), "mixed")
    expect(tips_in("cases.inv/unproved") == names(9), "not apart")
    expect(b'"proved":\tfalse' in
           read("cases.inv/unproved/tip-000009/tip.json"), "proved")
    expect(b"Nothing proves" in
           read("cases.inv/unproved/tip-000009/index.html"), "page")


def tips_of_two_bundles_put_together_are_told():
    a, p = Analyst(), Parts("b1")
    p.tips += Parts("b2").tips
    # They are true tips of this server, but not of this bundle.
    a.verify(p.write("b.mix"), 1, "tips 10 to 14 were put in from another"
             " bundle; they are proved and were used",
             "14 tips of it are proved")
    a.verify("b2", 0, "Everything the server had up to tip 14 has been seen")
    a, p = Analyst(), Parts("b2")
    p.tips.insert(2, Parts("b1").tips[3])
    a.verify(p.write("b.mix"), 1, "tip 4 was put in from another bundle")
    a, p = Analyst(), Parts("b2")
    p.head = Parts("b1").head
    a.verify(p.write("b.mix"), 1, "NOT complete", "the bundle's end is forged")


def a_tip_said_to_be_purged_by_the_courier_was_never_signed_so():
    a, p = Analyst(), Parts("b1")
    p.tips[4] = b"\x03" + p.tips[4][1:ENTRY]
    a.verify(p.write("b.purge"), 1, "tip 5 was invented", "tip 5 is missing",
             "tip 5 has not been seen")


def a_purged_tip_is_seen_but_not_opened():
    must(MAKE_BUNDLE, "bundle", "server/server.key", "keyset.txt", "1",
         "b.purged", text="tip\nmessage msg\nend\n"
         "tip\nmessage msg\npurged\nend\ntip\nmessage msg\nend\n")
    a = Analyst()
    a.open("b.purged", "cases.purged", 0,
           "note: tip 2 was purged on the server before it was opened",
           "Opened 2, already there 0, could not be opened 0",
           "Everything the server had up to tip 3 has been seen.")
    a = Analyst()
    a.verify("b.purged", 0, "It holds 3 tips")


# --- another server, another time

def another_servers_bundle_is_refused():
    make("b.other", "1", 2, key="other/server.key")
    a = Analyst()
    a.verify("b.other", 1, "this bundle is another server's: it names server")
    p = Parts("b.other")
    p.head = p.head[:20] + Parts("b1").head[20:28] + p.head[28:]
    a.verify(p.write("b.forged"), 1, "the bundle's head is forged",
             "nothing of it was used")
    a.open("b.forged", "cases.forged", 1, "the bundle's head is forged")
    expect(not os.path.exists("cases.forged"), "cases were made")


def every_changed_byte_of_the_head_is_told():
    for at in range(0, HEAD, 5):
        a, p = Analyst(), Parts("b1")
        h = bytearray(p.head)
        h[at] ^= 1
        p.head = bytes(h)
        said = a.verify(p.write("b.head"), 1)
        expect(re.search("forged|another server's|not a bundle|version",
                         said), at, said)


def a_server_whose_last_tip_is_lower_went_back_in_time():
    a = Analyst()
    for b in ("b1", "b2", "b3"):
        a.verify(b, 0)
    # Put back to the time after bundle 1: its next export has number 2, or
    # a later one, if that was kept.
    make("b.back", "b1", 0)
    a.verify("b.back", 1, "this server went back in time: its last tip is now"
             " tip 9, and tip 17 was there before",
             "tipline-analyst ack KEYS OUT --links-from 10")
    make("b.back", "b1", 0, "bundle 4")
    a.verify("b.back", 1, "this server went back in time: its last tip is now"
             " tip 9, and tip 17 was there before", "--links-from 10")


def other_tips_under_known_numbers_are_a_server_that_went_back():
    a = Analyst()
    for b in ("b1", "b2"):
        a.open(b, "cases.back", 0)
    make("b.back", "b1", 7, "bundle 3")  # other tips 10 to 16
    a.open("b.back", "cases.back", 1,
           "this server went back in time: tips 10 to 14 were seen before as"
           " others; what is new under their numbers was not opened"
           " (--unproved opens it apart)", "--links-from 10",
           # These numbers are new, and nobody may lose a tip.
           "Opened 2, already there 0")
    expect(tips_in("cases.back")[:14] == names(*range(1, 15)), "touched")
    # Nothing is lost: they can be read, apart.
    a.open("b.back", "cases.back", 1, more=("--unproved",))
    expect(tips_in("cases.back/unproved")[:5] == names(*range(10, 15)),
           tips_in("cases.back/unproved"))


def another_chain_before_the_first_tip_is_a_server_that_went_back():
    a = Analyst()
    for b in ("b1", "b2"):
        a.verify(b, 0)
    make("b.x", "b1", 5, "bundle 3")   # other tips 10 to 14, never shown
    make("b.y", "b.x", 2, "bundle 4")  # tips 15 and 16 behind them
    a.verify("b.y", 1, "this server went back in time: the chain before tip"
             " 15 is not the one that was seen", "--links-from 14")


def an_epoch_that_went_back_is_told():
    a = Analyst()
    make("b.e1", "1", 1)
    a.verify("b.e1", 0)
    make("b.e2", "b.e1", 1, "in-force 7")
    a.verify("b.e2", 1, "this server went back in time: its week is now epoch"
             " 7, and it was in epoch")


# --- the ledger itself

def ledger_of(a):
    name = [f for f in os.listdir(a.keys) if f.startswith("ledger-")][0]
    return os.path.join(a.keys, name)


def a_cut_or_damaged_ledger_is_refused():
    a = Analyst()
    a.verify("b1", 0)
    path, raw = ledger_of(a), read(ledger_of(a))
    for cut in (128 * 5, 128 * 9 + 64, 100, 7):
        with open(path, "wb") as f:
            f.write(raw[:cut])
        said = a.verify("b2", 1)
        expect("is cut" in said or "is no ledger" in said, cut, said)
        expect("tipline-operator export LINE FILE --from 1" in said, said)
    with open(path, "wb") as f:
        f.write(b"x" + raw[1:])
    a.verify("b2", 1, "is no ledger of tips")
    bad = bytearray(raw)
    bad[128 * 3 + 30] ^= 1
    with open(path, "wb") as f:
        f.write(bad)
    a.verify("b1", 1, "the ledger of the key folder is damaged at tip 3")
    # Of another server, put in the place of ours.
    with open(path, "wb") as f:
        f.write(raw[:16] + b"\0" * 8 + raw[24:])
    a.verify("b1", 1, "is damaged at its beginning")
    with open(path, "wb") as f:
        f.write(raw)
    os.chmod(path, 0o640)
    a.verify("b1", 1, "not a file that only you can read")
    os.chmod(path, 0o600)
    a.verify("b1", 0)


def a_lost_ledger_learns_everything_again():
    a = Analyst()
    a.open("b1", "cases.lost", 0)
    os.unlink(ledger_of(a))
    a.open("b1", "cases.lost", 0, "Opened 0, already there 9",
           "Everything the server had up to tip 9 has been seen.")


def a_bundle_can_come_through_a_pipe():
    a = Analyst()
    with open("b1", "rb") as f:
        p = subprocess.Popen(["cat"], stdin=f, stdout=subprocess.PIPE)
    q = subprocess.run([ANALYST, "open", a.keys, "/dev/stdin", "cases.pipe",
                        "--passphrase-file", "pw"], stdin=p.stdout,
                       capture_output=True, text=True, timeout=60)
    p.stdout.close()
    p.wait(timeout=60)
    expect(q.returncode == 0, q.stderr)
    expect(len(tips_in("cases.pipe")) == 9, "opened")


if __name__ == "__main__":
    sys.exit(run_deeds(sys.modules[__name__], set_up, tips_in, ledger_of))
