"""Pictures that browsers take, as far as tests look at them: PNG with 8 bits
a channel, not interlaced (W3C PNG, sections 9 and 11)."""
import struct
import zlib
from itertools import accumulate


class Picture:
    def __init__(self, data):
        at, packed = 8, b""
        while at < len(data):
            length, kind = struct.unpack(">I4s", data[at:at + 8])
            body = data[at + 8:at + 8 + length]
            if kind == b"IHDR":
                self.width, self.height, depth, colours, _, _, laced = \
                    struct.unpack(">IIBBBBB", body)
            elif kind == b"IDAT":
                packed += body
            at += 12 + length
        if depth != 8 or laced or colours not in (2, 6):
            raise ValueError("another kind of PNG: %d %d" % (depth, colours))
        self.bytes = 3 if colours == 2 else 4
        self.raw = zlib.decompress(packed)
        self.rows, self.done = {}, -1

    def row(self, y):
        """Rows build upon each other: undo the filters up to this one."""
        width = self.width * self.bytes
        while self.done < y:
            n = self.done + 1
            at = n * (width + 1)
            line = bytearray(self.raw[at + 1:at + 1 + width])
            up = self.rows.get(n - 1, bytes(width))
            self.undo(self.raw[at], line, up)
            self.rows[n] = line
            self.done = n
        return self.rows[y]

    def undo(self, kind, line, up):
        step = self.bytes
        if kind == 0:
            return
        if kind == 1:
            for c in range(step):
                line[c::step] = accumulate(
                    line[c::step], lambda a, b: (a + b) & 255)
            return
        if kind == 2:
            line[:] = bytewise_sum(line, up)
            return
        for i in range(len(line)):
            left = line[i - step] if i >= step else 0
            if kind == 3:
                line[i] = (line[i] + (left + up[i]) // 2) & 255
            else:
                corner = up[i - step] if i >= step else 0
                base = left + up[i] - corner
                line[i] = (line[i] + min(
                    (left, up[i], corner),
                    key=lambda v: abs(base - v))) & 255

    def at(self, x, y):
        """Red, green, blue; outside the picture, the nearest inside."""
        x = min(max(x, 0), self.width - 1) * self.bytes
        return tuple(self.row(min(max(y, 0), self.height - 1))[x:x + 3])


def bytewise_sum(a, b):
    """Each byte modulo 256, all at once: the high bits apart, so that
    nothing is carried from one to the next."""
    n = len(a)
    low = int.from_bytes(b"\x7f" * n, "big")
    a, b = int.from_bytes(a, "big"), int.from_bytes(b, "big")
    return (((a & low) + (b & low)) ^ ((a ^ b) & ~low)).to_bytes(n, "big")


def light(colour):
    """Relative luminance (WCAG 2.2)."""
    parts = [c / 255 for c in colour]
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4
             for c in parts]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(a, b):
    """From 1, the same, to 21, black on white (WCAG 2.2)."""
    high, low = sorted((light(a), light(b)), reverse=True)
    return (high + 0.05) / (low + 0.05)
