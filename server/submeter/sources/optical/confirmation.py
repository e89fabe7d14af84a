"""Whether two readouts bear each other out: the check character of one alone is weak."""

from submeter.meter.reading import Value
from submeter.pointmap import points
from submeter.pointmap.source_map import SourceMap
from submeter.sources.index_guard import follows
from submeter.sources.translation.message import Message
from submeter.sources.translation.translator import Translator


class Confirmation:
    """Compares the indexes of two readouts, as `source_map` makes them."""

    def __init__(self, source_map: SourceMap) -> None:
        self._map = source_map
        every = points.all_points()
        self._names = [name for name in source_map.rules if every[name].kind == "index"]

    def needed(self, message: Message) -> bool:
        """Tell whether `message` has an index at all."""
        return bool(self._indexes(message))

    def given(self, before: Message, after: Message, seconds: float) -> bool:
        """Tell whether `after` can be what the meter of `before` says so many seconds later.

        None of the indexes that both have, which is one at least, fell or grew by more than the
        map's largest power allows. A change of tariff may give or take one.
        """
        first, second = self._indexes(before), self._indexes(after)
        common = first.keys() & second.keys()
        if before.instrument != after.instrument or not common:
            return False
        most = self._map.largest_power
        return all(
            follows(int(first[name].number), int(second[name].number), seconds, most)
            for name in common
        )

    def _indexes(self, message: Message) -> dict[str, Value]:
        update = Translator(self._map).translate(message, 0.0)
        values = update.values if update else {}
        return {name: values[name] for name in self._names if name in values}
