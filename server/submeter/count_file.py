"""A count that survives the end of the program at any moment: a small file."""

import errno
import os
import struct
import weakref
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

    What was written is there after a kill -9; after a power cut it may be up to half a minute old,
    or nothing. `owner` names what is counted: a file of another owner is as good as a new one. A
    file that others truncate is whole again after two writes. Raises OSError if the file cannot be
    made.
    """

    def __init__(self, path: Path, owner: str) -> None:
        self._owner = zlib.crc32(owner.encode())
        # Never truncated here: what is there may be the only record.
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        # Not mapped: a store to memory whose file was truncated would end the program.
        self._file = os.open(path, flags, 0o600)
        self.close = weakref.finalize(self, os.close, self._file)
        """Let go of the file; may be called twice."""
        try:
            # The blocks are taken now: a disk that fills up later costs no count.
            os.posix_fallocate(self._file, 0, _SIZE)
        except OSError:
            self.close()
            raise
        self._turn = 0

    def read(self) -> Count | None:
        """Return what was written last, None in a new file; raises ValueError if it is damaged.

        To be called before the first write. Raises OSError if the file cannot be read.
        """
        data = os.pread(self._file, _SIZE, 0).ljust(_SIZE, b"\0")
        magic = data[: len(_MAGIC)]
        if magic in (_MAGIC, bytes(len(_MAGIC))) and not any(data[len(_MAGIC) :]):
            return None
        valid = [slot for slot in (_slot(data, at) for at in _SLOTS) if slot]
        if not valid or magic != _MAGIC:
            raise ValueError("its checksum is wrong")
        self._turn, *_ = max(valid)
        own = [slot for slot in valid if slot.owner == self._owner]
        return max(own).kept if own else None

    def write(self, count: Count) -> None:
        """Keep `count` from now on; raises OSError, and then the one before is kept."""
        turn = self._turn + 1
        slot = _SLOT.pack(turn, *count, self._owner, 0)[:_CHECKED]
        # Each time, for the file may have been truncated.
        self._put(_MAGIC, 0)
        self._put(slot + zlib.crc32(slot).to_bytes(4, "little"), _SLOTS[turn % 2])
        self._turn = turn

    def _put(self, data: bytes, at: int) -> None:
        if os.pwrite(self._file, data, at) != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _slot(data: bytes, at: int) -> "_Slot | None":
    turn, total, boot, raw, owner, crc = _SLOT.unpack_from(data, at)
    whole = turn and crc == zlib.crc32(data[at : at + _CHECKED])
    return _Slot(turn, Count(total, boot, raw), owner) if whole else None


class _Slot(NamedTuple):
    turn: int
    kept: Count
    owner: int
