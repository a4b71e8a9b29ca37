"""Somebody at a terminal: runs a shell line there and types the passphrase
whenever it is asked for."""
import os
import pty
import select
import termios
import time

from tipline import Failure


class Typist:
    def __init__(self, passphrase, path):
        self.passphrase = passphrase
        self.path = path  # where the programs are

    def run(self, line, folder, seconds=120):
        """Type one line in folder.  Gives the exit code and all that was
        shown."""
        pid, fd = pty.fork()
        if pid == 0:
            os.chdir(folder)
            env = {"PATH": self.path + ":/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
            os.execve("/bin/sh", ["sh", "-c", line], env)
        shown, answered = b"", 0
        end = time.monotonic() + seconds
        while True:
            ready, _, _ = select.select([fd], [], [], 0.05)
            if ready:
                try:
                    piece = os.read(fd, 65536)
                except OSError:
                    piece = b""
                if not piece:
                    break
                shown += piece
            # The prompt comes before the echo is off; what is typed early
            # is thrown away.
            elif asked(shown, answered) and \
                    not termios.tcgetattr(fd)[3] & termios.ECHO:
                answered = len(shown)
                os.write(fd, self.passphrase.encode() + b"\r")
            if time.monotonic() > end:
                os.kill(pid, 9)
                raise Failure("does not end: %s\n%s" % (line, shown))
        os.close(fd)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        return code, shown.decode(errors="replace").replace("\r\n", "\n")


def asked(shown, answered):
    """Does what was shown since the last answer end in a prompt for it?"""
    last = shown[answered:].rsplit(b"\n", 1)[-1].lower()
    return b"passphrase" in last or b"again" in last
