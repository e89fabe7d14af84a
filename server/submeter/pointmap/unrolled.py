"""The entries of a meter map that one with a series stands for."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from submeter import yamlfile
from submeter.pointmap import address
from submeter.pointmap.lookup import Lookup
from submeter.pointmap.meter_file import LAST_INSTANCE, ObjectEntry, RegisterEntry
from submeter.pointmap.series import named

Entry = TypeVar("Entry", RegisterEntry, ObjectEntry)


def each(
    entries: Iterable[Entry],
    unroll: Callable[[Entry], Iterator[Entry]],
    loc: yamlfile.Loc,
    lookup: Lookup,
) -> Iterator[tuple[yamlfile.Loc, Entry]]:
    """Yield every entry of the list at `loc`, and where it is written.

    Of a series, nothing is yielded after the first one that `lookup` got a fault of.
    """
    for index, entry in enumerate(entries):
        place: yamlfile.Loc = (*loc, index)
        before = len(lookup.faults)
        try:
            for single in unroll(entry):
                yield place, single
                if len(lookup.faults) > before:
                    break
        except ValueError as error:
            lookup.fault((*place, "series"), str(error))


def registers(entry: RegisterEntry) -> Iterator[RegisterEntry]:
    """Yield the entries that `entry` stands for, one after another from its address on.

    Raises ValueError where they go beyond the end of the table.
    """
    if entry.series is None or entry.point is None:
        yield entry
        return
    for place, number in enumerate(entry.series.numbers):
        at = address.later(entry.at, place * entry.length) if place else entry.at
        yield entry.model_copy(update={"point": named(entry.point, number), "at": at})


def objects(entry: ObjectEntry) -> Iterator[ObjectEntry]:
    """Yield the entries that `entry` stands for, with instances that follow each other.

    Raises ValueError where they go beyond the last instance that there is.
    """
    if entry.series is None:
        yield entry
        return
    for instance, number in enumerate(entry.series.numbers, entry.instance):
        if instance > LAST_INSTANCE:
            raise ValueError(f"the series goes beyond instance {LAST_INSTANCE}; shorten it")
        name = named(entry.name, number) if entry.name else None
        point = named(entry.point, number)
        yield entry.model_copy(update={"point": point, "name": name, "instance": instance})
