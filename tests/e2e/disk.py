"""A small disk of our own: ext4 in a file, on a loop device.  Needs root."""
import errno
import fcntl
import os
import shutil
import struct
import subprocess
import tempfile

from tipline import Failure, Line, expect, wait_for

EXT4_IOC_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32)
GOING_NOLOGFLUSH = 2


class Disk:
    def __init__(self, mib):
        expect(os.geteuid() == 0, "mounting a disk of its own needs root: run"
               " this test as root")
        self.home = tempfile.mkdtemp(prefix="tl-")
        self.image = os.path.join(self.home, "image")
        self.folder = os.path.join(self.home, "d")
        self.mounted = False
        os.mkdir(self.folder)
        with open(self.image, "wb") as f:
            f.truncate(mib << 20)
        self.run("mkfs.ext4", "-q", "-F", "-m", "0", self.image)
        self.mount()

    @staticmethod
    def run(*args):
        p = subprocess.run(args, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT)
        if p.returncode != 0:
            raise Failure("%s: %s" % (" ".join(args), p.stdout.decode()))

    def mount(self):
        self.run("mount", "-o", "loop", self.image, self.folder)
        self.mounted = True

    def unmount(self):
        def done():
            return subprocess.run(["umount", self.folder],
                                  stderr=subprocess.DEVNULL).returncode == 0
        if self.mounted:
            wait_for("the disk can be unmounted", done)
            self.mounted = False

    def power_cut(self):
        """From now on nothing reaches the disk; what was not flushed, and the
        file system's own log, are lost as with the power."""
        fd = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(fd, EXT4_IOC_SHUTDOWN,
                        struct.pack("I", GOING_NOLOGFLUSH))
        finally:
            os.close(fd)

    def free(self):
        s = os.statvfs(self.folder)
        return s.f_bavail * s.f_frsize

    def fill(self, leave):
        """Take all but so many bytes; give back the filler's path."""
        path = os.path.join(self.folder, "filler")
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        try:
            while self.free() > leave:
                os.write(fd, bytes(min(1 << 20, self.free() - leave)))
        except OSError as e:
            expect(e.errno == errno.ENOSPC, e)
        finally:
            os.close(fd)
        return path

    def line(self, **kw):
        """A tip line on this disk; keys and log lie elsewhere."""
        return Line(self.home, line=os.path.join(self.folder, "line"), **kw)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.unmount()
        shutil.rmtree(self.home)
