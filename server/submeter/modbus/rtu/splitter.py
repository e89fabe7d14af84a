"""From the bytes and silences of a shared line to frames; no port, no clock.

Silence alone delimits no frames: an adapter that holds bytes back merges a request, its answer and
the next request into one piece, and cuts a long frame into several. So what stands between two
silences is split at the checksums, and a frame that has only begun is kept for the next piece.

What follows a silence need not begin a frame either: it may be the middle of a long one of others,
and look like a request. So a frame begins where the one before it ends, or after a pause that no
adapter makes within a frame; what cannot be understood is no frame up to such a pause.
"""

from typing import NamedTuple

from submeter.modbus.rtu import frames

MOST = 1024
"""Bytes kept of a line that is never silent."""
_PAUSES = 8  # pauses remembered within a frame that has only begun
_GLITCH = 2  # stray characters before a frame: a driver that is switched on


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
        # Where a frame may begin: where the last one ended, and after a pause; nowhere once what
        # came could not be understood.
        self._starts = [0]
        self._crowded: list[bytes] = []
        self._dropped = 0

    @property
    def waiting(self) -> bool:
        """Tell whether a frame has begun and is not whole."""
        return bool(self._buffer)

    @property
    def doubtful(self) -> bool:
        """Tell whether what comes next may be anything but the beginning of a frame."""
        return self.waiting or not self._starts

    def begin(self) -> None:
        """Note a pause: what comes next begins a frame, unless it ends the one that has begun."""
        if not self._starts:
            self._buffer.clear()
        self._starts = [*self._starts[:1], *self._starts[1:][1 - _PAUSES :], len(self._buffer)]

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
        if not data or not chains:
            return self._heard([], None, 0, lost=not chains)
        return self._damaged(data, *chains[-1])

    def give_up(self) -> bool:
        """Drop a frame that has begun and does not go on; tell whether there was one."""
        dropped = bool(self._buffer)
        self._clear()
        return dropped

    def _damaged(self, data: bytes, whole: list[bytes], end: int) -> Heard:
        """Return what can be told of `data`, which is no frame from `end` on."""
        for at in range(end + 1, end + 1 + _GLITCH):
            more, stop = frames.chain(data, at)
            if more and stop == len(data):
                return self._heard(whole + more, more[-1], 1)
        stray = data[end] > frames.LAST_UNIT or data[end] == frames.BROADCAST
        glitch = len(data) - end <= _GLITCH and stray
        return self._heard(whole, None, 1, lost=not (glitch or frames.over(data, end)))

    def _heard(
        self,
        whole: list[bytes],
        final: bytes | None,
        broken: int,
        *,
        keep: bool = False,
        lost: bool = False,
    ) -> Heard:
        heard = Heard(self._crowded + whole, final, self._dropped + broken)
        self._crowded, self._dropped = [], 0
        if not keep:
            self._clear()
        if lost:
            self._starts = []
        return heard

    def _keep(self, begin: int) -> None:
        """Keep what stands from `begin` on."""
        del self._buffer[:begin]
        self._starts = [0, *(start - begin for start in self._starts if start > begin)]

    def _clear(self) -> None:
        self._buffer.clear()
        self._starts = [0]

    def _make_room(self) -> None:
        """Set aside the frames of a line that is never silent; nobody waits for their answers."""
        data = bytes(self._buffer)
        whole, end = frames.chain(data, 0) if self._starts else ([], 0)
        self._crowded = (self._crowded + whole)[-MOST:]
        if self._starts and (end == len(data) or frames.unfinished(data, end)):
            del self._buffer[:end]
            self._starts = [0]
            return
        self._dropped += bool(self._starts)
        self._buffer.clear()
        self._starts = []
