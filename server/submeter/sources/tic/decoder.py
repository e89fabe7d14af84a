"""TIC frames: bytes of the serial link in, groups whose checksum is right out.

Source: Enedis-NOI-CPT_54E v3 (Linky, both modes) and Enedis-NOI-CPT_02E v6 (older meters, PME-PMI).
A group is

    historique, PME-PMI   LF label SP data SP checksum CR
    standard              LF label HT [horodate HT] data HT checksum CR

and a frame is STX, its groups, ETX; EOT instead of ETX when the meter breaks the transmission off.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

_LF, _CR, _STX, _ETX, _EOT = b"\n\r\x02\x03\x04"
_CONTROLS = frozenset(b"\n\r\x02\x03\x04")
_PIECE = re.compile(rb"[^\n\r\x02\x03\x04]*[\n\r\x02\x03\x04]?")
_SEVEN_BITS = bytes(range(128)) * 2  # the eighth is the parity, where the port did not take it off

_LONGEST_GROUP = 160  # PJOURF+1 of standard mode, the longest, has 110
_MOST_GROUPS = 100  # a three-phase producer sends about 70
_MOST_BYTES = 4096  # of a frame, kept for people who ask; the longest has about 1800

_LABEL = r"[A-Za-z0-9+\-_/.]{1,12}"
# The checksum does not see bit 6, so it takes SINSTI for S, HT, NSTI: hence the horodate's form.
_STANDARD = re.compile(rf"({_LABEL})\t(?:([EHeh ][0-9]{{12}})\t)?([ -~]*)\t[ -_]")
_SPACED = re.compile(rf"({_LABEL}) ([ -~]*) [ -_]")


class Mode(StrEnum):
    """The languages of the TIC; a Linky is switched from one to the other by its supplier."""

    STANDARD = "standard"
    HISTORIQUE = "historique"
    PME_PMI = "pme_pmi"


# Each of them opens the frames of its meters; PME-PMI meters before 2013 have no ADS.
_DIALECTS = {"ADCO": Mode.HISTORIQUE, "ADS": Mode.PME_PMI, "MESURES1": Mode.PME_PMI}


class Group(NamedTuple):
    """One valid group as sent: text, spaces and leading zeros included.

    `data` may be empty (DATE has only a horodate). `horodate` is `SAAMMJJhhmmss` with S one of
    H, E, h, e and space (NOI-CPT_54E); only standard mode has it.
    """

    label: str
    data: str
    horodate: str | None = None


@dataclass(frozen=True, slots=True)
class Frame:
    """The valid groups between two ends of frame, at least one.

    `bad` counts the groups that were dropped within it. `whole` says that it was seen from STX
    to ETX with nothing dropped, lost or in between: only then does a missing label mean something.
    `raw` are its bytes without parity, damaged groups included, 4096 at most.
    """

    mode: Mode
    groups: tuple[Group, ...]
    bad: int
    whole: bool
    raw: bytes = field(default=b"", compare=False)


class Decoder:
    """Turns the bytes of one TIC link into frames; the split of the bytes makes no difference.

    The mode is recognised by content: standard mode by its HT, the others by the labels that open
    their frames. A group of the other separator ends the frame, and starts one that is not whole.

    A group runs from LF to CR, or from CR or STX to CR where the LF was lost. It is bad when its
    checksum, its form, its length or a character in it is wrong, when it is empty, or when LF, STX,
    ETX or EOT cuts it. What follows CR or STX and never comes to a CR is noise, and not counted.
    What follows ETX or EOT is ignored up to an LF or STX.
    """

    def __init__(self) -> None:
        self.good = 0
        """Valid groups so far."""
        self.bad = 0
        """Groups dropped so far, within frames and outside them."""
        self.mode: Mode | None = None
        """The mode of the last valid group, None before the first."""
        self._run: bytearray | None = None  # a group so far, after the control byte that opened it
        self._opened_at = 0  # where in the bytes of the frame that was
        self._lf = False  # and whether it was an LF
        self._groups: list[Group] = []
        self._tabbed = False  # the frame is one of standard mode
        self._dialect = Mode.HISTORIQUE  # of frames that are not
        self._frame_bad = 0
        self._raw = bytearray()
        self._unbroken = False  # STX was seen, and nothing was dropped since

    def feed(self, data: bytes) -> list[Frame]:
        """Take in the next bytes, return the frames that they complete; raises nothing."""
        frames: list[Frame] = []
        for piece in _PIECE.findall(data.translate(_SEVEN_BITS)):
            if not piece:
                continue
            control = piece[-1]
            if control not in _CONTROLS:
                self._take(piece)
                continue
            self._take(piece[:-1])
            if control == _CR:
                self._keep(b"\r")
                self._end_group(frames)
                if self._run is not None:
                    self._open(lf=False)
            elif control == _LF:
                self._cut_group()
                self._open(lf=True)
                self._keep(b"\n")
            else:
                self._frame_control(control, frames)
        return frames

    def _take(self, piece: bytes) -> None:
        self._keep(piece)
        if self._run is not None:
            self._run += piece[: max(0, _LONGEST_GROUP + 1 - len(self._run))]

    def _keep(self, piece: bytes) -> None:
        self._raw += piece[: max(0, _MOST_BYTES - len(self._raw))]

    def _open(self, *, lf: bool) -> None:
        self._run = bytearray()
        self._opened_at = len(self._raw)
        self._lf = lf

    def _frame_control(self, control: int, frames: list[Frame]) -> None:
        self._cut_group()
        if control == _STX:
            self._end_frame(frames, whole=False)
            self._raw.clear()
            self._keep(b"\x02")
            self._unbroken = True
            self._open(lf=False)
        else:
            self._keep(bytes([control]))
            self._end_frame(frames, whole=control == _ETX and self._unbroken)
            self._raw.clear()
            self._run = None

    def _end_group(self, frames: list[Frame]) -> None:
        """Judge the bytes that a CR closes."""
        if self._run is None:
            return
        if not self._lf:
            self._unbroken = False  # more than the LF may be lost
            if not self._run:
                return
        group = _parse(self._run)
        if group is None:
            self._drop()
        else:
            self._accept(group, self._run[-2] == 0x09, frames)

    def _cut_group(self) -> None:
        """Judge the bytes that no CR has closed."""
        if self._run is None:
            return
        if self._lf:
            self._drop()
        elif self._run:
            self._unbroken = False

    def _drop(self) -> None:
        self._unbroken = False
        self.bad += 1
        self._frame_bad += 1

    def _accept(self, group: Group, tabbed: bool, frames: list[Frame]) -> None:
        if self._groups and (tabbed is not self._tabbed or len(self._groups) == _MOST_GROUPS):
            own = self._raw[self._opened_at :]
            del self._raw[self._opened_at :]
            self._end_frame(frames, whole=False)
            self._raw = own
        self.good += 1
        self._tabbed = tabbed
        if not tabbed:
            self._dialect = _DIALECTS.get(group.label, self._dialect)
        self.mode = Mode.STANDARD if tabbed else self._dialect
        self._groups.append(group)

    def _end_frame(self, frames: list[Frame], *, whole: bool) -> None:
        if self._groups:
            mode = Mode.STANDARD if self._tabbed else self._dialect
            groups, raw = tuple(self._groups), bytes(self._raw)
            frames.append(Frame(mode, groups, self._frame_bad, whole, raw))
        self._groups.clear()
        self._frame_bad = 0
        self._unbroken = False


def checksum(zone: bytes | bytearray) -> int:
    """Return the checksum character, 0x20 to 0x5F (a space included), of `zone`.

    The zone runs from the label to the data; standard mode counts the HT before the checksum in,
    historique mode leaves the SP before it out (NOI-CPT_54E).
    """
    return (sum(zone) & 0x3F) + 0x20


def _parse(group: bytearray) -> Group | None:
    """Return the content of what stood between LF and CR, None if it is not a valid group."""
    if not 2 <= len(group) <= _LONGEST_GROUP:
        return None
    standard = group[-2] == 0x09
    if group[-1] != checksum(group[: -1 if standard else -2]):
        return None
    match = (_STANDARD if standard else _SPACED).fullmatch(group.decode("ascii"))
    if match is None:
        return None
    if standard:
        label, horodate, data = match.groups()
        return Group(label, data, horodate)
    return Group(*match.groups())
