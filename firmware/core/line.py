"""Lines of docs/board-lines.md: `$TAG {json}*CRC32` out, commands in."""

import json
from binascii import crc32

LONGEST_COMMAND = 200
_OWN = 36  # `$`


def encode(tag, pairs):
    """Return a line as bytes; `pairs` are keys and values in the order in which they are sent."""
    said = ",".join(['"%s":%s' % (key, _text(value)) for key, value in pairs])
    body = "%s {%s}" % (tag, said)
    return ("$%s*%08X\r\n" % (body, crc32(body.encode()) & 0xFFFFFFFF)).encode()


def _text(value):
    if isinstance(value, str):
        return json.dumps(value)
    return str(value).replace(" ", "")  # a whole number, or a list of them


class CommandLines:
    """Puts lines together from bytes as they come.

    What begins with `$` is a line of the board, which a terminal sends back: it is no command.
    """

    def __init__(self):
        self._begun = bytearray()

    def feed(self, data):
        """Take in bytes, return the lines that they complete, without their ends.

        An empty line is none. One that is too long is given as None; bytes that are not ASCII
        are given as `?`.
        """
        lines = []
        for byte in data:
            if byte in b"\r\n":
                if self._begun and self._begun[0] != _OWN:
                    lines.append(_decoded(self._begun))
                if self._begun:
                    self._begun = bytearray()
            elif len(self._begun) <= LONGEST_COMMAND:
                self._begun.append(byte if 32 <= byte < 127 else 63)
        return lines


def _decoded(begun):
    return None if len(begun) > LONGEST_COMMAND else bytes(begun).decode()
