#!/usr/bin/env python3
"""The analysts' keys with the real program: every command, in its order and
in a wrong one, killed in the middle, two at once, and on a full disk.

    keys_test.py PATH/tipline-analyst PATH/make_bundle PATH/libclock_shim.so

Each function is one scenario, in a folder of its own with ruth, who keeps the
root, and the analysts alice and bob.
"""

import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback

from tipline import Failure, expect

ANALYST, MAKE_BUNDLE, SHIM = (os.path.abspath(p) for p in sys.argv[1:4])
WEEK = 604800


def this_week():
    return (int(time.time()) - 345600) // WEEK


class Scene:
    """A folder with keyrings, and a clock that may run ahead by weeks."""

    def __init__(self, home):
        self.home = home
        self.ahead = 0
        with open(self.path("pw"), "w", encoding="utf-8") as f:
            f.write("correct horse battery staple\n")
        os.chmod(f.name, 0o600)
        os.mkdir(self.path("server"))
        subprocess.run([MAKE_BUNDLE, "server", "server"], cwd=home, check=True)

    def path(self, *names):
        return os.path.join(self.home, *names)

    def env(self):
        if self.ahead == 0:
            return dict(os.environ)
        # A build with sanitizers wants to be loaded first, or told.
        return dict(os.environ, LD_PRELOAD=SHIM,
                    ASAN_OPTIONS="verify_asan_link_order=0",
                    CLOCK_SHIM_SECONDS=str(self.ahead * WEEK))

    def start(self, *words):
        words = [ANALYST, *words]
        if words[1] != "verify":
            words += ["--passphrase-file", "pw"]
        return subprocess.Popen(words, cwd=self.home, env=self.env(),
                                stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, text=True,
                                start_new_session=True)

    def run(self, words, code=0, says=()):
        """A line of words; what it says must hold each of says."""
        p = self.start(*words.split())
        said = p.communicate(timeout=120)[0]
        expect(p.returncode == code, words, "ended with", p.returncode, "not",
               code, said)
        for s in [says] if isinstance(says, str) else says:
            expect(re.search(s, said), words, "does not say", s, said)
        return said

    def names(self, *folder):
        path = self.path(*folder)
        return sorted(os.listdir(path)) if os.path.isdir(path) else []

    def text(self, *names):
        with open(self.path(*names), encoding="utf-8") as f:
            return f.read()

    def rings(self, weeks=3):
        """ruth, alice and bob, and a key set that both analysts took."""
        self.run("init ROOT --name ruth")
        for name in ("alice", "bob"):
            self.run("init %s --analyst --name %s" % (name, name))
            self.run("keys make %s --weeks %d --out %s.keys" %
                     (name, weeks, name))
        self.sign("ks-1.txt")
        for name in ("alice", "bob"):
            self.run("keyset take %s ks-1.txt --root ROOT/root.pub" % name)

    def sign(self, out, more="", code=0, says=()):
        return self.run("keyset make ROOT --server server/server.pub --out %s"
                        " --analyst alice.keys --analyst bob.keys"
                        " --without-own %s" % (out, more), code, says)

    def bundle(self, out, recipe, first="1", keyset="ks-1.txt"):
        with open(self.path("msg"), "w", encoding="utf-8") as f:
            f.write("a message")
        subprocess.run([MAKE_BUNDLE, "bundle", "server/server.key", keyset,
                        first, out], cwd=self.home, input=recipe, text=True,
                       check=True, env=self.env())


def tips_of(week, count=1):
    return "tip %d\nmessage msg\nend\n" % week * count


# -- the commands, one by one


def help_and_wrong_use(s):
    s.run("keys", 2, "after keys comes a second word")
    for words in ("keys make", "keys list", "keys destroy", "keys backup",
                  "keys drill", "keys restore", "keyset make", "keyset take",
                  "root change", "root take", "root replace", "init"):
        p = subprocess.run([ANALYST, *words.split(), "--help"],
                           capture_output=True, text=True, check=True)
        expect(p.stdout.startswith("usage: tipline-analyst " + words), words)
    p = subprocess.run([ANALYST, "keys", "--help"], capture_output=True,
                       text=True, check=True)
    expect("keys drill" in p.stdout and "root change" not in p.stdout, p.stdout)
    for words in ("init", "init A B", "init A --name Big", "keys frob A",
                  "keys make A", "keys make A --weeks 0 --out f",
                  "keys make A --weeks 401 --out f", "keys list",
                  "keys destroy A", "keys destroy A --past 3",
                  "keys destroy A x", "keys destroy A 0",
                  "keys destroy A --past --force",
                  "keys backup A --out f --shares 3",
                  "keys backup A --out f --shares 3 --need 4",
                  "keys backup A --out f --shares 3 --need 1",
                  "keys backup A --out f --shares 17 --need 3",
                  "keys drill A share", "keys restore A --backup f",
                  "keyset take A", "root change A", "root take A",
                  "root replace A", "root replace A f",
                  "root replace A f --fingerprint x --new",
                  "keyset make A --server s --out f --without-own"):
        s.run(words, 2)
    expect(not os.path.exists(s.path("A")), "wrong use made something")


def a_set_of_several_analysts_from_first_to_last(s):
    s.rings()
    week = this_week()
    for name in ("alice", "bob"):
        expect(s.names(name, "epochs") ==
               ["%d.key" % (week + i) for i in range(3)], name)
        expect("root.key" not in s.names(name), name, "has a root")
    text = s.text("ks-1.txt")
    expect(text.count("\nkey ") == 6 and text.count("\nsigner ") == 2, text)
    expect("ruth" not in text, "ruth is named")
    if shutil.which("minisign"):
        subprocess.run(["minisign", "-V", "-q", "-p", s.path("ROOT/root.pub"),
                        "-m", s.path("ks-1.txt")], check=True)
    said = s.run("keys list alice")
    expect(re.search(r"%d .*current" % week, said), said)
    expect(re.search(r"%d .*made" % (week + 1), said), said)
    expect("newest key set 1" in said and "changed 0 times" in said, said)
    signer = re.search(r"signer (\w{16})", said).group(1)
    expect("\n    %s  alice" % signer in s.sign("ks-2.txt"), "not shown")
    # The keyring of the root may stand in the set as well.
    s.run("keyset make ROOT --server server/server.pub --weeks 2 --out own.txt"
          " --analyst bob.keys", 0, "Left out: ruth has no key")
    expect("ruth" in s.text("own.txt"), "ruth is not named")
    # Nothing was ever said twice under one number.
    expect([t[:6] for t in s.names("ROOT", "keysets")] ==
           ["000001", "000002", "000003"], s.names("ROOT", "keysets"))


def weeks_that_one_analyst_lacks_are_left_out_and_said(s):
    s.rings()
    week = this_week()
    s.run("keys make alice --weeks 5 --out alice5.keys", 0)
    shutil.move(s.path("alice5.keys"), s.path("alice.keys"))
    s.sign("ks-2.txt", "", 0, "bob has no key for weeks %d to %d" %
           (week + 3, week + 4))
    expect("epoch %d" % (week + 3) not in s.text("ks-2.txt"), "is in it")
    # Next month nobody has a key of the week.
    s.ahead = 3
    s.sign("ks-3.txt", "", 1, "bob has no key for the current week")
    expect(not os.path.exists(s.path("ks-3.txt")), "was written")
    expect(len(s.names("ROOT", "keysets")) == 2, "a number was used up")


def what_is_done_in_a_wrong_order_is_refused(s):
    s.run("init ROOT --name ruth")
    s.run("init alice --analyst --name alice")
    s.run("keyset make alice --server server/server.pub --out x", 1,
          "does not keep the root key")
    s.run("root change alice --out x", 1, "does not keep the root")
    s.run("root take alice x", 1, "no root is pinned")
    s.run("keys list alice", 0, ("no root pinned yet", "no key set yet"))
    s.run("keys destroy alice --past", 0, "No key of a past week")
    s.run("verify alice x", 1)
    s.run("keys make alice --weeks 2 --out alice.keys")
    s.run("keys make alice --weeks 2 --out alice.keys", 1,
          "refusing to overwrite")
    s.run("keyset make ROOT --server server/server.pub --out ks-1.txt"
          " --analyst alice.keys --analyst alice.keys --without-own", 1,
          "named twice")
    s.run("keyset make ROOT --server server/server.pub --out ks-1.txt"
          " --analyst alice.keys --without-own")
    s.run("keyset take alice ks-1.txt", 1, "no root is pinned here yet")
    expect("root.pub" not in s.names("alice"), "pinned all the same")
    s.run("keyset take alice ks-1.txt --root ROOT/root.pub", 0, "Pinned")
    s.run("keyset take alice ks-1.txt", 0, "Took key set 1")
    # An altered key file, set, or signature.
    for name, words, says in (
            ("alice.keys", "keyset make ROOT --server server/server.pub --out"
             " y --without-own --analyst ", "altered|line"),
            ("ks-1.txt", "keyset take alice ", "altered")):
        raw = bytearray(open(s.path(name), "rb").read())
        at = raw.index(b"epoch 2") + 6
        raw[at] ^= 1
        with open(s.path("altered"), "wb") as f:
            f.write(raw)
        shutil.copy(s.path("ks-1.txt.minisig"), s.path("altered.minisig"))
        s.run(words + "altered", 1, says)
    # Whoever's keys these are, they come from somebody else's ring.
    s.run("init other --analyst --name alice")
    s.run("keyset take other ks-1.txt --root ROOT/root.pub", 1,
          "another signing key for alice")
    shutil.copytree(s.path("alice"), s.path("less"))
    os.unlink(s.path("less", "epochs", "%d.key" % (this_week() + 1)))
    s.run("keyset take less ks-1.txt", 0, "that is not in this keyring")


# -- the root


def a_root_is_changed_and_everybody_follows(s):
    s.rings()
    s.run("root change ROOT --out root-2.txt", 0, "Change 1 of the root")
    s.sign("ks-2.txt", "", 0, "Key set 2")
    s.run("keyset take alice ks-2.txt", 1, "root take comes first")
    s.run("root take alice root-2.txt", 0, "Followed change 1")
    s.run("root take alice root-2.txt", 1,
          "this is change 1 of the root, and change 1 was followed")
    s.run("keyset take alice ks-2.txt", 0, "Took key set 2")
    s.run("keyset take alice ks-1.txt", 1, "root that has been replaced")
    s.run("keys list alice", 0, "changed 1 time\n")
    expect("0001.key" in s.names("ROOT", "roots"), "the old root is gone")
    # Two more; bob takes them in their order only.
    s.run("root change ROOT --out root-3.txt")
    s.run("root take alice root-3.txt", 0, "Followed change 2")
    s.run("root take bob root-3.txt", 1, "the root pinned here is")
    shutil.copy(s.path("root-3.txt.minisig"), s.path("root-2.txt.minisig"))
    s.run("root take bob root-2.txt", 1, "signature")
    s.run("keys list bob", 0, "changed 0 times")


def a_lost_root_is_replaced_by_hand(s):
    s.rings()
    s.sign("ks-2.txt")
    s.run("keyset take alice ks-2.txt")
    s.run("init ROOT-2 --name ruth")
    said = s.run("keys list ROOT-2")
    print_ = re.search(r"root ((?:\w{4} ){7}\w{4})", said).group(1)
    shutil.copy(s.path("ROOT-2/root.pub"), s.path("root-2.pub"))

    def replace(ring, fingerprint, code, says):
        p = s.start("root", "replace", ring, "root-2.pub", "--fingerprint",
                    fingerprint)
        said = p.communicate(timeout=60)[0]
        expect(p.returncode == code and re.search(says, said), said)

    replace("alice", print_[:-1] + "x", 1, "not the one given")
    replace("alice", print_[:-5], 1, "not the one given")
    replace("alice", print_, 0, "The root is now")
    replace("bob", print_.upper().replace(" ", "-"), 0, "The root is now")
    replace("bob", print_, 1, "already")
    s.sign("ks-3.txt")
    s.run("keyset take alice ks-3.txt", 1, "replaced since")
    make = ("keyset make ROOT-2 --server server/server.pub --analyst alice.keys"
            " --analyst bob.keys --without-own --out ")
    s.run(make + "low.txt", 0, "Key set 1")
    s.run("keyset take alice low.txt", 1, "an older one is never taken")
    s.run(make + "high.txt --sequence 3", 0, "Key set 3")
    s.run("keyset take alice high.txt", 0, "Took key set 3")
    s.run("root replace ROOT --new", 0, "The root is now")
    s.sign("ks-4.txt", "", 0, "Key set 4")


# -- the end of a key


def keys_go_when_their_tips_are_opened(s):
    s.rings(weeks=6)
    week = this_week()
    s.run("keys destroy alice %d" % week, 1,
          ("has not ended", "no bundle of server"))
    s.bundle("b1", tips_of(week, 3))
    s.run("verify alice b1")
    s.ahead = 1
    s.run("keys destroy alice --past", 0,
          ("3 of its tips .* are not opened, first tip 1",
           "a slow upload may end in week"))
    s.run("open alice b1 cases")
    s.run("keys list alice", 0, "opened 3, not opened 0")
    s.run("keys destroy alice %d" % week, 1, "a slow upload")
    s.ahead = 2
    # The second bundle is missed; the third says that there is something.
    s.bundle("b2", "in-force %d\n" % (week + 1) + tips_of(week, 1), "b1")
    s.bundle("b3", "in-force %d\n" % (week + 2) + tips_of(week + 2, 1), "b2")
    s.run("open alice b3 cases", 1)
    s.run("keys destroy alice --past", 0,
          "1 tip of server .* never seen, first tip 4")
    s.run("open alice b2 cases")
    shutil.copytree(s.path("alice"), s.path("copy"))
    s.run("keys destroy alice --past", 0,
          ("Destroyed the key of week %d" % week, "flash memory"))
    expect("%d.key" % week not in s.names("alice", "epochs"), "still there")
    expect(s.names("alice", "destroyed") == [str(week)], "not remembered")
    s.run("keys list alice", 0, "%d .*destroyed" % week)
    s.run("keys destroy alice %d" % week, 0, "destroyed before")
    # Nobody opens it again with what is left, and it is never made anew.
    s.run("open alice b1 cases2 --unproved", 1)
    tips = [n for n in s.names("cases2") if n.startswith("tip-")]
    tips += [n for n in s.names("cases2", "unproved") if n.startswith("tip-")]
    expect(not tips, "opened without its key:", tips)
    s.ahead = 0
    s.run("keys make alice --weeks 6 --out again.keys", 0,
          "destroyed here and is not made again")
    expect("epoch %d " % week not in s.text("again.keys"), "made again")
    s.run("keyset make ROOT --server server/server.pub --analyst again.keys"
          " --without-own --out x", 1, "no key for the current week")


def tips_of_a_second_history_hold_their_keys_back(s):
    """The server was put back to its state after tip 5 and went on: tips 6 to
    10 are there twice, and both are opened before any key goes."""
    s.rings(weeks=6)
    week = this_week()
    s.bundle("b1", tips_of(week, 5))
    s.bundle("b2", tips_of(week, 5), "b1")
    for bundle in ("b1", "b2"):
        s.run("open alice %s cases" % bundle)
        s.run("verify bob %s" % bundle)
    s.bundle("b3", "bundle 3\n" + tips_of(week, 7), "b1")
    s.run("open alice b3 cases", 1, ("went back in time: tips 6 to 10 were",
                                     "first number 6, last number 12"))
    s.run("verify bob b3", 1, "went back in time: tips 6 to 10 were")
    s.ahead = 2
    s.bundle("b4", "bundle 4\nin-force %d\n" % (week + 2) +
             tips_of(week + 2, 1), "b3")
    waits = "tips 6 to 10 came a second time as others"
    s.run("open alice b4 cases", 1, waits)
    for name in ("b1", "b2", "b3", "b4"):
        s.run("open bob %s cases-bob" % name,
              1, waits if name != "b3" else ())
    # The server has other tips 6 to 10 now: what was opened of these numbers
    # is not confirmed to it, and all else fits its chain.
    s.run("ack alice r1", 0, "confirms 7 opened tips: tips 1 to 5, 12 and 13")
    held = "5 tips of server .*, first tip 6, came twice as different ones"
    for name in ("alice", "bob"):
        s.run("keys destroy %s --past" % name, 0, held)
        expect("%d.key" % week in s.names(name, "epochs"), name, "destroyed")
    s.run("open alice b3 cases --unproved", 1, "Nothing proves 5 of them")
    expect(len(s.names("cases", "unproved")) == 7,
           s.names("cases", "unproved"))  # with the list and what it is of
    s.run("keys destroy bob --past", 0, held)
    s.run("open alice b4 cases", 0, "Everything the server had up to tip 13")
    s.run("open alice b3 cases", 1)  # nothing waits again
    # Where it cannot be marked, it is not destroyed, and nobody says so.
    with open(s.path("alice", "destroyed"), "w", encoding="utf-8"):
        pass
    said = s.run("keys destroy alice --past", 1, "cannot")
    expect("No key of a past week is left" not in said, said)
    os.unlink(s.path("alice", "destroyed"))
    s.run("keys destroy alice --past", 0, "Destroyed the key of week %d" % week)


def bundles_of_an_earlier_server_are_still_opened(s):
    """The server burned and a new one has another key; the last bundle of the
    old one is still on its way when the new key set is taken."""
    s.rings()
    week = this_week()
    s.bundle("b1", tips_of(week, 2))
    for name in ("server-2", "server-3"):
        os.mkdir(s.path(name))
        subprocess.run([MAKE_BUNDLE, "server", name], cwd=s.home, check=True)
    s.run("keyset make ROOT --server server-2/server.pub --replace-server"
          " --analyst alice.keys --analyst bob.keys --without-own --out"
          " ks-2.txt")
    s.run("keyset take alice ks-2.txt", 0, "another server than before")
    s.run("verify alice b1", 0, "from an earlier server")
    s.ahead = 3
    s.run("keys destroy alice --past", 0, "2 of its tips at server")
    s.ahead = 0
    s.run("open alice b1 cases", 0, ("from an earlier server", "Opened 2"))
    # The new one's are its own, and a stranger's are refused as before.
    with open(s.path("msg"), "w", encoding="utf-8") as f:
        f.write("a message")
    for name, keyset in (("server-2", "ks-2.txt"), ("server-3", "ks-3.txt")):
        if name == "server-3":
            s.run("keyset make ROOT --server server-3/server.pub"
                  " --replace-server --analyst alice.keys --without-own"
                  " --out ks-3.txt")
        subprocess.run([MAKE_BUNDLE, "bundle", name + "/server.key", keyset,
                        "1", "b-" + name], cwd=s.home, check=True, text=True,
                       input=tips_of(week, 1))
    said = s.run("open alice b-server-2 cases-2", 0, "Opened 1")
    expect("earlier" not in said, said)
    s.run("open alice b-server-3 cases-2", 1, "is another server's")


def forcing_needs_the_number_typed(s):
    s.rings()
    week = this_week()
    s.run("keys destroy alice %d --force" % week, 1, "no terminal")
    s.run("keys destroy alice %d --force --confirm %d" % (week, week + 1), 1,
          "no terminal")
    expect(len(s.names("alice", "epochs")) == 3, "one is gone")

    def typed(text):
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(s.home)
            os.execv(ANALYST, [ANALYST, "keys", "destroy", "alice", str(week),
                               "--force"])
        shown, sent = b"", False
        while True:
            ready, _, _ = select.select([fd], [], [], 30)
            expect(ready, "hangs", shown)
            try:
                piece = os.read(fd, 4096)
            except OSError:
                piece = b""
            if not piece:
                break
            shown += piece
            if not sent and b"Type %d" % week in shown:
                os.write(fd, text.encode() + b"\n")
                sent = True
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        os.close(fd)
        return code, shown.decode()

    for text in ("", "yes", str(week + 1), "%d " % week, "1" * 60):
        code, shown = typed(text)
        expect(code == 1 and "is kept" in shown, text, code, shown)
    code, shown = typed(str(week))
    expect(code == 0 and "Destroyed" in shown, code, shown)
    s.run("keys destroy alice %d --force --confirm %d" % (week + 1, week + 1))
    expect(len(s.names("alice", "epochs")) == 1, s.names("alice", "epochs"))
    expect("forced yes" in s.text("alice", "destroyed", str(week)), "not said")


# -- backups


def any_few_of_many_restore(s):
    s.rings()
    s.run("root change ROOT --out root-2.txt")
    s.run("keys backup ROOT --out sh --shares 5 --need 3", 0, "drill")
    s.run("keys backup ROOT --out sh --shares 5 --need 3", 1,
          "holds a backup already")
    s.run("keys backup ROOT --out sh2 --shares 3 --need 2")
    expect(s.names("sh") == ["backup.tipline"] + [
        "share-%d.txt" % i for i in range(1, 6)], s.names("sh"))
    b = "--backup sh/backup.tipline "
    say = "sh/share-1.txt sh/share-3.txt sh/share-4.txt"
    s.run("keys drill ROOT %s%s" % (b, say), 0, "would restore")
    # Too few, one twice, of another backup, mistyped, no share at all.
    for shares, says in (
            ("sh/share-1.txt sh/share-3.txt", "needs 3 shares, and 2 were"),
            ("sh/share-1.txt", "needs 3 shares, and 1 was"),
            ("sh/share-1.txt sh/share-3.txt sh/share-1.txt",
             "sh/share-1.txt and sh/share-1.txt are the same share"),
            ("sh/share-1.txt sh2/share-2.txt sh/share-3.txt",
             r"sh2/share-2.txt is a share of backup \w{8}, and"),
            ("sh/share-1.txt typo sh/share-3.txt", "typo is mistyped"),
            ("sh/share-1.txt pw sh/share-3.txt", "pw is no share"),
            ("sh/share-1.txt none sh/share-3.txt", "cannot read none")):
        text = s.text("sh", "share-2.txt")
        lines = text.split("\n")
        key = lines[3].split(" ")[2]
        swapped = key[0].swapcase() if key[0].isalpha() else "A"
        with open(s.path("typo"), "w", encoding="utf-8") as f:
            f.write(text.replace(key, swapped + key[1:]))
        s.run("keys restore NEW %s%s" % (b, shares), 1, says)
        s.run("keys drill ROOT %s%s" % (b, shares), 1, says)
        expect(not os.path.exists(s.path("NEW")), "made something", shares)
    # A damaged backup, and shares of the other one throughout.
    raw = bytearray(open(s.path("sh/backup.tipline"), "rb").read())
    raw[-1] ^= 1
    with open(s.path("damaged"), "wb") as f:
        f.write(raw)
    s.run("keys restore NEW --backup damaged " + say, 1, "does not open")
    s.run("keys restore NEW --backup pw " + say, 1, "no backup of keys")
    s.run("keys restore NEW " + b + say + " sh/share-2.txt", 0, "Restored")
    s.run("keys restore NEW " + b + say, 1, "not empty")
    # It is the root, and the one before it, and what it signs is taken.
    said = s.run("keys list NEW")
    expect("kept here, changed 1 time" in said, said)
    expect("0001.key" in s.names("NEW", "roots"), s.names("NEW", "roots"))
    s.run("keyset make NEW --server server/server.pub --analyst alice.keys"
          " --analyst bob.keys --without-own --out ks-2.txt", 0, "Key set 2")
    s.run("root take alice root-2.txt")
    s.run("keyset take alice ks-2.txt", 0, "Took key set 2")
    # A change since: the drill says that the backup is no good any more.
    s.run("root change ROOT --out root-3.txt")
    s.run("keys drill ROOT " + b + say, 1, "would NOT restore")


def a_destroyed_key_is_in_no_backup_but_one_that_says_so(s):
    s.rings()
    week = this_week()
    s.run("keys backup alice --out plain --shares 2 --need 2", 0,
          "No week's key is in it")
    s.run("keys backup alice --out full --shares 2 --need 2 --with-epochs", 0,
          "destroying a week's key does not reach")
    s.run("keys list alice", 0, (r"%d .*in backup \w{8} of" % week,
                                 "2 backups"))
    s.run("keys destroy alice %d --force --confirm %d" % (week, week), 0,
          "a copy is in backup")
    s.run("keys restore from-plain --backup plain/backup.tipline"
          " plain/share-1.txt plain/share-2.txt")
    expect(not s.names("from-plain", "epochs"), "a week's key came back")
    s.run("keys restore from-full --backup full/backup.tipline"
          " full/share-1.txt full/share-2.txt")
    expect("%d.key" % week in s.names("from-full", "epochs"), "lost")
    s.run("keys drill alice --backup full/backup.tipline full/share-1.txt"
          " full/share-2.txt", 0, "1 is not here any more")
    # A backup made now knows what was destroyed.
    s.run("keys backup alice --out now --shares 2 --need 2 --with-epochs")
    s.run("keys restore from-now --backup now/backup.tipline now/share-1.txt"
          " now/share-2.txt")
    expect("%d.key" % week not in s.names("from-now", "epochs"), "is back")
    s.run("keys make from-now --weeks 3 --out x.keys", 0, "not made again")
    # However many there are, none is left out of the list.
    for n in range(30):
        with open(s.path("alice", "backups", "%032x" % (n << 96)), "w",
                  encoding="utf-8") as f:
            f.write("tipline-backup-record 1\nday 2026-01-%02d\nneed 2\n"
                    "shares 3\nepoch %d\n" % (n + 1, week + 1))
    said = s.run("keys list alice")
    row = re.search("^ *%d .*$" % (week + 1), said, re.M).group()
    expect(row.count(" of 2026-01-") == 30, "left out:", row)


def a_full_disk_leaves_no_half_backup(s):
    if os.geteuid() != 0:
        print("    (not tried: a small disk needs root)")
        return
    s.run("init ROOT --name ruth")
    script = r"""
        mount -t tmpfs -o size=4k,nr_inodes=%d none small || exit 77
        "$1" keys backup ROOT --out small/sh --shares 5 --need 3 \
            --passphrase-file pw
        code=$?
        ls -A small/sh >left
        exit $code"""
    os.mkdir(s.path("small"))
    for inodes in (3, 4, 7, 8):
        p = subprocess.run(["unshare", "-m", "sh", "-c", script % inodes, "sh",
                            ANALYST], cwd=s.home, capture_output=True,
                           text=True)
        if p.returncode == 77:
            print("    (not tried: no small disk to be had)")
            return
        expect(p.returncode == 1 and "what was written is removed" in p.stderr,
               inodes, p.returncode, p.stderr)
        expect(s.text("left") == "", "left behind:", s.text("left"))
    expect(not s.names("ROOT", "backups"), "remembers what never was")


# -- cut and crowded


def killed(s, words, seen):
    """Run words and kill them as soon as seen() holds; False if they were
    faster."""
    p = s.start(*words.split())
    end = time.monotonic() + 60
    while not seen() and p.poll() is None:
        expect(time.monotonic() < end, words, "neither ends nor begins")
    if p.poll() is None:
        os.kill(p.pid, signal.SIGKILL)
    said = p.communicate(timeout=60)[0]
    expect(p.returncode in (0, -9), words, p.returncode, said)
    return p.returncode == -9


def killed_in_the_middle_it_goes_on(s):
    s.run("init ROOT --name ruth")
    hits, last = 0, 0
    for at in (1, 20, 60, 100):
        hits += killed(s, "keyset make ROOT --server server/server.pub --out"
                       " cut-%d.txt --weeks 200" % at,
                       lambda n=at: len(s.names("ROOT", "epochs")) >= n)
        said = s.run("keys list ROOT")
        found = re.search(r"newest key set (\d+)", said)
        expect(not found or int(found.group(1)) >= last, said)
        last = int(found.group(1)) if found else last
    expect(hits >= 2, "only", hits, "runs were cut")
    s.run("keyset make ROOT --server server/server.pub --out whole.txt"
          " --weeks 200")
    text = s.text("whole.txt")
    expect(text.count("\nepoch ") == 200, text.count("\nepoch "))
    number = int(re.search(r"sequence (\d+)", text).group(1))
    expect(number > last, number, last)
    expect(len(s.names("ROOT", "epochs")) == 200, "keys made twice")
    # A change of the root, cut after the new one is made.
    killed(s, "root change ROOT --out root-2.txt",
           lambda: "root.next.pub" in s.names("ROOT"))
    said = s.run("keys list ROOT")
    if "changed 0 times" in said:
        expect("was begun here" in said, said)
        s.run("root change ROOT --out root-2b.txt", 0, "Change 1")
    s.run("keyset make ROOT --server server/server.pub --out after.txt")
    s.run("keys list ROOT", 0, "kept here, changed 1 time")


def a_destruction_that_was_killed_is_ended(s):
    s.rings(weeks=8)
    week = this_week()
    words = "keys destroy alice"
    for i in range(8):
        words += " %d --confirm %d" % (week + i, week + i)
    killed(s, words + " --force", lambda: len(s.names("alice", "destroyed")))
    expect(s.names("alice", "destroyed"), "nothing began")
    s.run(words + " --force")
    expect(not s.names("alice", "epochs"), s.names("alice", "epochs"))
    expect(len(s.names("alice", "destroyed")) == 8, "not all remembered")


def two_at_once_wait_for_each_other(s):
    s.run("init ROOT --name ruth")
    runs = [s.start("keyset", "make", "ROOT", "--server", "server/server.pub",
                    "--out", "two-%d.txt" % i, "--weeks", "30")
            for i in range(3)]
    said = [p.communicate(timeout=120)[0] for p in runs]
    expect(all(p.returncode == 0 for p in runs), said)
    expect(any("waiting until it ends" in t for t in said), said)
    numbers = sorted(re.search(r"sequence (\d)", s.text("two-%d.txt" % i))
                     .group(1) for i in range(3))
    expect(numbers == ["1", "2", "3"], numbers)
    expect(len(s.names("ROOT", "epochs")) == 30, "keys made twice")


SCENARIOS = (
    help_and_wrong_use,
    a_set_of_several_analysts_from_first_to_last,
    weeks_that_one_analyst_lacks_are_left_out_and_said,
    what_is_done_in_a_wrong_order_is_refused,
    a_root_is_changed_and_everybody_follows,
    a_lost_root_is_replaced_by_hand,
    keys_go_when_their_tips_are_opened,
    tips_of_a_second_history_hold_their_keys_back,
    bundles_of_an_earlier_server_are_still_opened,
    forcing_needs_the_number_typed,
    any_few_of_many_restore,
    a_destroyed_key_is_in_no_backup_but_one_that_says_so,
    a_full_disk_leaves_no_half_backup,
    killed_in_the_middle_it_goes_on,
    a_destruction_that_was_killed_is_ended,
    two_at_once_wait_for_each_other,
)


def main():
    failed = 0
    for scenario in SCENARIOS:
        if len(sys.argv) > 4 and scenario.__name__ not in sys.argv[4:]:
            continue
        home = tempfile.mkdtemp(prefix="tl-keys-")
        try:
            scenario(Scene(home))
            print("ok ", scenario.__name__, flush=True)
        except (Failure, OSError, subprocess.SubprocessError, AttributeError,
                ValueError):
            traceback.print_exc()
            print("FAILED", scenario.__name__, flush=True)
            failed += 1
        finally:
            shutil.rmtree(home, ignore_errors=True)
    sys.exit(failed != 0)


main()
