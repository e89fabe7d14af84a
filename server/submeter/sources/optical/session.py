"""Runs a talk with a meter on bytes: what came in, what to send out."""

from typing import Generic, TypeVar

from submeter.errors import Condition, FrameError, LinkError
from submeter.sources.dlms import hdlc
from submeter.sources.dlms.hdlc import Frame
from submeter.sources.optical.hdlc_link import Talk

_Result = TypeVar("_Result")

MOST_RAW = 65_536


class Session(Generic[_Result]):
    """A talk under way: `start`, then `feed` what comes and `silence` when nothing does.

    Each returns the bytes to send, which may be none, and raises nothing. Once it is `done`,
    `outcome` gives the result or raises the LinkError. The split of the bytes makes no difference.
    `raw` are the frames that came, at most about MOST_RAW bytes of them.
    """

    def __init__(self, talk: Talk[_Result]) -> None:
        self.done = False
        self._talk = talk
        self._decoder = hdlc.Decoder()
        self._result: _Result | None = None
        self._failure: LinkError | None = None
        self._bytes = self._frames = 0
        self.raw = bytearray()

    @property
    def bad(self) -> int:
        """Frames that were dropped as damaged."""
        return self._decoder.bad

    def start(self) -> bytes:
        """Return the first bytes to send."""
        return self._step(None)

    def feed(self, data: bytes) -> bytes:
        """Take in the next bytes."""
        self._bytes += len(data)
        out = b""
        for frame in self._decoder.feed(data):
            self._frames += 1
            if len(self.raw) < MOST_RAW:
                self.raw += frame.raw
            out += self._step(frame)
        return out

    def silence(self) -> bytes:
        """Go on although nothing comes any more."""
        return self._step(None)

    def outcome(self) -> _Result:
        """Return what came of it; raises LinkError."""
        if self._failure:
            raise self._failure
        return self._result  # type: ignore[return-value]  # a talk without a result has None

    def _step(self, frame: Frame | None) -> bytes:
        if self.done:
            return b""
        try:
            return self._talk.send(frame)
        except StopIteration as end:
            self._result = end.value
        except FrameError as error:
            self._failure = LinkError(
                f"the meter's answer makes no sense: {error}", Condition.NOISE
            )
        except LinkError as error:
            self._failure = error
            if error.condition is Condition.SILENT and self._bytes and not self._frames:
                self._failure = LinkError(
                    "bytes come, but no frame: look at the speed and at how the head sits",
                    Condition.NOISE,
                )
        self.done = True
        return b""
