"""What a board that counts pulses sends."""

import json
import zlib


def line(kind: str, said: object) -> bytes:
    """Return one line of the board, with its CRC."""
    body = f"{kind} {json.dumps(said)}".encode()
    return b"$%s*%08X\r\n" % (body, zlib.crc32(body))


def record(boot: int | str, *counters: int, **more: object) -> bytes:
    """Return the record of a second: how often each input closed since the reset."""
    return line("S", {"q": 1, "b": boot, "p": list(counters), **more})
