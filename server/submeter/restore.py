"""The meters of a plan as the store remembers them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial

from submeter import __version__, changes, seal
from submeter.config import Loaded
from submeter.meter.access import Access
from submeter.meter.audit import Audit
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.setup import Command, Saved
from submeter.meter.trouble import Reason
from submeter.plan import PlannedMeter
from submeter.store.store import Store

_CONFIGURATION, _STATE = "configuration", "state"


@dataclass(frozen=True, slots=True)
class ServedMeter:
    """A planned meter, and the meter itself."""

    plan: PlannedMeter
    meter: Meter


def meters(
    loaded: Loaded,
    planned: Sequence[PlannedMeter],
    store: Store,
    audit: Audit,
    commands: Mapping[str, Command],
) -> tuple[list[ServedMeter], dict[str, str]]:
    """Return the meters with all that was committed of them, and notes for the next commit.

    What happened since the last run goes to `audit`.
    """
    now = Instant.now()
    access = Access(loaded.config.access, audit)
    kept = store.notes()
    notes = _tell_start(loaded, kept, audit, now)
    served = []
    for each in planned:
        key = f"seal:{each.entry.name}"
        intact, note = seal.inspect(each.entry, kept.get(key))
        if note and note != kept.get(key):
            notes[key] = note
            audit.note("seal" if intact else "seal_broken", each.entry.name, at=now)
        setup = replace(each.setup, commands=commands, intact=intact)
        meter = Meter(
            each.entry.name,
            each.map.points,
            each.feeds,
            setup,
            _saved(store, each.entry.name),
            audit=audit,
            access=access,
            start=now,
        )
        if store.trouble:
            meter.trouble(Reason.STORE, store.trouble, now)
        served.append(ServedMeter(each, meter))
        if each.calculated and (marks := kept.get(_calculation(each))):
            each.calculated.restore(json.loads(marks))
    _connect(served)
    return served, notes


def memory(planned: Sequence[PlannedMeter]) -> dict[str, str]:
    """Return the notes that change while the program runs."""
    return {
        _calculation(each): json.dumps(each.calculated.saved(), sort_keys=True)
        for each in planned
        if each.calculated
    }


def _calculation(each: PlannedMeter) -> str:
    return f"calculated:{each.entry.name}"


def _saved(store: Store, name: str) -> Saved:
    rows = {point: row for (meter, point), row in store.saved_indexes().items() if meter == name}
    settings = store.saved_settings()
    return Saved(
        totals={point: row.total for point, row in rows.items() if row.total is not None},
        states={point: row.state for point, row in rows.items()},
        settings={point: value for (meter, point), value in settings.items() if meter == name},
        demand=store.saved_demands().get(name),
        interval=store.last_interval(name),
    )


def _connect(served: Sequence[ServedMeter]) -> None:
    """Let every calculated meter hear its parts."""
    by_name = {each.plan.entry.name: each.meter for each in served}
    for each in served:
        calculated = each.plan.calculated
        if calculated:
            for name in calculated.expression.names:
                by_name[name].subscribe(partial(calculated.hear, name))


def _tell_start(
    loaded: Loaded, kept: Mapping[str, str], audit: Audit, now: Instant
) -> dict[str, str]:
    after = {None: "nothing", "stopped": "stop", "running": "crash"}.get(kept.get(_STATE), "crash")
    audit.note("started", at=now, version=__version__, after=after)
    configuration = changes.snapshot(loaded.document.data)
    before = kept.get(_CONFIGURATION)
    if before is not None and before != configuration:
        keys = ", ".join(changes.between(before, configuration))
        audit.note("configuration_changed", at=now, keys=keys)
    return {_CONFIGURATION: configuration, _STATE: "running"}
