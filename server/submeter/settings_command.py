"""`submeter settings`: what is set where, and changes that the running program makes.

This process never writes settings itself: it leaves a request in the store and waits a little for
the server to do it. Without a server the request is done at the next start.
"""

import os
import pwd
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from submeter import yamlfile
from submeter.errors import ConfigError, StoreError, SubmeterError
from submeter.meter import addresses
from submeter.meter import settings as meter_settings
from submeter.meter.settings import SEALED, Number, Settings
from submeter.plan import PlannedMeter
from submeter.store import database, requests, saved

PATIENCE = 5.0  # s

Stored = Mapping[tuple[str, str], Number]

_NUMBER = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,12})?")
_ENERGY = re.compile(r"([0-9]{1,9})(?:\.([0-9]{1,6}))?")
_HEADINGS = ("meter", "point", "value", "unit", "from", "allowed")


def stored(path: Path) -> Stored:
    """Return the stored settings by meter and point, none without a store; raises StoreError."""
    if not _exists(path):
        return {}
    with database.reading(path) as connection:
        return saved.settings(connection)


def listing(planned: Sequence[PlannedMeter], values: Stored, only: str | None = None) -> str:
    """Return the table of the settings of every meter, or of the meter `only`.

    Stored values that are not used follow, a line each with the reason. Raises ConfigError.
    """
    every = _settings(planned, values)
    chosen = [_named(planned, only).entry.name] if only else list(every)
    rows: list[tuple[str, ...]] = [_HEADINGS]
    notes = []
    for name in chosen:
        settings = every[name]
        rows += [(name, *_row(settings, point)) for point in settings.points]
        notes += [f"{name}: {p} is not used: {why}" for p, why in settings.ignored.items()]
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in (*lines, *notes))


def change(
    path: Path, planned: Sequence[PlannedMeter], values: Stored, meter: str, point: str, text: str
) -> str:
    """Ask the server to store `text` as the setting `point`; returns what came of it.

    Raises ConfigError for names and numbers that are none, WriteRefusedError for a value that does
    not fit, SubmeterError if the server refuses.
    """
    _named(planned, meter)
    settings = _settings(planned, values)[meter]
    _expect(point, "setting", list(settings.points))
    if not _NUMBER.fullmatch(text):
        raise ConfigError(f"'{text}' is no number; write it as 15 or 2.5")
    number = settings.check(point, float(text) if "." in text else int(text))
    return _ask(path, "set", meter, {"point": point, "value": number})


def reset(
    path: Path, planned: Sequence[PlannedMeter], values: Stored, meter: str, point: str | None
) -> str:
    """Ask the server to forget the stored value of `point`, or of every point if None.

    Returns what came of it; raises as `change` does.
    """
    _named(planned, meter)
    settings = _settings(planned, values)[meter]
    if point is not None:
        _expect(point, "setting", [*settings.points, *settings.stored_names()])
        settings.check_reset(point)
    return _ask(path, "reset", meter, {"point": point})


def command(path: Path, planned: Sequence[PlannedMeter], meter: str, point: str) -> str:
    """Ask the server to give the command `point`; returns what came of it.

    Raises ConfigError for names that are none, SubmeterError if the server refuses.
    """
    each = _named(planned, meter)
    _expect(point, "command", [p.name for p in each.map.points if p.group == "command"])
    return _ask(path, "command", meter, {"point": point})


def swap(
    path: Path,
    planned: Sequence[PlannedMeter],
    meter: str,
    *,
    point: str,
    source: str | None,
    old: str | None,
    new: str | None,
) -> str:
    """Ask the server to book the exchange of an instrument; returns what came of it.

    `old` is the last reading of the one that goes, `new` the first of the one that comes, both in
    the point's unit as they were read off. Raises as `change` does.
    """
    each = _named(planned, meter)
    if each.calculated:
        message = f"meter '{meter}' has no instrument of its own; name one of those that"
        raise ConfigError(f"{message} it is calculated from: {each.entry.calculated}")
    _expect(point, "energy index", [p.name for p in each.map.points if p.kind == "index"])
    if source is not None:
        _expect(source, "source", list(each.sources))
    argument = {"point": point, "source": source, "old": millionths(old), "new": millionths(new)}
    return _ask(path, "swap", meter, argument)


def millionths(text: str | None) -> int | None:
    """Return a reading in kWh (kvarh, kVAh, m3) as mWh (mvarh, mVAh, mL); raises ConfigError.

    >>> millionths("12345.678")
    12345678000
    """
    if text is None:
        return None
    match = _ENERGY.fullmatch(text)
    if not match:
        raise ConfigError(
            f"'{text}' is no reading; write kWh or m3 with a point, at most nine digits before it "
            "and six after it, as 12345.678"
        )
    return int(match[1]) * 1_000_000 + int((match[2] or "").ljust(6, "0"))


def _settings(planned: Sequence[PlannedMeter], values: Stored) -> dict[str, Settings]:
    """Return the settings of every meter by its name, as the server has them."""
    stored: dict[str, dict[str, Number]] = {each.entry.name: {} for each in planned}
    for (meter, point), value in values.items():
        if meter in stored:
            stored[meter][point] = value
    every = {}
    for each in planned:
        name, setup = each.entry.name, each.setup
        every[name] = Settings(each.map.points, setup.configured, stored[name], setup.sealed)
    addresses.keep_apart(every)
    return every


def _row(settings: Settings, name: str) -> tuple[str, ...]:
    point, value = settings.points[name], settings.value(name)
    origin: str = settings.origin(name) or "not in use"
    if settings.sealed and name in SEALED:
        origin += ", sealed"
    shown = "-" if value is None else f"{value:.9g}"
    return name, shown, point.unit or "", origin, meter_settings.allowed(point)


def _named(planned: Sequence[PlannedMeter], name: str) -> PlannedMeter:
    _expect(name, "meter", [each.entry.name for each in planned])
    return next(each for each in planned if each.entry.name == name)


def _expect(name: str, what: str, known: list[str]) -> None:
    if name not in known:
        raise ConfigError(f"no {what} is called '{name}'; {yamlfile.suggest(name, known)}")


def _ask(path: Path, action: str, meter: str, argument: dict[str, Any]) -> str:
    if not _exists(path):
        raise StoreError(f"there is no store at {path} yet; 'submeter run' makes it")
    answer = requests.ask(path, action, meter, argument, _user(), PATIENCE)
    if answer is None:
        return (
            "no server answered: nothing has changed yet; the request is kept, and will be done "
            "by the server, at its next start if none runs now"
        )
    if not answer.ok:
        raise SubmeterError(answer.text)
    return answer.text


def _exists(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        message = f"cannot read {path}: {error.strerror}; ask as the user that the server runs as"
        raise StoreError(message) from None
    return True


def _user() -> str:
    """Return the name of the user who runs this process, or the number of one without a name."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())
