"""What a meter shows of its energy indexes: only what is on the disk."""

from collections.abc import Collection, Mapping

from submeter.meter.energy import Energy
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Reading


class ShownIndexes:
    """The indexes `names` of one meter as they were committed, in mWh (mvarh).

    `max_age` is that of each source in s. While readings of an index are refused for longer, it has
    failed.
    """

    def __init__(
        self,
        names: Collection[str],
        energy: Energy,
        max_age: Mapping[str, float],
        committed: Mapping[str, int],
    ) -> None:
        self._names = names
        self._energy = energy
        self._max_age = max_age
        self._committed: dict[str, int | None] = dict(committed)
        self._doubts: dict[str, float] = {}  # since when readings are refused, monotonic s

    @property
    def withheld(self) -> bool:
        """Whether an index is known that was never shown, for want of its first commit."""
        totals = self._energy.totals
        return any(self._committed.get(n) is None and totals[n] is not None for n in self._names)

    def commit(self, totals: Mapping[str, int | None]) -> None:
        """Show `totals`, which are on the disk now."""
        self._committed |= totals

    def reading(self, name: str, heard: Reading, speaker: str, now: Instant) -> Reading:
        """Return the reading of one index: what is committed, as sure as what `speaker` said."""
        if heard.quality is Quality.ABSENT:
            return heard
        total = self._committed.get(name)
        if total is None:
            return Reading(None, Quality.STALE, heard.at)
        refused = heard.quality.good and self._refused_too_long(name, speaker, now)
        return Reading(total, Quality.FAILED if refused else heard.quality, heard.at)

    def _refused_too_long(self, name: str, speaker: str, now: Instant) -> bool:
        if not self._energy.doubtful(name, speaker):
            self._doubts.pop(name, None)
            return False
        since = self._doubts.setdefault(name, now.mono)
        return now.mono - since > self._max_age[speaker]
