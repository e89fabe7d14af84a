"""The data information block of a record: DIF and DIFE (EN 13757-3, 6.3)."""

from typing import NamedTuple

from submeter.errors import FrameError
from submeter.pointmap.mbus_record import Function

MOST = 10  # extensions that may follow a DIF or a VIF

MANUFACTURER = 0x0F  # the rest of the answer is the manufacturer's
MORE_FOLLOWS = 0x1F  # the same, and there is one more telegram
FILLER = 0x2F
VARIABLE = 0x0D  # coding: the length stands before the data

_FUNCTIONS: tuple[Function, ...] = ("instantaneous", "maximum", "minimum", "error")
_EXTENDED = 0x80


class Dib(NamedTuple):
    """What kind of value a record has. `coding` are the lower four bits of the DIF."""

    coding: int
    function: Function = "instantaneous"
    storage: int = 0
    tariff: int = 0
    subunit: int = 0


def read(data: bytes, start: int) -> tuple[Dib, int]:
    """Return the block at `start` and the place after it; raises FrameError."""
    dif = data[start]
    coding = dif & 0x0F
    if coding == 0x0F:
        raise FrameError(f"DIF {dif:02X} is reserved")
    storage, tariff, subunit = dif >> 6 & 1, 0, 0
    place, more, count = start + 1, bool(dif & _EXTENDED), 0
    while more:
        if place >= len(data):
            raise FrameError("the answer ends within a DIF")
        if count >= MOST:
            raise FrameError(f"more than {MOST} DIFE")
        dife = data[place]
        storage |= (dife & 0x0F) << (4 * count + 1)
        tariff |= (dife >> 4 & 3) << (2 * count)
        subunit |= (dife >> 6 & 1) << count
        place, more, count = place + 1, bool(dife & _EXTENDED), count + 1
    return Dib(coding, _FUNCTIONS[dif >> 4 & 3], storage, tariff, subunit), place
