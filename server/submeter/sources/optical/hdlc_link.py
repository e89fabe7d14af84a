"""The connection of a DLMS client: numbered frames, answered one by one, asked again when lost.

DLMS UA 1000-2 (Green Book) ed. 8, 8.4 (ISO/IEC 13239, class of unnumbered and numbered frames in
normal response mode): SNRM and UA, information frames with N(S) and N(R), RR, DISC, window 1.

Nothing here does I/O. A `Talk` is a generator: it yields the bytes to send (none: only listen) and
is given the next frame from the meter, or None when the time for it is up.
"""

from collections.abc import Generator
from typing import TypeVar

from submeter.errors import Condition, FrameError, LinkError
from submeter.sources.dlms import hdlc
from submeter.sources.dlms.hdlc import Frame

_Result = TypeVar("_Result")
Talk = Generator[bytes, Frame | None, _Result]

TRIES = 3
"""How often a frame is sent before the meter counts as silent."""
STRAYS = 20
"""Frames that answer nothing, after which the line counts as noise."""
LARGEST_ANSWER = 65_536
"""Bytes of one answer; more are no answer."""
MOST_SEGMENTS = 4096
"""Frames of one answer, however few bytes they have."""

_SNRM, _UA, _DISC, _DM, _FRMR = 0x93, 0x73, 0x53, 0x1F, 0x97
_FINAL = 0x10
_RR, _KIND = 0x01, 0x0F
_TO_METER, _TO_CLIENT = b"\xe6\xe6\x00", b"\xe6\xe7\x00"

_SMALLEST, _USUAL = 16, 128
_RECEIVED = 248
# Format, group, then: most bytes that we send and receive in a frame, windows of 1.
_WISHES = bytes.fromhex("818012") + bytes(
    (0x05, 1, _USUAL, 0x06, 1, _RECEIVED, 0x07, 4, 0, 0, 0, 1, 0x08, 4, 0, 0, 0, 1)
)
_THEY_RECEIVE = 0x06


def address(logical: int, physical: int | None) -> bytes:
    """Return the HDLC address of a logical device, with its physical one if that is given.

    One byte, or two of seven bits each, or four if a number needs it (8.4.2).
    """
    if physical is None and logical < 0x80:
        return bytes([logical << 1 | 1])
    parts = (logical, physical or 0)
    if max(parts) < 0x80:
        return bytes([parts[0] << 1, parts[1] << 1 | 1])
    octets = [half for part in parts for half in (part >> 7 & 0x7F, part & 0x7F)]
    return bytes([each << 1 for each in octets[:3]]) + bytes([octets[3] << 1 | 1])


class HdlcLink:
    """One connection: `connect`, any number of `exchange`s, `disconnect`.

    The talks raise LinkError: SILENT when nothing comes, NOISE when nothing makes sense, REFUSED
    when the meter ends the connection.
    """

    def __init__(self, client: int, server: bytes) -> None:
        self._client = address(client, None)
        self._server = server
        self._sent = 0  # N(S) of the next frame from here
        self._received = 0  # N(S) that the meter's next frame must have
        self._largest = _USUAL
        self._strays = 0

    def connect(self) -> Talk[None]:
        """Open the connection, and take the sizes that the meter wants."""
        self._sent = self._received = self._strays = 0
        frame = yield from self._ask(self._frame(_SNRM, _WISHES), (_UA,))
        self._largest = _size(frame.info)

    def disconnect(self) -> Talk[None]:
        """Close the connection; a meter that does not answer has closed it itself."""
        answer = yield self._frame(_DISC)
        if answer is None:
            yield self._frame(_DISC)

    def exchange(self, apdu: bytes) -> Talk[bytes]:
        """Send `apdu` and return the meter's answer to it, whole."""
        data = _TO_METER + apdu
        pieces = [data[at : at + self._largest] for at in range(0, len(data), self._largest)]
        for piece in pieces[:-1]:
            yield from self._piece(piece)
        self._strays = 0
        control, info = self._numbered(), pieces[-1]
        answer = bytearray()
        self._sent = (self._sent + 1) & 7
        for _ in range(MOST_SEGMENTS):
            frame = yield from self._answer(control, info)
            answer += frame.info
            self._received = (self._received + 1) & 7
            if not frame.segmented or len(answer) > LARGEST_ANSWER:
                break
            control, info = self._ready(), b""
        if frame.segmented:
            raise LinkError("the meter's answer has no end", Condition.NOISE)
        if not answer.startswith(_TO_CLIENT):
            raise FrameError("an answer has no LLC header")
        return bytes(answer[len(_TO_CLIENT) :])

    def _piece(self, info: bytes) -> Talk[None]:
        """Send a part of a request that more follows, until the meter has it."""
        wire = self._frame(self._numbered(), info, segmented=True)
        self._sent = (self._sent + 1) & 7
        send, tries = wire, 1
        while True:
            frame = yield send
            send = b""
            if frame is None:
                tries += 1
                self._patience(tries)
                send = wire
            elif self._ours(frame) and frame.control & _KIND == _RR:
                if frame.control >> 5 == self._sent:
                    return
                tries += 1
                self._patience(tries)
                send = wire
            else:
                self._stray()

    def _answer(self, control: int, info: bytes) -> Talk[Frame]:
        """Send a frame and wait for the next information frame in order."""
        wire = send = self._frame(control, info)
        tries = 1
        while True:
            frame = yield send
            send = b""
            if frame is None:
                tries += 1
                self._patience(tries)
                send = wire
            elif not self._ours(frame):
                self._stray()
            elif not frame.control & 1:
                acknowledged = frame.control >> 5 == self._sent
                if frame.control >> 1 & 7 == self._received and acknowledged:
                    return frame
                self._stray()  # one that was asked for again, and came twice
            elif frame.control & _KIND == _RR and info:
                if frame.control >> 5 == self._sent:
                    # It has the request, and answers when it is allowed to speak again.
                    wire = self._frame(self._ready())
                    self._stray()
                else:
                    tries += 1
                    self._patience(tries)
                    send = wire
            else:
                self._stray()

    def _ask(self, wire: bytes, answers: tuple[int, ...]) -> Talk[Frame]:
        """Send an unnumbered frame until one of `answers` comes."""
        send, tries = wire, 1
        while True:
            frame = yield send
            send = b""
            if frame is None:
                tries += 1
                self._patience(tries)
                send = wire
            elif self._ours(frame) and frame.control in answers:
                return frame
            else:
                self._stray()

    def _ours(self, frame: Frame) -> bool:
        """Tell whether `frame` is for us; raises LinkError if the meter ends the connection."""
        if (frame.destination, frame.source) != (self._client, self._server):
            return False
        if frame.control | _FINAL in (_DM, _FRMR):
            raise LinkError("the meter ended the connection", Condition.REFUSED)
        return True

    def _stray(self) -> None:
        self._strays += 1
        if self._strays > STRAYS:
            raise LinkError("the meter's frames answer nothing that was asked", Condition.NOISE)

    @staticmethod
    def _patience(tries: int) -> None:
        if tries > TRIES:
            raise LinkError("the meter does not answer any more", Condition.SILENT)

    def _numbered(self) -> int:
        return self._received << 5 | _FINAL | self._sent << 1

    def _ready(self) -> int:
        return self._received << 5 | _FINAL | _RR

    def _frame(self, control: int, info: bytes = b"", *, segmented: bool = False) -> bytes:
        return hdlc.encode(Frame(self._server, self._client, control, info, segmented))


def _size(info: bytes) -> int:
    """Return how many bytes the meter takes in a frame, as the information of its UA says."""
    at = 3 if info[:2] == b"\x81\x80" else len(info)
    while at + 2 <= len(info):
        tag, length = info[at], info[at + 1]
        if tag == _THEY_RECEIVE and 1 <= length <= 2:
            wanted = int.from_bytes(info[at + 2 : at + 2 + length], "big")
            return max(_SMALLEST, min(wanted, _USUAL))
        at += 2 + length
    return _USUAL
