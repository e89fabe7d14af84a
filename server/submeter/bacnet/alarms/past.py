"""What an object shows of its past events, and what is kept of that over a restart."""

import json
from collections.abc import Mapping
from typing import Annotated, NamedTuple, TypeVar

from pydantic import AfterValidator, Field, StringConstraints, TypeAdapter, ValidationError

from submeter.bacnet import encoding
from submeter.bacnet.alarms.event import Event
from submeter.bacnet.alarms.event_state import EventState
from submeter.bacnet.alarms.requests import is_time_stamp

UNSPECIFIED_STAMP = encoding.enclosed(2, encoding.UNSPECIFIED_DATE + encoding.UNSPECIFIED_TIME)
LONGEST_TEXT = 200  # characters

_T = TypeVar("_T")
Flags = tuple[bool, bool, bool]


class Past(NamedTuple):
    """State after the last transition; the rest goes by to-offnormal, to-fault and to-normal.

    `acked` tells which of them need no acknowledgement, or have it; `stamps` (each a
    BACnetTimeStamp), `types` (each a BACnetEventType) and `texts` are those of the last ones.
    """

    state: EventState = EventState.NORMAL
    acked: Flags = (True, True, True)
    stamps: tuple[bytes, bytes, bytes] = (UNSPECIFIED_STAMP,) * 3
    types: tuple[int, int, int] = (0, 0, 0)
    texts: tuple[str, str, str] = ("", "", "")

    @property
    def is_event(self) -> bool:
        """Whether it is one for GetEventInformation (135, 13.12): a fault from the start is not."""
        return self.state is not EventState.NORMAL or not all(self.acked)

    def entered(self, which: int, event: Event, acked: bool) -> "Past":
        """Return it with `event`, a transition `which` that needs an acknowledgement or not."""
        return Past(
            event.after,
            _with(self.acked, which, acked),
            _with(self.stamps, which, event.stamp),
            _with(self.types, which, event.type),
            _with(self.texts, which, event.text or ""),
        )

    def acknowledged(self, which: int) -> "Past":
        """Return it with the last transition `which` acknowledged."""
        return self._replace(acked=_with(self.acked, which, True))


NO_EVENTS = Past()


def written(pasts: Mapping[str, Past]) -> str:
    """Return the note of `pasts`, by the name of the object: what `read` reads."""
    rows = {
        name: (past.state, past.acked, [each.hex() for each in past.stamps], past.types, past.texts)
        for name, past in pasts.items()
        if past != NO_EVENTS
    }
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def read(note: str) -> dict[str, Past]:
    """Return the pasts by the name of the object; raises ValueError if `note` makes no sense."""
    try:
        rows = _Note.validate_json(note, strict=True)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ValueError(first["msg"]) from None
    return {
        name: Past(state, acked, _octets(stamps), types, texts)
        for name, (state, acked, stamps, types, texts) in rows.items()
    }


def _with(values: tuple[_T, _T, _T], which: int, value: _T) -> tuple[_T, _T, _T]:
    first, second, third = (value if place == which else old for place, old in enumerate(values))
    return first, second, third


def _stamp(text: str) -> str:
    if not is_time_stamp(bytes.fromhex(text)):
        raise ValueError("no time stamp")
    return text


def _octets(stamps: tuple[str, str, str]) -> tuple[bytes, bytes, bytes]:
    first, second, third = map(bytes.fromhex, stamps)
    return first, second, third


_Stamp = Annotated[str, AfterValidator(_stamp)]
_Type = Annotated[int, Field(ge=0, le=0xFFFF)]
_Text = Annotated[str, StringConstraints(max_length=LONGEST_TEXT)]
_Row = tuple[
    EventState,
    Flags,
    tuple[_Stamp, _Stamp, _Stamp],
    tuple[_Type, _Type, _Type],
    tuple[_Text, _Text, _Text],
]
_Note = TypeAdapter(dict[str, _Row])
