"""What a board that counts pulses sends, and what is made of it."""

import json
import zlib

from submeter.errors import FrameError
from submeter.sources.board.lines import LineDecoder
from submeter.sources.pulse.board import Record, RecordReader


class PulseDecoder:
    """Bytes to records, as the sources hear them through the line of their board."""

    def __init__(self) -> None:
        self.lines = LineDecoder()
        self.good = 0
        self._reader = RecordReader()
        self._senseless = 0

    @property
    def bad(self) -> int:
        """Lines that were damaged, or senseless."""
        return self.lines.bad + self._senseless

    def feed(self, data: bytes) -> list[Record]:
        """Return the records that `data` completes."""
        records = []
        for said in self.lines.feed(data):
            try:
                record = self._reader.take(said)
            except FrameError:
                self._senseless += 1
                continue
            if record:
                self.good += 1
                records.append(record)
        return records


def line(kind: str, said: object) -> bytes:
    """Return one line of the board, with its CRC."""
    body = f"{kind} {json.dumps(said)}".encode()
    return b"$%s*%08X\r\n" % (body, zlib.crc32(body))


def record(boot: int | str, *counters: int, **more: object) -> bytes:
    """Return the record of a second: how often each input closed since the reset."""
    return line("S", {"q": 1, "b": boot, "p": list(counters), **more})
