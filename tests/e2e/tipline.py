"""What the scenario tests share: a tip line in a folder, visitors that behave
or do not, and the analysts' side.

Python's standard library only.  The folder with the programs is in the
environment as TIPLINE_BIN.  TIPLINE_LONG=1 asks for the long forms, and
TIPLINE_KEEP=1 leaves the folders lying.
"""
import base64
import ctypes
import fcntl
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BIN = os.environ.get("TIPLINE_BIN", os.path.join(ROOT, "build/dev/bin"))
LONG = os.environ.get("TIPLINE_LONG") == "1"
PASSPHRASE = "correct horse battery staple"
PAGE_LEN = 32768  # every answer, head and body together

# What no log may ever say (base/log.h): bugs, malformed messages between our
# processes, reports of sanitizers; and that a part had to be started anew.
SERIOUS = ("E105", "E214", "Sanitizer", "runtime error")
DEATHS = ("E202", "E203", "E206")

CLONE_NEWNS = 0x20000
CLONE_NEWNET = 0x40000000
MS_REC_PRIVATE = 0x4000 | 0x40000


class Failure(Exception):
    """A test has found something wrong."""


def expect(truth, *what):
    if not truth:
        raise Failure(" ".join(str(w) for w in what))


def isolate():
    """As root: no network but loopback, and mounts that end with us."""
    if os.geteuid() != 0:
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET | CLONE_NEWNS) != 0:
        return  # in a container without the right to it
    libc.mount(b"none", b"/", None, MS_REC_PRIVATE, None)
    with socket.socket() as s:  # SIOCSIFFLAGS: lo is up and running
        fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", b"lo", 0x41))


def run_tests(*tests):
    """Run each; names are sentences.  Exit 1 if one has failed."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    only = sys.argv[1:]
    isolate()
    failed = []
    for test in tests:
        if only and test.__name__ not in only:
            continue
        start = time.monotonic()
        try:
            test()
            word = "ok"
        except Exception:
            traceback.print_exc()
            word = "FAILED"
            failed.append(test.__name__)
        print("%-6s %5.1f s  %s" % (word, time.monotonic() - start,
              test.__name__.replace("_", " ")), flush=True)
    for name in failed:
        print("failed:", name)
    sys.exit(1 if failed else 0)


def wait_for(what, condition, seconds=60):
    end = time.monotonic() + seconds
    while not (value := condition()):
        expect(time.monotonic() < end, "waited %d s in vain until" % seconds,
               what)
        time.sleep(0.01)
    return value


def program(name, *args, check=True, env=None, folder=None):
    """Run one of the tools to its end; gives CompletedProcess."""
    p = subprocess.run([os.path.join(folder or BIN, name), *map(str, args)],
                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, env=env, timeout=1800)
    if check and p.returncode != 0:
        raise Failure("%s %s: exit %d\n%s" % (
            name, " ".join(map(str, args)), p.returncode,
            p.stderr.decode(errors="replace")))
    return p


def passphrase_for(args, path, known={}):
    """The option that gives a command of tipline-analyst its passphrase, if
    it takes one."""
    words = tuple(args[:2]) if args[0] in ("keys", "keyset", "root",
                                           "sentinel") else (args[0],)
    if words not in known:
        text = program("tipline-analyst", *words, "--help").stdout
        known[words] = b"--passphrase-file" in text
    return ("--passphrase-file", path) if known[words] else ()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def file_digest(path):
    with open(path, "rb") as f:
        return hashlib.file_digest(f, "sha256").hexdigest()


# ---------------------------------------------------------------- processes

def stat_of(pid):
    """Fields of /proc/PID/stat from the state on, or None."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            return f.read().rsplit(")", 1)[1].split()
    except OSError:
        return None


def alive(pid):
    fields = stat_of(pid)
    return fields is not None and fields[0] not in "ZX"


def children(pid):
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = stat_of(int(name))
            if fields and int(fields[1]) == pid and fields[0] not in "ZX":
                found.append(int(name))
    return found


def resident(pid):
    """Resident bytes, or 0 if it has ended."""
    try:
        with open("/proc/%d/status" % pid) as f:
            m = re.search(r"VmRSS:\s+(\d+) kB", f.read())
    except OSError:
        return 0
    return int(m.group(1)) << 10 if m else 0


# ------------------------------------------------------------------ answers

class Answer:
    """What came back on a connection, up to its end."""

    def __init__(self, raw, reset=False):
        self.raw = raw
        self.reset = reset
        head, sep, self.body = raw.partition(b"\r\n\r\n")
        self.lines = head.split(b"\r\n")
        self.status = 0
        if sep and (m := re.match(rb"HTTP/1\.[01] (\d{3}) ", head)):
            self.status = int(m.group(1))

    @property
    def page(self):
        """Which of site/pages it is; None if it is none of ours."""
        m = re.search(rb'<main id="page-(\w+)">', self.body)
        return m.group(1).decode() if m else None

    @property
    def received(self):
        return self.page == "receipt"

    def field(self, name):
        """Values of a header field."""
        found = []
        for line in self.lines[1:]:
            key, _, value = line.partition(b":")
            if key.lower() == name.lower().encode():
                found.append(value.strip().decode())
        return found

    def __repr__(self):
        return "<%d bytes%s, status %d, page %s>" % (
            len(self.raw), ", reset" if self.reset else "", self.status,
            self.page)


class Visitor:
    """One connection that can be used well or badly."""

    def __init__(self, line, circuit=None, over="unix", timeout=30):
        """circuit: what the PROXY line says; without one there is none, but
        where the line requires it, and False sends none there either."""
        if circuit is None and line.proxy == "require" and over == "unix":
            circuit = 7
        if over == "unix":
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(timeout)
            self.sock.connect(line.socket)
        else:
            self.sock = socket.create_connection(("127.0.0.1", line.port),
                                                 timeout)
        if circuit not in (None, False):
            self.sock.sendall(proxy_line(circuit))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()

    def send(self, data):
        """Send all; False if the other side has ended the connection."""
        try:
            self.sock.sendall(data)
            return True
        except (BrokenPipeError, ConnectionResetError):
            return False

    def answer(self):
        """Read up to the end.  Once a whole page is there we say that no more
        will come: a server that refused goes on reading until then."""
        got = bytearray()
        reset = False
        try:
            while data := self.sock.recv(65536):
                got += data
                if len(got) == PAGE_LEN:
                    self.sock.shutdown(socket.SHUT_WR)
        except TimeoutError:
            raise Failure("no end after %r" % Answer(bytes(got)))
        except OSError:
            reset = True
        self.sock.close()
        return Answer(bytes(got), reset)


def proxy_line(circuit):
    """What tor sends first on each connection."""
    hi, lo = circuit >> 16, circuit & 0xffff
    return b"PROXY TCP6 fc00:dead:beef:4dad::%x:%x ::1 %d 80\r\n" % (
        hi, lo, lo)


def some_onion():
    """A well-formed onion address that nobody has."""
    key = os.urandom(32)
    check = hashlib.sha3_256(b".onion checksum" + key + b"\3").digest()[:2]
    return base64.b32encode(key + check + b"\3").decode().lower() + ".onion"


BOUNDARY = b"----geckoformboundary79e612fc18949fc58ff03eaf56423d1a"


def part_head(name, filename=None):
    head = b'--%s\r\nContent-Disposition: form-data; name="%s"' % (
        BOUNDARY, name)
    if filename is not None:
        quoted = filename.encode().replace(b'"', b"%22")
        head += b'; filename="%s"\r\nContent-Type: application/octet-stream' \
            % quoted.replace(b"\r", b"%0D").replace(b"\n", b"%0A")
    return head + b"\r\n\r\n"


def form(message, files=()):
    """The body a browser sends; files are (name, bytes)."""
    body = bytearray(part_head(b"message"))
    body += message if isinstance(message, bytes) else message.encode()
    body += b"\r\n"
    for name, data in files or [("", b"")]:
        body += part_head(b"file", name) + data + b"\r\n"
    body += b"--%s--\r\n" % BOUNDARY
    return bytes(body)


def fields(**values):
    """The body of a form that has only fields."""
    body = b"".join(part_head(name.encode()) + str(value).encode() + b"\r\n"
                    for name, value in values.items())
    return body + b"--%s--\r\n" % BOUNDARY


def code_words(answer):
    """The words of the return code on a receipt, as a person reads them."""
    m = re.search(rb"<ol[^>]*>(.*?)</ol>", answer.body, re.S)
    expect(m, "no words on", answer, answer.body)
    words = re.findall(r"<li>\s*(?:<[^>]*>)?([a-z]+)", m.group(1).decode())
    expect(len(words) == 12, "a code of", len(words), "words:", words)
    return words


def post(host, length, extra=b""):
    return (b"POST /tip HTTP/1.1\r\nHost: %s\r\n"
            b"Content-Type: multipart/form-data; boundary=%s\r\n"
            b"Content-Length: %d\r\nOrigin: null\r\n"
            b"Sec-Fetch-Site: same-origin\r\n%s\r\n" % (
                host.encode(), BOUNDARY, length, extra))


# --------------------------------------------------------------------- line

class Line:
    """A tip line of its own with its keys, in a folder that goes again."""

    def __init__(self, folder=None, onion=None, keys=True, folder_bin=None,
                 proxy="off", line=None, **conf):
        self.home = folder or tempfile.mkdtemp(prefix="tl-")
        self.own_home = folder is None
        os.makedirs(self.home, exist_ok=True)
        self.bin = folder_bin or BIN
        self.line = line or os.path.join(self.home, "line")
        self.socket = os.path.join(self.home, "http.sock")
        self.port = free_port()
        self.onion = onion
        self.proxy = proxy
        self.log_path = os.path.join(self.home, "log")
        self.process = None
        self.quiet = False  # a failure shows the log
        self.may_die = False  # a part may end and be started anew
        self.opened_bundles = 0
        args = ["init", self.line, "--listen", "unix:" + self.socket,
                "--listen", "127.0.0.1:%d" % self.port]
        if onion:
            args += ["--onion", onion]
        self.tool("tipline-operator", *args)
        self.conf(reserve="32M", proxy=proxy)
        self.conf(**conf)
        self.keys = None
        if keys:
            self.make_keys()
            self.install(self.make_keyset())

    def tool(self, name, *args, **kw):
        return program(name, *args, folder=self.bin, **kw)

    def conf(self, **values):
        """Change settings in tipline.conf, which names each one."""
        path = os.path.join(self.line, "tipline.conf")
        with open(path) as f:
            text = f.read()
        for key, value in values.items():
            key = key.replace("_", "-")
            text, n = re.subn(r"^%s = .*$" % key, "%s = %s" % (key, value),
                              text, flags=re.M)
            expect(n == 1, "tipline.conf has", n, "lines for", key)
        with open(path, "w") as f:
            f.write(text)
            f.flush()
            os.fsync(f.fileno())

    @property
    def host(self):
        return self.onion or "127.0.0.1:%d" % self.port

    # -- keys

    def make_keys(self):
        self.passphrase = os.path.join(self.home, "passphrase")
        with open(self.passphrase, "w") as f:
            os.fchmod(f.fileno(), 0o600)
            f.write(PASSPHRASE + "\n")
        self.keys = os.path.join(self.home, "keys")
        self.analyst("init", self.keys)

    def analyst(self, *args, **kw):
        return self.tool("tipline-analyst", *args,
                         *passphrase_for(args, self.passphrase), **kw)

    def make_keyset(self, name="keyset.txt", env=None):
        out = os.path.join(self.home, name)
        self.analyst("keyset", "make", self.keys, "--server",
                     os.path.join(self.line, "server.pub"), "--weeks", "8",
                     "--out", out, env=env)
        return out

    def install(self, keyset, env=None):
        self.tool("tipline-operator", "keyset", "install", self.line, keyset,
                  "--root", os.path.join(self.keys, "root.pub"), env=env)

    # -- serving

    def start(self, env=None, wait=True):
        log = open(self.log_path, "ab")
        self.process = subprocess.Popen(
            [os.path.join(self.bin, "tipline-intake"), self.line],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.home,
            env=env)
        log.close()
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self, seconds=60):
        def ready():
            expect(self.process.poll() is None, "tipline-intake has ended:\n",
                   self.log())
            try:
                return self.get(timeout=5).page
            except OSError:
                return False
        wait_for("a page is served", ready, seconds)

    def stop(self):
        """As an operator does; must end with 0."""
        if not self.process:
            return
        mine = self.pids()
        self.process.terminate()
        try:
            code = self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure("tipline-intake does not end at SIGTERM")
        self.process = None
        expect(code == 0, "tipline-intake ended with", code, "\n", self.log())
        bad = SERIOUS if self.may_die else SERIOUS + DEATHS
        found = [x for x in self.log().splitlines()
                 if any(word in x for word in bad)]
        expect(not found, "the log tells of trouble:", found)
        wait_for("no process is left",
                 lambda: not any(alive(p) for p in mine))

    def kill(self):
        """Away with it, whatever state it is in."""
        if self.process:
            mine = self.pids()
            self.process.kill()
            self.process.wait()
            for pid in mine:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            self.process = None

    def close(self):
        self.kill()
        if self.own_home and os.environ.get("TIPLINE_KEEP") != "1":
            shutil.rmtree(self.home, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind and not self.quiet:
            sys.stderr.write("---- log of tipline-intake\n" + self.log())
        self.close()

    def log(self):
        try:
            with open(self.log_path, errors="replace") as f:
                return f.read()
        except OSError:
            return ""

    def supervisor(self):
        return self.process.pid

    def part(self, name):
        """The process id of the receiver or the keeper, or None."""
        for pid in children(self.process.pid):
            try:
                with open("/proc/%d/cmdline" % pid, "rb") as f:
                    if name.encode() in f.read():
                        return pid
            except OSError:
                pass
        return None

    def receiver(self):
        return wait_for("there is a receiver", lambda: self.part("receiver"))

    def keeper(self):
        return wait_for("there is a keeper", lambda: self.part("keeper"))

    def pids(self):
        if not self.process or not alive(self.process.pid):
            return []
        return [self.process.pid] + children(self.process.pid)

    # -- visiting

    def visitor(self, **kw):
        return Visitor(self, **kw)

    def ask(self, data, **kw):
        """Send bytes as they are, then read up to the end."""
        with self.visitor(**kw) as v:
            v.send(data)
            return v.answer()

    def get(self, path="/tip", extra=b"", **kw):
        return self.ask(b"GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (
            path.encode(), self.host.encode(), extra), **kw)

    def tip(self, message, files=(), **kw):
        """Submit as a browser does."""
        body = form(message, files)
        return self.ask(post(self.host, len(body)) + body, **kw)

    # -- the analysts' side

    def status(self):
        return json.loads(self.tool("tipline-operator", "status", self.line,
                                    "--json").stdout)

    def open(self, must=True):
        """Export and open everything: a list of Opened, in order."""
        self.opened_bundles += 1
        bundle = os.path.join(self.home, "b%d" % self.opened_bundles)
        cases = os.path.join(self.home, "cases%d" % self.opened_bundles)
        self.tool("tipline-operator", "export", self.line, bundle,
                  "--from", "1")
        self.tool("tipline-analyst", "verify", self.keys, bundle)
        p = self.analyst("open", self.keys, bundle, cases, check=False)
        expect(p.returncode == 0 or not must, "open: exit", p.returncode,
               p.stderr.decode(errors="replace"))
        os.unlink(bundle)
        return opened(cases)


class Opened:
    """A tip as the analyst finds it; every file of it is checked against the
    digests that tip.json names."""

    def __init__(self, folder):
        self.folder = folder
        with open(os.path.join(folder, "tip.json"), encoding="utf-8") as f:
            self.json = json.load(f)
        self.message = None
        if self.json["message"]:
            with open(self.place(self.json["message"]), "rb") as f:
                self.message = f.read()
        # As the browser sent the name, byte for byte, and where it lies.
        self.files = [(bytes.fromhex(x["name_hex"]).decode(), self.place(x))
                      for x in self.json["files"]]

    def place(self, part):
        path = os.path.join(self.folder, part["file"])
        expect(os.path.getsize(path) == part["bytes"] and
               file_digest(path) == part["sha256"], path,
               "is not what tip.json says")
        return path


def opened(cases):
    """Every tip in a folder of cases, in the order of their numbers."""
    return [Opened(os.path.join(cases, name))
            for name in sorted(os.listdir(cases)) if name.startswith("tip-")]
