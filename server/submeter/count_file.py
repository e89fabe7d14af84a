"""A count that survives the end of the program at any moment: a small memory-mapped file."""

import mmap
import os
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

_MAGIC = b"submeter count 1"
_SLOT = struct.Struct("<QQQQII")  # turn, the Count, CRC of the slot and its owner, unused
_SLOTS = (len(_MAGIC), len(_MAGIC) + _SLOT.size)
_SIZE = len(_MAGIC) + 2 * _SLOT.size


class Count(NamedTuple):
    """What is kept, each from 0 to 2**64 - 1: `total`, and where a counter elsewhere stood.

    That counter read `raw` in its run `boot`; both are 0 where there is none.
    """

    total: int
    boot: int = 0
    raw: int = 0


class CountFile:
    """The file at `path`, in two slots that are written in turn: one of them is always whole.

    A write is a copy into shared memory. What was written is there after a kill -9; after a power
    cut it may be up to half a minute old, or nothing. `owner` names what is counted: a file of
    another owner is as good as none. Raises OSError if the file cannot be made.
    """

    def __init__(self, path: Path, owner: str) -> None:
        self._seed = zlib.crc32(owner.encode())
        # Never truncated here: what is there may be the only record.
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        descriptor = os.open(path, flags, 0o600)
        try:
            # The blocks are taken now: on a full disk a store to the memory would be fatal.
            os.posix_fallocate(descriptor, 0, _SIZE)
            self._memory = mmap.mmap(descriptor, _SIZE)
        finally:
            os.close(descriptor)
        self._turn = 0

    def read(self) -> Count | None:
        """Return what was written last, None in a new file; raises ValueError if it is damaged.

        A file of another owner counts as damaged. To be called before the first write.
        """
        if not any(self._memory[:]):
            return None
        slots = [self._slot(at) for at in _SLOTS]
        valid = [slot for slot in slots if slot]
        if not valid or self._memory[: len(_MAGIC)] != _MAGIC:
            raise ValueError("its checksum is wrong, or it belongs to something else")
        self._turn, count = max(valid)
        return count

    def write(self, count: Count) -> None:
        """Keep `count` from now on."""
        self._turn += 1
        at = _SLOTS[self._turn % 2]
        crc = self._crc(_SLOT.pack(self._turn, *count, 0, 0))
        self._memory[at : at + _SLOT.size] = _SLOT.pack(self._turn, *count, crc, 0)
        if self._turn == 1 or self._memory[0] != _MAGIC[0]:
            self._memory[: len(_MAGIC)] = _MAGIC

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        self._memory.close()

    def _slot(self, at: int) -> tuple[int, Count] | None:
        turn, total, boot, raw, crc, _ = _SLOT.unpack_from(self._memory, at)
        whole = turn and crc == self._crc(_SLOT.pack(turn, total, boot, raw, 0, 0))
        return (turn, Count(total, boot, raw)) if whole else None

    def _crc(self, slot: bytes) -> int:
        return zlib.crc32(slot, self._seed)
