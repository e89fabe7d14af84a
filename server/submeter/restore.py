"""The meters of a plan as the store remembers them."""

import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

from submeter import __version__, changes, seal
from submeter.config import Loaded
from submeter.errors import StoreError
from submeter.meter import addresses
from submeter.meter.access import Access
from submeter.meter.audit import Audit
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.setup import Command, Saved, Setup
from submeter.meter.trouble import Reason
from submeter.plan import PlannedMeter
from submeter.sources.source import Rated, Remembering
from submeter.store.store import Store

T = TypeVar("T")

_log = logging.getLogger(__name__)

RATINGS = "CT_Primary_Rating", "CT_Secondary_Rating"
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
    access: Access,
    commands: Mapping[str, Command],
) -> tuple[list[ServedMeter], dict[str, str]]:
    """Return the meters with all that was committed of them, and notes for the next commit.

    What happened since the last run goes to `audit`.
    """
    now = Instant.now()
    kept = store.notes()
    saved = _Saved(store)
    notes = _tell_start(loaded, kept, audit, now)
    altered = _tell_altered(store, audit, now)
    served = []
    for each in planned:
        key = f"seal:{each.entry.name}"
        intact, note = seal.inspect(each.entry, kept.get(key), loaded.own_maps)
        intact = intact and each.entry.name not in altered
        if note and note != kept.get(key):
            notes[key] = note
            audit.note("seal" if intact else "seal_broken", each.entry.name, at=now)
        setup = replace(each.setup, commands=commands, intact=intact)
        meter = _meter(each, setup, saved, audit, access, now)
        if store.trouble:
            meter.trouble(Reason.STORE, store.trouble, now)
        served.append(ServedMeter(each, meter))
        _rate(each, meter)
        _recall(each, kept, store)
    _connect(served)
    addresses.keep_apart({each.meter.name: each.meter.settings for each in served})
    for one in served:
        _tell_ignored(one.meter)
    return served, notes


def memory(planned: Sequence[PlannedMeter]) -> dict[str, str]:
    """Return the notes that change while the program runs."""
    notes = {
        _calculation(each): json.dumps(each.calculated.saved(), sort_keys=True)
        for each in planned
        if each.calculated
    }
    for each in planned:
        for name, source in each.sources.items():
            if isinstance(source, Remembering):
                notes[_remembered(each, name)] = source.saved()
    return notes


def _calculation(each: PlannedMeter) -> str:
    return f"calculated:{each.entry.name}"


def _remembered(each: PlannedMeter, source: str) -> str:
    return f"source:{each.entry.name}/{source}"


def _meter(
    each: PlannedMeter, setup: Setup, saved: "_Saved", audit: Audit, access: Access, now: Instant
) -> Meter:
    name = each.entry.name
    points, feeds, own = each.map.points, each.feeds, saved.of(name)
    try:
        return Meter(name, points, feeds, setup, own, audit=audit, access=access, start=now)
    except ValueError as error:
        # A fault that is not the store's must not be laid at its door.
        Meter(name, points, feeds, setup)
        # Without what was counted, an index would begin anew, and could fall.
        raise _senseless(saved.store, name, error) from None


def _rate(each: PlannedMeter, meter: Meter) -> None:
    """Tell sources the ratings of the current transformers, now and at each change."""
    rated = [source for source in each.sources.values() if isinstance(source, Rated)]

    def tell(point: str, value: object) -> None:
        if point in RATINGS:
            primary, secondary = map(meter.settings.value, RATINGS)
            for source in rated:
                source.rate(primary, secondary)

    if rated:
        meter.settings.subscribe(tell)


def _recall(each: PlannedMeter, kept: Mapping[str, str], store: Store) -> None:
    """Give a calculated meter its marks again, and sources what they must not forget."""
    try:
        if each.calculated and (marks := kept.get(_calculation(each))):
            each.calculated.restore(json.loads(marks))
        for name, source in each.sources.items():
            if isinstance(source, Remembering) and (text := kept.get(_remembered(each, name))):
                source.restore(text)
    except (ValueError, AttributeError, RecursionError) as error:
        raise _senseless(store, each.entry.name, error) from None


def _senseless(store: Store, name: str, error: Exception) -> StoreError:
    return StoreError(
        f"store {store.path}: what it holds of meter '{name}' makes no sense ({error}); "
        "put back a copy of the file"
    )


def _tell_altered(store: Store, audit: Audit, now: Instant) -> set[str]:
    """Tell of indexes that somebody changed in the file, and return their meters.

    They are served, for nobody knows what they were; once committed they are signed like the rest.
    """
    altered = store.altered_indexes()
    for meter, point in altered:
        _log.error("event=index_altered meter=%s point=%s store=%s", meter, point, store.path)
        audit.note("index_altered", meter, at=now, point=point)
    return {meter for meter, _ in altered}


class _Saved:
    """What `store` has of every meter, read once."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._indexes = _by_meter(store.saved_indexes())
        self._settings = _by_meter(store.saved_settings())
        self._demands = store.saved_demands()

    def of(self, meter: str) -> Saved:
        """Return what there is of one meter."""
        rows = self._indexes.get(meter, {})
        return Saved(
            states={point: row.state for point, row in rows.items()},
            settings=self._settings.get(meter, {}),
            demand=self._demands.get(meter),
            interval=self.store.last_interval(meter),
        )


def _by_meter(found: Mapping[tuple[str, str], T]) -> dict[str, dict[str, T]]:
    """Return what is kept by meter and point, by meter."""
    sorted_out: dict[str, dict[str, T]] = {}
    for (meter, point), each in found.items():
        sorted_out.setdefault(meter, {})[point] = each
    return sorted_out


def _connect(served: Sequence[ServedMeter]) -> None:
    """Let every calculated meter hear its parts."""
    by_name = {each.plan.entry.name: each.meter for each in served}
    for each in served:
        calculated = each.plan.calculated
        if calculated:
            for name in calculated.expression.names:
                by_name[name].subscribe(partial(calculated.hear, name))


def _tell_ignored(meter: Meter) -> None:
    for name, reason in meter.settings.ignored.items():
        message = 'event=setting_ignored meter=%s point=%s reason="%s"'
        _log.warning(message, meter.name, name, reason)


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
