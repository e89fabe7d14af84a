"""What a reading says, by the labels of the source map."""

import functools
import operator
from collections import defaultdict
from collections.abc import Iterable, Sequence

from submeter.pointmap.mbus_record import Function, MbusRecord
from submeter.pointmap.source_map import SourceMap
from submeter.sources.mbus.record import Record
from submeter.sources.mbus.telegram import Telegram
from submeter.sources.translation.datum import Datum, Said
from submeter.sources.translation.plain_text import plain_text

STATUS = "status"

_Key = tuple[str, Function, int, int, int]


class Picker:
    """Picks the records that a map names."""

    def __init__(self, source_map: SourceMap) -> None:
        labels = source_map.labels.items()
        self._labels = {name: each for name, each in labels if isinstance(each, MbusRecord)}

    def pick(self, telegrams: Sequence[Telegram]) -> tuple[Said, frozenset[str]]:
        """Return what `telegrams` say, and the labels that they have without a usable value."""
        records: dict[_Key, list[Record]] = defaultdict(list)
        for each in telegrams:
            for one in each.records:
                key = (one.quantity, one.function, one.storage, one.tariff, one.subunit)
                records[key].append(one)
        said: Said = {}
        unusable = set()
        for name, label in self._labels.items():
            if label.quantity == STATUS:
                said[name] = status(telegrams)
                continue
            key = (label.quantity, label.function, label.storage, label.tariff, label.subunit)
            found = _nth(records.get(key, ()), label)
            datum = _datum(found, label) if found else None
            if datum:
                said[name] = datum
            elif found:
                unusable.add(name)
        return said, frozenset(unusable)

    def finds(self, said: Said, unusable: Iterable[str]) -> bool:
        """Tell whether any record was found by the map."""
        return any(self._labels[name].quantity != STATUS for name in (*said, *unusable))


def status(telegrams: Sequence[Telegram]) -> Datum:
    """Return the status of the meter; its text are its eight bits, the highest first.

    The text is empty where no header tells it.
    """
    told = [each.header.status for each in telegrams if each.header.status is not None]
    if not told:
        return Datum("")
    together = functools.reduce(operator.or_, told)
    return Datum(f"{together:08b}", together)


def _nth(records: Iterable[Record], label: MbusRecord) -> Record | None:
    fitting = [each for each in records if _fits(each, label)]
    return fitting[label.nth] if label.nth < len(fitting) else None


def _fits(record: Record, label: MbusRecord) -> bool:
    if label.unit_text is not None and record.unit_text != label.unit_text:
        return False
    if label.vif is not None:
        return record.vif == bytes(label.vif)
    return record.vife == tuple(label.vife or ())


def _datum(record: Record, label: MbusRecord) -> Datum | None:
    """Return what `record` says; None if it has no usable value."""
    if record.error:
        return None
    if label.text:
        return Datum(plain_text(record.text))
    if label.is_stamped:
        if record.stamp is None:
            return None
        return Datum(plain_text(record.text), record.number, label.unit, record.stamp)
    if record.number is None:
        return None
    if label.largest is not None and not -label.largest <= record.number <= label.largest:
        return None
    return Datum(_shown(record), record.number, label.unit)


def _shown(record: Record) -> str:
    """Return what was sent and, unless it says nothing, how it is scaled to be in the unit."""
    text = plain_text(record.text)
    if record.factor != 1 and record.number != record.offset:
        text += f" x {record.factor}"
    if record.offset:
        text += f" {'-' if record.offset < 0 else '+'} {abs(record.offset)}"
    return text
