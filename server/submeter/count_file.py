"""A count that survives the end of the program at any moment: a small memory-mapped file."""

import mmap
import os
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

_MAGIC = b"submeter count 1"
_SLOT = struct.Struct("<QQQQII")  # turn, the Count, CRC of the owner, CRC of the slot so far
_CHECKED = _SLOT.size - 4
_SLOTS = (len(_MAGIC), len(_MAGIC) + _SLOT.size)
_SIZE = len(_MAGIC) + 2 * _SLOT.size


class Count(NamedTuple):
    """What is kept, each from 0 to 2**64 - 1: `total`, and where a counter elsewhere stood.

    That counter read `raw` in its run `boot`; both are 0 where there is none.
    """

    total: int
    boot: int = 0
    raw: int = 0


def beside(store: Path, *names: str, kind: str) -> Path:
    """Return the path of the file of `kind` for what `names` name, beside the file `store`.

    No two of them are the same: names of meters and sources hold dots, but no plus sign.
    """
    return store.with_name("+".join((store.name, *names)) + f".{kind}")


class CountFile:
    """The file at `path`, in two slots that are written in turn: one of them is always whole.

    A write is a copy into shared memory. What was written is there after a kill -9; after a power
    cut it may be up to half a minute old, or nothing. `owner` names what is counted: a file of
    another owner is as good as a new one. Raises OSError if the file cannot be made.
    """

    def __init__(self, path: Path, owner: str) -> None:
        self._owner = zlib.crc32(owner.encode())
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

        To be called before the first write.
        """
        if not any(self._memory[:]):
            return None
        valid = [slot for slot in map(self._slot, _SLOTS) if slot]
        if not valid or self._memory[: len(_MAGIC)] != _MAGIC:
            raise ValueError("its checksum is wrong")
        self._turn, *_ = max(valid)
        own = [slot for slot in valid if slot.owner == self._owner]
        return max(own).kept if own else None

    def write(self, count: Count) -> None:
        """Keep `count` from now on."""
        self._turn += 1
        at = _SLOTS[self._turn % 2]
        slot = _SLOT.pack(self._turn, *count, self._owner, 0)[:_CHECKED]
        self._memory[at : at + _SLOT.size] = slot + zlib.crc32(slot).to_bytes(4, "little")
        if self._turn == 1 or self._memory[0] != _MAGIC[0]:
            self._memory[: len(_MAGIC)] = _MAGIC

    def close(self) -> None:
        """Let go of the file; may be called twice."""
        self._memory.close()

    def _slot(self, at: int) -> "_Slot | None":
        turn, total, boot, raw, owner, crc = _SLOT.unpack_from(self._memory, at)
        whole = turn and crc == zlib.crc32(self._memory[at : at + _CHECKED])
        return _Slot(turn, Count(total, boot, raw), owner) if whole else None


class _Slot(NamedTuple):
    turn: int
    kept: Count
    owner: int
