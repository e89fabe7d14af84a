"""TIC frames: bytes of the serial link in, groups whose checksum is right out.

Source: Enedis-NOI-CPT_54E v3 (Linky, both modes) and Enedis-NOI-CPT_02E v6 (older meters). A group
is

    historique   LF label SP data SP checksum CR
    standard     LF label HT [horodate HT] data HT checksum CR

and a frame is STX, its groups, ETX; EOT instead of ETX when the meter breaks the transmission off.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

_LF, _CR, _STX, _ETX, _EOT = b"\n\r\x02\x03\x04"
_SEVEN_BITS = bytes(range(128)) * 2  # the eighth is the parity, where the port did not take it off

_LONGEST_GROUP = 160  # PJOURF+1 of standard mode, the longest, has 110
_MOST_GROUPS = 100  # a three-phase producer sends about 70

_LABEL = rb"[A-Za-z0-9+\-_/]{1,12}"
# The checksum does not see bit 6, so it takes SINSTI for S, HT, NSTI: hence the horodate's form.
_STANDARD = re.compile(rb"(%s)\t(?:([EHeh ][0-9]{12})\t)?([ -~]*)\t[ -_]" % _LABEL)
_HISTORIQUE = re.compile(rb"(%s) ([ -~]*) [ -_]" % _LABEL)


class Mode(StrEnum):
    """The two languages of the TIC; a meter is switched from one to the other by its supplier."""

    HISTORIQUE = "historique"
    STANDARD = "standard"


@dataclass(frozen=True, slots=True)
class Group:
    """One valid group as sent: text, spaces and leading zeros included.

    `data` may be empty (DATE has only a horodate). `horodate` is `SAAMMJJhhmmss` with S one of
    H, E, h, e and space (NOI-CPT_54E); historique mode has none.
    """

    label: str
    data: str
    horodate: str | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """The valid groups between two ends of frame, at least one.

    `bad` counts the groups that were dropped within it. `whole` says that it was seen from STX
    to ETX with nothing dropped, lost or in between: only then does a missing label mean something.
    """

    mode: Mode
    groups: tuple[Group, ...]
    bad: int
    whole: bool


class Decoder:
    """Turns the bytes of one TIC link into frames; the split of the bytes makes no difference.

    The mode is recognised group by group. A group of the other mode ends the frame, and starts one
    that is not whole.

    A group runs from LF to CR, or from CR or STX to CR where the LF was lost. It is bad when its
    checksum, its form, its length or a character in it is wrong, when it is empty, or when LF, STX,
    ETX or EOT cuts it. What follows CR or STX and never comes to a CR is noise, and not counted.
    What follows ETX or EOT is ignored up to an LF or STX.
    """

    def __init__(self) -> None:
        self._good = 0
        self._bad = 0
        self._mode: Mode | None = None
        self._run: bytearray | None = None  # a group so far, after the control byte that opened it
        self._groups: list[Group] = []
        self._frame_mode = Mode.STANDARD
        self._frame_bad = 0
        self._unbroken = False  # STX was seen, and nothing was dropped since

    @property
    def good(self) -> int:
        """Valid groups so far."""
        return self._good

    @property
    def bad(self) -> int:
        """Groups dropped so far, within frames and outside them."""
        return self._bad

    @property
    def mode(self) -> Mode | None:
        """The mode of the last valid group, None before the first."""
        return self._mode

    def feed(self, data: bytes) -> list[Frame]:
        """Take in the next bytes, return the frames that they complete; raises nothing."""
        frames: list[Frame] = []
        for byte in data.translate(_SEVEN_BITS):
            if byte in (_LF, _CR, _STX, _ETX, _EOT):
                self._control(byte, frames)
            elif self._run is not None and len(self._run) <= _LONGEST_GROUP + 1:
                self._run.append(byte)
        return frames

    def _control(self, byte: int, frames: list[Frame]) -> None:
        if byte == _CR:
            self._end_group(frames)
        else:
            self._cut_group()
        if byte in (_STX, _ETX, _EOT):
            self._end_frame(frames, whole=byte == _ETX and self._unbroken)
            self._unbroken = byte == _STX
        opens = byte in (_LF, _STX) or (byte == _CR and self._run is not None)
        self._run = bytearray([byte]) if opens else None

    def _end_group(self, frames: list[Frame]) -> None:
        """Judge the bytes that a CR closes."""
        if self._run is None:
            return
        if self._run[0] != _LF:
            self._unbroken = False  # more than the LF may be lost
            if len(self._run) == 1:
                return
        parsed = _parse(bytes(self._run[1:]))
        if parsed is None:
            self._drop()
        else:
            self._accept(*parsed, frames)

    def _cut_group(self) -> None:
        """Judge the bytes that no CR has closed."""
        if self._run is None:
            return
        if self._run[0] == _LF:
            self._drop()
        elif len(self._run) > 1:
            self._unbroken = False

    def _drop(self) -> None:
        self._unbroken = False
        self._bad += 1
        self._frame_bad += 1

    def _accept(self, mode: Mode, group: Group, frames: list[Frame]) -> None:
        if self._groups and (mode is not self._frame_mode or len(self._groups) == _MOST_GROUPS):
            self._end_frame(frames, whole=False)
        self._good += 1
        self._mode = self._frame_mode = mode
        self._groups.append(group)

    def _end_frame(self, frames: list[Frame], *, whole: bool) -> None:
        if self._groups:
            frames.append(Frame(self._frame_mode, tuple(self._groups), self._frame_bad, whole))
        self._groups.clear()
        self._frame_bad = 0
        self._unbroken = False


def checksum(zone: bytes) -> int:
    """Return the checksum character, 0x20 to 0x5F (a space included), of `zone`.

    The zone runs from the label to the data; standard mode counts the HT before the checksum in,
    historique mode leaves the SP before it out (NOI-CPT_54E).
    """
    return (sum(zone) & 0x3F) + 0x20


def _parse(group: bytes) -> tuple[Mode, Group] | None:
    """Return mode and content of what stood between LF and CR, None if it is not a valid group."""
    if len(group) > _LONGEST_GROUP:
        return None
    standard = group[-2:-1] == b"\t"
    match = (_STANDARD if standard else _HISTORIQUE).fullmatch(group)
    if match is None or group[-1] != checksum(group[: -1 if standard else -2]):
        return None
    if standard:
        label, horodate, data = match.groups()
        return Mode.STANDARD, Group(
            label.decode(), data.decode(), None if horodate is None else horodate.decode()
        )
    label, data = match.groups()
    return Mode.HISTORIQUE, Group(label.decode(), data.decode())
