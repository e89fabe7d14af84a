"""The telegrams that make up one answer."""

from dataclasses import dataclass

from submeter.sources.mbus.link import Long
from submeter.sources.mbus.telegram import Telegram

MOST_TELEGRAMS = 16


@dataclass(frozen=True, slots=True)
class Answer:
    """The telegrams of one reading, and their bytes as they came.

    It is `whole` unless the meter had more to say, and `sound` unless a telegram came twice amid
    the others: one may be lost then.
    """

    telegrams: tuple[Telegram, ...]
    raw: bytes
    whole: bool = True
    sound: bool = True


class Gathering:
    """Telegrams as they come in, at most `most`."""

    def __init__(self, most: int = MOST_TELEGRAMS) -> None:
        self._most = most
        self._forms: set[tuple[object, ...]] = set()
        self._telegrams: list[Telegram] = []
        self._raw = b""

    def repeats(self, each: Telegram) -> bool:
        """Tell whether `each` is there already: some meters begin again instead of ending."""
        return _form(each) in self._forms

    def add(self, frame: Long, each: Telegram) -> bool:
        """Take a telegram and its frame; tell whether another is to follow."""
        self._forms.add(_form(each))
        self._telegrams.append(each)
        self._raw += frame.encode()
        return each.more and len(self._telegrams) < self._most

    def answer(self, *, ended: bool = False, sound: bool = True) -> Answer:
        """Return what was gathered; `ended` if no more follows, whatever the last one says."""
        whole = ended or not self._telegrams[-1].more
        return Answer(tuple(self._telegrams), self._raw, whole, sound)


def _form(each: Telegram) -> tuple[object, ...]:
    """Return what tells a telegram from the others of its meter: its records without values."""
    records = tuple(
        (one.function, one.storage, one.tariff, one.subunit, one.vif, one.unit_text)
        for one in each.records
    )
    return (records, len(each.manufacturer))
