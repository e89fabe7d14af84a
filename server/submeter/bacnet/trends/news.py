"""What the store has that the trend logs do not know yet, of all meters in one pass."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from submeter.bacnet.outside import History
from submeter.bacnet.trends.record_times import Anchor

_EVER = -1  # before every time
# Of samples since the anchor: a day of them, and more if the store was closed badly.
_MOST_COUNTED = 100_000


class Known(NamedTuple):
    """What is known of a meter: `last`, the time of its last record, if there is one.

    Before the first look there may be an `anchor` to count from.
    """

    last: int | None = None
    anchor: Anchor | None = None


class News(NamedTuple):
    """Of a meter: the times of new records, or of `all` that there are.

    `since` the anchor were so many. The store has nothing from before `oldest` any more.
    """

    times: Sequence[int]
    oldest: int = 0
    all: bool = False
    since: int = 0


def look(history: History, known: Mapping[str, Known], most: int) -> dict[str, News]:
    """Return the news of all meters in `known`, at most `most` times each; raises StoreError.

    Reads the disk, so it is for another thread.
    """
    oldest = history.oldest() or 0
    followed = {meter: each.last - 1 for meter, each in known.items() if each.last is not None}
    found: dict[str, News] = {}
    for meter, times in _times(history, followed, most).items():
        # Without the last record, samples were let go of or the clock was set back.
        if list(times[:1]) == [followed[meter] + 1]:
            found[meter] = News(times[1:], oldest)
    whole = _times(history, {meter: _EVER for meter in known if meter not in found}, most)
    counts = _counts(history, known, whole, most)
    for meter, times in whole.items():
        found[meter] = News(times, oldest, all=True, since=counts.get(meter, 0))
    return found


def _counts(
    history: History, known: Mapping[str, Known], found: Mapping[str, Sequence[int]], most: int
) -> dict[str, int]:
    """Return how many samples there were of each meter after that of its anchor."""
    anchors = {meter: anchor.at for meter in found if (anchor := known[meter].anchor)}
    counts = {meter: sum(at > start for at in found[meter]) for meter, start in anchors.items()}
    whole = {meter for meter, count in counts.items() if 0 < count == len(found[meter])}
    beyond = {meter: start for meter, start in anchors.items() if meter in whole}
    counted = _times(history, beyond, max(most, _MOST_COUNTED))
    return counts | {meter: len(times) for meter, times in counted.items()}


def _times(history: History, after: Mapping[str, int], most: int) -> Mapping[str, Sequence[int]]:
    return history.times(after, most) if after else {}
