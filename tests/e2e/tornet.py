#!/usr/bin/python3
"""tornet: a private Tor network on loopback, with the tip line's onion service.

    tornet.py run DIR --backend SOCKET -- CMD...

Three directory authorities, three relays, one client, and one onion host
whose torrc is the project's torrc.example: every line of it is taken as it
stands but for the paths and the log.  CMD gets ONION, SOCKS and ONION_PID in
its environment.  Tests use the class:

    with TorNet(folder, backend) as net:
        net.onion, net.socks, net.cpu()

Debian's tor and Python's standard library are enough; nothing listens on or
connects to any address but 127.0.0.1, so it works with no network at all.
Ready in 10 to 15 seconds.  Keep folder short: unix sockets lie in it.
"""
import argparse
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
EXAMPLE = os.path.join(ROOT, "torrc.example")
VOTING = 1800  # seconds between votes, but for the first
SHAPE = (("auth", 3), ("relay", 3), ("client", 1), ("onion", 1))


class TorNetError(Exception):
    pass


class Control:
    """The few words of Tor's control protocol that are needed here."""

    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(30)
        self.sock.connect(path)
        self.buf = b""
        self.events = []
        self.cmd('AUTHENTICATE ""')  # the socket lies in a folder of mode 0700

    def close(self):
        self.sock.close()

    def _line(self):
        while b"\r\n" not in self.buf:
            more = self.sock.recv(65536)
            if not more:
                raise EOFError("control connection closed")
            self.buf += more
        line, self.buf = self.buf.split(b"\r\n", 1)
        return line.decode("utf-8", "replace")

    def _reply(self):
        out = []
        while True:
            line = self._line()
            code, sep, rest = line[:3], line[3:4], line[4:]
            if sep == "+":
                while (data := self._line()) != ".":
                    rest += "\n" + data
            out.append(rest)
            if sep == " ":
                return int(code), out

    def cmd(self, line):
        self.sock.sendall(line.encode() + b"\r\n")
        while True:
            code, out = self._reply()
            if code >= 600:
                self.events.append(out[0])
            elif code >= 400:
                raise RuntimeError("%s: %d %s" % (line, code, out[-1]))
            else:
                return out

    def getinfo(self, key):
        return self.cmd("GETINFO " + key)[0].split("=", 1)[1].strip()

    def event(self, timeout):
        """The next asynchronous event, or ""."""
        if self.events:
            return self.events.pop(0)
        self.sock.settimeout(timeout)
        try:
            return self._reply()[1][0]
        except TimeoutError:
            return ""
        finally:
            self.sock.settimeout(30)


def free_ports(count):
    """Free ports below the ephemeral range, so that no outgoing connection
    takes one between now and tor's bind()."""
    got = []
    for port in random.sample(range(10000, 32000), 2000):
        with socket.socket() as s:
            s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                s.bind(("127.0.0.1", port))
                got.append(port)
            except OSError:
                continue
        if len(got) == count:
            return got
    raise TorNetError("no free ports")


def example_lines(paths):
    """torrc.example with our paths.  Each line that is replaced must be there
    exactly once, so the example cannot lose one unnoticed."""
    with open(EXAMPLE) as f:
        lines = [x.strip() for x in f]
    lines = [x for x in lines if x and not x.startswith("#")]
    for start, ours in paths.items():
        hits = [i for i, x in enumerate(lines) if x.startswith(start + " ")]
        if len(hits) != 1:
            raise TorNetError("torrc.example: %d lines begin with %r" %
                              (len(hits), start))
        lines[hits[0]] = ours
    return lines


class Node:
    def __init__(self, net, role, number):
        self.net = net
        self.role = role
        self.name = role if role == "onion" else "%s%d" % (role, number)
        self.dir = os.path.join(net.dir, self.name)
        self.data = os.path.join(self.dir, "data")
        self.control_path = os.path.join(self.dir, "control")
        self.torrc = os.path.join(self.dir, "torrc")
        self.fingerprint = self.v3ident = None
        self.process = None
        os.mkdir(self.dir, 0o700)
        os.mkdir(self.data, 0o700)
        ports = free_ports(2)
        self.orport, self.dirport = self.socks, _ = ports

    # -- keys

    def make_relay_keys(self):
        subprocess.run(
            [self.net.tor, "--defaults-torrc", self.net.empty, "-f", self.net.empty,
             "--list-fingerprint", "--quiet", "--ORPort", "127.0.0.1:9",
             "--Nickname", self.name, "--DataDirectory", self.data,
             "--Address", "127.0.0.1", "--Log", "err stderr"],
            check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        with open(os.path.join(self.data, "fingerprint")) as f:
            self.fingerprint = f.read().split()[1]

    def make_authority_keys(self):
        keys = os.path.join(self.data, "keys")
        os.makedirs(keys, 0o700, exist_ok=True)
        subprocess.run(
            [self.net.gencert, "--create-identity-key", "--passphrase-fd",
             "0", "-m", "12", "-i", keys + "/authority_identity_key",
             "-s", keys + "/authority_signing_key",
             "-c", keys + "/authority_certificate"],
            input=b"tornet\n", check=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        with open(keys + "/authority_certificate") as f:
            self.v3ident = re.search(r"^fingerprint ([0-9A-F]{40})",
                                     f.read(), re.M).group(1)

    # -- torrc

    def write_torrc(self):
        lines = self.common_lines() + getattr(self, self.role + "_lines")()
        with open(self.torrc, "w") as f:
            f.write("\n".join(lines) + "\n")

    def common_lines(self):
        lines = ["TestingTorNetwork 1"]
        for a in self.net.of("auth"):
            lines.append(
                "DirAuthority %s orport=%d no-v2 v3ident=%s 127.0.0.1:%d %s"
                % (a.name, a.orport, a.v3ident, a.dirport, a.fingerprint))
        lines += [
            "Nickname " + self.name,
            "DataDirectory " + self.data,
            "ControlSocket " + self.control_path,
            "__OwningControllerProcess %d" % os.getpid(),
            "ShutdownWaitLength 0",
            "GeoIPFile " + os.devnull,
            "GeoIPv6File " + os.devnull,
            # Nothing but loopback, whatever else goes wrong.
            "Address 127.0.0.1",
            "OutboundBindAddress 127.0.0.1",
            "ClientUseIPv6 0",
            # The learned time-out sinks to some 10 ms on loopback; the first
            # loaded second would then kill circuits.
            "LearnCircuitBuildTimeout 0",
            "CircuitBuildTimeout 30",
            "PathsNeededToBuildCircuits 0.67",
        ]
        if self.role != "onion":
            lines.append("Log notice file " + self.dir + "/notice.log")
        if self.net.lab:
            # KIST, the default, wakes every 10 ms at each of eight tors.
            lines.append("Schedulers Vanilla")
        return lines

    def relay_lines(self):
        return [
            "ORPort 127.0.0.1:%d IPv4Only" % self.orport,
            "SocksPort 0",
            "AssumeReachable 1",
            "ExitRelay 0",
            "ExitPolicy reject *:*",
            "ServerDNSDetectHijacking 0",
            "ServerDNSResolvConfFile " + os.devnull,
            "NumCPUs 1",
            "DirCache 1",
        ]

    def auth_lines(self):
        guards = ",".join("$" + a.fingerprint for a in self.net.of("auth"))
        lines = self.relay_lines() + [
            "DirPort 127.0.0.1:%d IPv4Only" % self.dirport,
            "ContactInfo %s@test.invalid" % self.name,
            "AuthoritativeDirectory 1",
            "V3AuthoritativeDirectory 1",
            "AuthDirTestReachability 0",
            # Authorities are the guards, and only they: a circuit's first
            # hop is then never its last, a path tor would refuse.
            "TestingDirAuthVoteGuard " + guards,
            "TestingDirAuthVoteGuardIsStrict 1",
            "TestingDirAuthVoteHSDir *",
            "TestingMinExitFlagThreshold 0",
            # No vote until every authority has every descriptor; then
            # SETCONF moves the vote to "now".
            "TestingV3AuthInitialVotingInterval %d" % VOTING,
            "TestingV3AuthInitialVoteDelay 2",
            "TestingV3AuthInitialDistDelay 2",
            "TestingV3AuthVotingStartOffset %d" % self.net.hold_offset,
            "V3AuthVotingInterval %d" % VOTING,
            "V3AuthVoteDelay 2",
            "V3AuthDistDelay 2",
            "V3AuthNIntervalsValid %d" % (2 * 86400 // VOTING),
            # Equal weights; otherwise the first relay that saw traffic gets
            # all circuits, and if it is the guard too nothing starts.
            "V3BandwidthsFile " + self.net.bandwidths,
            "AuthDirSharedRandomness 0",
        ]
        if self.net.lab:
            # Vegas takes a busy processor for congestion (round trips take
            # 1 ms when idle) and holds a circuit at 1.2 MB/s.
            lines.append(
                "ConsensusParams cc_vegas_alpha_onion=600 "
                "cc_vegas_beta_onion=900 cc_vegas_gamma_onion=900 "
                "cc_vegas_delta_onion=2000 cc_sscap_onion=2000 "
                "cc_cwnd_max=2000")
        return lines

    def client_lines(self):
        return [  # the flags that Tor Browser gives its own tor
            "SocksPort 127.0.0.1:%d ExtendedErrors KeepAliveIsolateSOCKSAuth"
            % self.socks, "ClientOnly 1"]

    def onion_lines(self):
        return example_lines({
            "HiddenServiceDir": "HiddenServiceDir " + self.net.hsdir,
            "HiddenServicePort":
                "HiddenServicePort 80 unix:" + self.net.backend,
            "Log": "Log notice file " + self.dir + "/notice.log",
        })

    # -- process

    def launch(self):
        with open(os.path.join(self.dir, "stdout"), "ab") as out:
            self.process = subprocess.Popen(
                [self.net.tor, "--defaults-torrc", self.net.empty, "-f",
                 self.torrc], stdin=subprocess.DEVNULL, stdout=out,
                stderr=out, start_new_session=True, cwd=self.dir)

    def control(self):
        end = time.monotonic() + 15
        while True:
            try:
                return Control(self.control_path)
            except (FileNotFoundError, ConnectionRefusedError):
                if self.process.poll() is not None:
                    self.fail("has ended")
                if time.monotonic() > end:
                    self.fail("has no control socket")
                time.sleep(0.02)

    def fail(self, what):
        text = ""
        for name in ("stdout", "notice.log"):
            try:
                with open(os.path.join(self.dir, name), errors="replace") as f:
                    text += "".join(f.readlines()[-20:])
            except OSError:
                pass
        raise TorNetError("%s %s:\n%s" % (self.name, what, text))


class TorNet:
    def __init__(self, folder, backend, lab=True, timeout=90):
        """lab: tuned for loopback; else tor's own scheduler and congestion
        control, slower but nearer to the real network."""
        self.dir = os.path.abspath(folder)
        self.backend = os.path.abspath(backend)
        self.lab = lab
        self.timeout = timeout
        self.tor = shutil.which("tor")
        self.gencert = shutil.which("tor-gencert")
        if not self.tor or not self.gencert:
            raise TorNetError("tor is missing: apt-get install tor")
        os.makedirs(self.dir, 0o700, exist_ok=True)
        self.hsdir = os.path.join(self.dir, "hs")
        self.bandwidths = os.path.join(self.dir, "bandwidths")
        # In the place of Debian's defaults, which name a user and paths.
        self.empty = os.path.join(self.dir, "empty-torrc")
        open(self.empty, "w").close()
        self.nodes = []
        self.onion = self.socks = None

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()

    def of(self, *roles):
        return [n for n in self.nodes if n.role in roles]

    def start(self):
        self.deadline = time.monotonic() + self.timeout
        self.hold_offset = int(time.time() + VOTING // 2) % VOTING
        self.nodes = [Node(self, role, i) for role, count in SHAPE
                      for i in range(count)]
        for n in self.of("auth", "relay"):
            n.make_relay_keys()
        for n in self.of("auth"):
            n.make_authority_keys()
        with open(self.bandwidths, "w") as f:
            f.write("%d\n" % time.time())
            for n in self.of("auth", "relay"):
                f.write("node_id=$%s bw=10000 nick=%s\n" %
                        (n.fingerprint, n.name))
        for n in self.nodes:
            n.write_torrc()
        for n in self.of("auth", "relay"):
            n.launch()
        self.wait_consensus()
        self.spread_consensus()
        onion, client = self.of("onion")[0], self.of("client")[0]
        onion.launch()
        control = onion.control()
        control.cmd("SETEVENTS HS_DESC")
        client.launch()
        self.wait_relays()
        for n in (onion, client):
            self.wait_bootstrapped(n)
        with open(os.path.join(self.hsdir, "hostname")) as f:
            self.onion = f.read().strip()
        self.wait_published(onion, control)
        self.wait_fetchable(client)
        self.socks = "127.0.0.1:%d" % client.socks

    def stop(self):
        for n in self.nodes:
            if n.process and n.process.poll() is None:
                n.process.terminate()
        for n in self.nodes:
            if n.process:
                try:
                    n.process.wait(5)
                except subprocess.TimeoutExpired:
                    n.process.kill()
                    n.process.wait()

    def onion_pid(self):
        return self.of("onion")[0].process.pid

    def cpu(self):
        """Processor seconds that the onion host's tor has used."""
        with open("/proc/%d/stat" % self.onion_pid()) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return ((int(fields[11]) + int(fields[12])) /
                os.sysconf("SC_CLK_TCK"))

    def late(self):
        return time.monotonic() > self.deadline

    def wait_consensus(self):
        """Every authority knows every relay; vote now; first consensus."""
        auths = self.of("auth")
        controls = [a.control() for a in auths]
        want = {n.fingerprint for n in self.of("auth", "relay")}
        for a, control in zip(auths, controls):
            while not want <= {x.replace(" ", "") for x in re.findall(
                    r"^fingerprint ([0-9A-F ]+)$",
                    control.getinfo("desc/all-recent"), re.M)}:
                if self.late():
                    a.fail("lacks descriptors")
                time.sleep(0.05)
        while True:
            # Interval 5 makes tor take 1 s each for votes and distribution,
            # and it acts on the change a second later: vote at +1, compute
            # at +2, publish at +3.
            part = time.time() % 1
            if part > 0.6:
                time.sleep(1.02 - part)
            offset = (int(time.time()) + 3) % 5
            for control in controls:
                control.cmd("SETCONF TestingV3AuthInitialVotingInterval=5 "
                            "TestingV3AuthVotingStartOffset=%d" % offset)
            again = time.monotonic() + 9
            while time.monotonic() < again:
                if all(self.relays_known(c) >= len(want) for c in controls):
                    for control in controls:
                        control.close()
                    return
                time.sleep(0.05)
            if self.late():
                auths[0].fail("has no consensus")

    @staticmethod
    def relays_known(control):
        try:
            return len(re.findall(r"^r ", control.getinfo("ns/all"), re.M))
        except RuntimeError:
            return 0

    def spread_consensus(self):
        """Relays failed to fetch a consensus while there was none and are
        backing off: SIGHUP makes them fetch at once.  Client and onion host
        get the authority's caches, as if fetched in an earlier run."""
        time.sleep(0.3)  # tor serves the consensus a moment after it has it
        for n in self.of("onion", "client"):
            for name in ("cached-certs", "cached-microdesc-consensus",
                         "cached-microdescs", "cached-microdescs.new"):
                try:
                    shutil.copy(os.path.join(self.of("auth")[0].data, name),
                                n.data)
                except FileNotFoundError:
                    pass  # whatever is missing is fetched
        for n in self.of("relay"):
            n.process.send_signal(signal.SIGHUP)

    def wait_relays(self):
        for n in self.of("auth", "relay"):
            control = n.control()
            nudge = time.monotonic() + 3
            while control.getinfo("status/enough-dir-info") != "1":
                if self.late():
                    n.fail("lacks directory information")
                if time.monotonic() > nudge:
                    control.cmd("SIGNAL HUP")
                    nudge += 3
                time.sleep(0.03)
            control.close()

    def wait_bootstrapped(self, n):
        control = n.control()
        while "PROGRESS=100" not in control.getinfo("status/bootstrap-phase"):
            if self.late():
                n.fail("is not bootstrapped")
            time.sleep(0.03)
        control.close()

    def wait_published(self, onion, control):
        """Until every upload of the descriptor that began has ended."""
        begun = ended = 0
        first = None
        while not self.late():
            words = control.event(0.2).split()
            if words[:1] == ["HS_DESC"]:
                begun += words[1] == "UPLOAD"
                ended += words[1] in ("UPLOADED", "FAILED")
                if words[1] == "UPLOADED" and not first:
                    first = time.monotonic()
            if first and (ended >= begun or time.monotonic() - first > 3):
                control.close()
                return
        onion.fail("has not published its descriptor")

    def wait_fetchable(self, client):
        name = self.onion.split(".")[0]
        control = client.control()
        control.cmd("SETEVENTS HS_DESC")
        while not self.late():
            control.cmd("HSFETCH " + name)
            end = time.monotonic() + 3
            while time.monotonic() < end:
                event = control.event(0.2)
                if event.startswith("HS_DESC RECEIVED " + name):
                    control.close()
                    return
                if event.startswith("HS_DESC FAILED"):
                    time.sleep(0.1)
                    break
        client.fail("cannot fetch the onion service's descriptor")


def main():
    ap = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    ap.add_argument("verb", choices=["run"])
    ap.add_argument("dir")
    ap.add_argument("--backend", required=True)
    ap.add_argument("--real", action="store_true",
                    help="tor's own scheduler and congestion control")
    ap.add_argument("cmd", nargs="+")
    args = ap.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with TorNet(args.dir, args.backend, lab=not args.real) as net:
        env = dict(os.environ, ONION=net.onion, SOCKS=net.socks,
                   ONION_PID=str(net.onion_pid()))
        return subprocess.call(args.cmd, env=env)


if __name__ == "__main__":
    sys.exit(main())
