"""A SOCKS proxy (RFC 1928) that tests put between a browser and a line.  It
counts what is asked for, may change what the line answers, and plays every
other host there is: nothing leaves the machine."""
import re
import socket
import threading

# What browsers ask their makers, whatever one sets.
BROWSERS_OWN = (".mozilla.com", ".mozilla.org", ".google.com",
                ".googleapis.com", ".gstatic.com")
TLS = b"\x16"
KINDS = {"png": b"image/png", "css": b"text/css", "js": b"text/javascript",
         "woff2": b"font/woff2"}


def read_head(sock, got=b""):
    """Up to the end of a head, or the beginning of TLS; b"" if neither
    comes."""
    while b"\r\n\r\n" not in got and got[:1] != TLS:
        data = sock.recv(65536)
        if not data:
            return b""
        got += data
    return got


class SocksRelay:
    """asked: (host, path) of each request in order; silent: connections on
    which nothing was asked.  change(path, head, body) gives another answer of
    the line; others(host, path) gives HTML of other hosts."""

    def __init__(self, line, change=None, others=None):
        self.line, self.change, self.others = line, change, others
        self.asked, self.silent = [], 0
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.address = "127.0.0.1:%d" % self.listener.getsockname()[1]
        self.ended = False
        threading.Thread(target=self.listen, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended = True
        # Wakes accept(), which a close alone would not.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def take(self):
        """What was asked since the last time."""
        with self.lock:
            asked, self.asked = self.asked, []
        return asked

    def listen(self):
        while not self.ended:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,),
                             daemon=True).start()

    def serve(self, sock):
        with sock:
            try:
                sock.settimeout(60)
                host = self.greet(sock)
                head = read_head(sock)
                if not head:
                    with self.lock:
                        self.silent += 1
                    return
                path = "TLS" if head[:1] == TLS else \
                    head.split(b" ", 2)[1].decode()
                if not host.endswith(BROWSERS_OWN):
                    with self.lock:
                        self.asked.append((host, path))
                if path == "TLS":
                    return
                if host == self.line.onion:
                    self.pass_on(sock, head, path)
                else:
                    self.play(sock, host, path)
            except OSError:
                pass  # the browser did not wait for the end

    def greet(self, sock):
        """The SOCKS part; gives the host that is wanted."""
        def take(n):
            data = sock.recv(n, socket.MSG_WAITALL)
            if len(data) != n:
                raise OSError("it ended")
            return data
        take(take(2)[1])
        sock.sendall(b"\5\0")
        kind = take(4)[3]
        host = take(take(1)[0]).decode() if kind == 3 else \
            socket.inet_ntop(socket.AF_INET if kind == 1 else
                             socket.AF_INET6, take(4 if kind == 1 else 16))
        take(2)
        sock.sendall(b"\5\0\0\1\0\0\0\0\0\0")
        return host

    def pass_on(self, sock, head, path):
        """To the line and back; what is to be changed must end by itself."""
        with socket.socket(socket.AF_UNIX) as line:
            line.settimeout(60)
            line.connect(self.line.socket)
            line.sendall(head)
            up = threading.Thread(target=self.copy, args=(sock, line),
                                  daemon=True)
            up.start()
            if self.change is None or path.startswith("/progress/"):
                self.copy(line, sock)
                return
            answer = b""
            while data := line.recv(65536):
                answer += data
            head, _, body = answer.partition(b"\r\n\r\n")
            head, body = self.change(path, head, body)
            head = re.sub(rb"(?i)\r\ncontent-length: \d+",
                          b"\r\nContent-Length: %d" % len(body), head)
            sock.sendall(head + b"\r\n\r\n" + body)

    @staticmethod
    def copy(source, to):
        try:
            while data := source.recv(65536):
                to.sendall(data)
        except OSError:
            pass

    def play(self, sock, host, path):
        """Anything, allowed to everybody."""
        kind = KINDS.get(path.rsplit(".", 1)[-1])
        body = b"" if kind else (self.others(host, path) if self.others
                                 else b"<!DOCTYPE html><title>x</title>")
        if path.endswith(".js"):
            body = b"document.documentElement.setAttribute('data-file', 1)"
        sock.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nConnection: close\r\n"
            b"Access-Control-Allow-Origin: *\r\n"
            b"Cross-Origin-Resource-Policy: cross-origin\r\n"
            b"Content-Length: %d\r\n\r\n%s" % (kind or b"text/html",
                                             len(body), body))
