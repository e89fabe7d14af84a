"""How a total went lately, to tell what it was at a moment between two bookings."""

from bisect import bisect_right

GRAIN = 15.0  # s between two entries
MOST = 256  # entries: an hour, for sources that are read every quarter of one


class Course:
    """A total in mWh (mvarh) by monotonic s: its last entry, and one a grain before."""

    __slots__ = ("_times", "_totals")

    def __init__(self) -> None:
        self._times: list[float] = []
        self._totals: list[int] = []

    def note(self, mono: float, total: int) -> None:
        """Note that it was `total` at `mono`; what is older than the last entry is ignored."""
        times, totals = self._times, self._totals
        if times and mono <= times[-1]:
            return
        if len(times) > 1 and times[-1] - times[-2] < GRAIN:
            times[-1], totals[-1] = mono, total
            return
        times.append(mono)
        totals.append(total)
        del times[:-MOST], totals[:-MOST]

    def at(self, mono: float) -> int | None:
        """Return what it was at `mono`, spread evenly between two entries; None if not known."""
        times, totals = self._times, self._totals
        if not times or not times[0] <= mono <= times[-1]:
            return None
        place = bisect_right(times, mono) - 1
        if times[place] == mono:
            return totals[place]
        part = (mono - times[place]) / (times[place + 1] - times[place])
        return totals[place] + int((totals[place + 1] - totals[place]) * part)
