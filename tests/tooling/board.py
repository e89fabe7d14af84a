"""What a board that counts pulses sends, and what is made of it."""

import json
import zlib

from submeter.sources.board.intake import Intake
from submeter.sources.board.said import Said
from submeter.sources.pulse.board import Record, RecordReader


class PulseDecoder:
    """Bytes to records, as the sources hear them through the line of their board."""

    def __init__(self) -> None:
        self.good = 0
        self.intake = Intake(lambda tell: tell(self._hear))
        self._reader = RecordReader()
        self._found: list[Record] = []

    @property
    def bad(self) -> int:
        """Lines that were damaged, or senseless."""
        return self.intake.bad

    @property
    def kept(self) -> int:
        """Bytes that wait for the end of their line."""
        return len(self.intake._decoder._line)

    def feed(self, data: bytes) -> list[Record]:
        """Return the records that `data` completes."""
        self._found = []
        self.intake.feed(data)
        return self._found

    def _hear(self, said: Said) -> None:
        record = self._reader.take(said)
        if record:
            self.good += 1
            self._found.append(record)


def line(kind: str, said: object) -> bytes:
    """Return one line of the board, with its CRC."""
    body = f"{kind} {json.dumps(said)}".encode()
    return b"$%s*%08X\r\n" % (body, zlib.crc32(body))


def record(boot: int | str, *counters: int, **more: object) -> bytes:
    """Return the record of a second: how often each input closed since the reset."""
    return line("S", {"q": 1, "b": boot, "p": list(counters), **more})
