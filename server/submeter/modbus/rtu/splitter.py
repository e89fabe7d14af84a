"""From the bytes and silences of a shared line to frames; no port, no clock.

Silence alone delimits no frames: an adapter that holds bytes back merges a request, its answer and
the next request into one piece, and cuts a long frame into several. So what stands between two
silences is split at the checksums, and a frame that has only begun is kept for the next piece.
"""

from typing import NamedTuple

from submeter.modbus.rtu import frames

MOST = 1024
"""Bytes kept of a line that is never silent."""
_PAUSES = 8  # silences remembered within a frame that has only begun


class Heard(NamedTuple):
    """What a silence ended: whole frames, the one at the very end, and pieces that are none.

    Only `final` may be a request that waits for its answer: after the others somebody spoke.
    """

    frames: list[bytes]
    final: bytes | None
    broken: int


class Splitter:
    """Cuts a line into frames; the caller says when the line was silent, and when for too long."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        # Where a frame may begin: at the beginning, and after every silence within the buffer.
        self._starts = [0]
        self._crowded: list[bytes] = []
        self._dropped = 0

    @property
    def waiting(self) -> bool:
        """Tell whether a frame has begun and is not whole."""
        return bool(self._buffer)

    def feed(self, data: bytes) -> None:
        """Take what was received."""
        for at in range(0, len(data), MOST):
            self._buffer += data[at : at + MOST]
            if len(self._buffer) > MOST:
                self._make_room()

    def silence(self) -> Heard:
        """Return what the line carried up to this silence (t3.5)."""
        data = bytes(self._buffer)
        chains = [frames.chain(data, start) for start in self._starts]
        for place, (whole, end) in enumerate(chains):
            if whole and end == len(data):
                return self._heard(whole, whole[-1], int(place > 0))
        for place, (whole, end) in enumerate(chains):
            if frames.unfinished(data, end):
                self._keep(end)
                return self._heard(whole, None, int(place > 0), keep=True)
        whole, end = frames.among_rubbish(data, 0)
        final = whole[-1] if whole and end == len(data) else None
        return self._heard(whole, final, int(bool(data)))

    def give_up(self) -> bool:
        """Drop a frame that has begun and does not go on; tell whether there was one."""
        dropped = bool(self._buffer)
        self._clear()
        return dropped

    def _heard(
        self, whole: list[bytes], final: bytes | None, broken: int, keep: bool = False
    ) -> Heard:
        heard = Heard(self._crowded + whole, final, self._dropped + broken)
        self._crowded, self._dropped = [], 0
        if not keep:
            self._clear()
        return heard

    def _keep(self, begin: int) -> None:
        """Keep what stands from `begin` on, and remember that a silence follows it."""
        del self._buffer[:begin]
        later = [start - begin for start in self._starts if start > begin]
        self._starts = [0, *[*later, len(self._buffer)][-_PAUSES:]]

    def _clear(self) -> None:
        self._buffer.clear()
        self._starts = [0]

    def _make_room(self) -> None:
        """Set aside the frames of a line that is never silent; nobody waits for their answers."""
        data = bytes(self._buffer)
        whole, end = frames.among_rubbish(data, 0)
        begin = max(end, len(data) - frames.LARGEST)
        self._dropped += begin > sum(map(len, whole))
        self._crowded = (self._crowded + whole)[-MOST:]
        del self._buffer[:begin]
        self._starts = [0]
