"""What may stand between a browser and a tip line: a carrier that is slow,
that comes under another name, or that changes the pages, as web gateways to
Tor do.  One request a connection, as our server has it."""
import re
import socket
import threading
import time

PIECE = 16384


class Relay:
    """Carries from 127.0.0.1:port to the line's port, naming the line's own
    host.  rate: bytes a second on the way there, None for all at once.
    gateway: as tor2web, each onion address on a page gets .example behind
    it."""

    def __init__(self, line, rate=None, gateway=False):
        self.line, self.rate, self.gateway = line, rate, gateway
        self.listener = socket.socket()
        # A browser must not get rid of more than the line has taken.
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 18)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.url = "http://127.0.0.1:%d" % self.port
        threading.Thread(target=self.serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def serve(self):
        while True:
            try:
                here, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.carry, args=(here,),
                             daemon=True).start()

    def carry(self, here):
        try:
            with here, socket.create_connection(
                    ("127.0.0.1", self.line.port)) as there:
                head = b""
                while b"\r\n\r\n" not in head:
                    if not (data := here.recv(PIECE)):
                        return
                    head += data
                head = re.sub(rb"(?im)^host: [^\r]*", b"Host: " +
                              self.line.host.encode(), head, count=1)
                back = threading.Thread(target=self.bring, args=(there, here),
                                        daemon=True)
                back.start()
                there.sendall(head)
                self.take(here, there)
                back.join()
        except OSError:
            pass  # either side may end whenever it likes

    def take(self, here, there):
        while data := here.recv(PIECE):
            there.sendall(data)
            if self.rate:
                time.sleep(len(data) / self.rate)
        there.shutdown(socket.SHUT_WR)

    def bring(self, there, here):
        """The answer; its end does not end the way there."""
        try:
            page = b""
            while data := there.recv(PIECE):
                if self.gateway:
                    page += data
                else:
                    here.sendall(data)
            if page:
                here.sendall(changed(page))
            here.shutdown(socket.SHUT_WR)
        except OSError:
            pass


def changed(page):
    """As a gateway to Tor does it."""
    head, _, body = page.partition(b"\r\n\r\n")
    body = re.sub(rb"\b([a-z2-7]{56}\.onion)\b", rb"\1.example", body)
    head = re.sub(rb"(?m)^Content-Length: \d+",
                  b"Content-Length: %d" % len(body), head)
    return head + b"\r\n\r\n" + body
