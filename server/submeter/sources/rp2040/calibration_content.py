"""What the file of corrections holds: the calibrations of each board, and when they were made."""

import json
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from submeter.sources.rp2040.correction import BoardCorrection, ClampCorrection
from submeter.sources.translation.plain_text import plain_text

_UID = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,64}$")]


def _printable(text: str) -> str:
    """Return `text` as a terminal may be shown it."""
    return "".join(each if each.isprintable() else "?" for each in text)


_Text = AfterValidator(_printable)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class _Clamp(_Strict):
    gain: float = Field(ge=0.01, le=100)
    phase: float = Field(ge=-180, le=180)
    noise: float = Field(ge=0, le=1e6)
    leak_active: float = Field(ge=-1e5, le=1e5)
    leak_reactive: float = Field(ge=-1e5, le=1e5)
    by_current: bool = False
    amperes: float | None = Field(default=None, gt=0, le=1e6)


class _Correction(_Strict):
    voltage: float = Field(ge=0.01, le=100)
    voltage_noise: float = Field(ge=0, le=1e6)
    clamps: Annotated[list[_Clamp], Field(min_length=4, max_length=4)]


class Entry(_Strict):
    """One calibration of a board: when (UTC seconds since 1970), how and by whom.

    `undone` is when it was taken back, None while it counts.
    """

    at: float = Field(ge=0, le=1e11)
    how: Annotated[str, Field(max_length=200), _Text]
    who: Annotated[str, Field(max_length=100), _Text]
    undone: float | None = Field(default=None, ge=0, le=1e11)
    values: _Correction

    @property
    def correction(self) -> BoardCorrection:
        """What it found."""
        clamps = tuple(ClampCorrection(**each.model_dump()) for each in self.values.clamps)
        return BoardCorrection(self.values.voltage, self.values.voltage_noise, clamps)

    @property
    def time(self) -> str:
        """When it was made, in UTC."""
        return f"{datetime.fromtimestamp(int(self.at), UTC):%Y-%m-%d %H:%M:%S}Z"


class Content(_Strict):
    """All of it: the calibrations of each board by its unique number, the oldest first."""

    version: int = Field(default=1, ge=1, le=1)
    boards: dict[_UID, list[Entry]] = Field(default_factory=dict)


def entry(uid: str, correction: BoardCorrection, how: str, at: float, who: str) -> Entry:
    """Return what is kept of a calibration of board `uid`; raises ValueError if it cannot be."""
    values = _Correction.model_validate(
        {
            "voltage": float(correction.voltage),
            "voltage_noise": float(correction.voltage_noise),
            "clamps": [_plain(each) for each in correction.clamps],
        }
    )
    made = Entry(at=at, how=how[:200], who=who[:100], values=values)
    return Content(boards={uid: [made]}).boards[uid][0]


def content(data: bytes) -> Content:
    """Return what `data` says; raises ValueError, also if it says two things of one."""
    found = Content.model_validate_json(data)
    json.loads(data, object_pairs_hook=_once)
    return found


def reason(error: ValueError) -> str:
    """Return what is wrong as a line that may stand between quotes in a log."""
    if not isinstance(error, ValidationError):
        return str(error).replace('"', "'")
    first = error.errors(include_url=False)[0]
    place = ".".join(plain_text(str(step)) for step in first["loc"])
    return (f"{place}: {first['msg']}" if place else first["msg"]).replace('"', "'")


def _once(pairs: list[tuple[str, Any]]) -> None:
    """Raise ValueError if one name stands twice among `pairs`."""
    seen: set[str] = set()
    for name, _ in pairs:
        if name in seen:
            raise ValueError(f"'{plain_text(name)}' stands twice in it")
        seen.add(name)


def _plain(clamp: ClampCorrection) -> dict[str, float | bool | None]:
    """Return its values as no library has them, so that they can be written."""
    return {
        key: value if value is None or isinstance(value, bool) else float(value)
        for key, value in clamp._asdict().items()
    }
