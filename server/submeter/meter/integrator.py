"""Energy from power alone, added up exactly."""

import math
from typing import Any

from submeter.meter import saved as taken
from submeter.meter.instant import Instant

_MW_NS = 3_600_000_000_000  # mW * ns in one mWh
_KEPT = 60.0  # s; after a crash a pause is measured from a power that may be so much older


class Integrator:
    """Counts the energy of a power in one direction, in mWh (mvarh).

    `sign` is 1 for import and -1 for export. A power stands for the time since the one before it.
    After a pause longer than `longest` s nothing is counted: it is a gap, added to `gaps` and
    `gap_seconds`; so is the time between two runs of the program. A power beyond `largest_power`
    (W, var) is damage and ignored, as is one that is no number. `counted` never falls; `accepted`
    is when the last power was taken.
    """

    def __init__(self, sign: int, longest: float, largest_power: float = math.inf) -> None:
        self.counted = 0
        self.gaps = 0
        self.gap_seconds = 0.0
        self.accepted: Instant | None = None
        self._sign = sign
        self._longest = int(longest * 1e9)
        self._largest_power = largest_power / 1000
        self._rest = 0  # mW * ns, less than a mWh
        self._before: int | None = None  # monotonic ns
        self._left: float | None = None  # UTC s at which the run before this one ended

    @property
    def breaks(self) -> int:
        """How often energy was missed, so that `counted` lacks it."""
        return self.gaps

    @property
    def key(self) -> tuple[int, int]:
        """What differs, beside `counted`, once there is something to save.

        It has the minute of the last power in it, also where none flows: else a restart would make
        a gap of the rest before it.
        """
        return self.gaps, int(self.accepted.mono // _KEPT) if self.accepted else 0

    def take(self, power_kw: float, at: Instant) -> None:
        """Take a power in kW (kvar), import positive, valid at `at`."""
        if not abs(power_kw) <= self._largest_power or math.isinf(power_kw):
            return
        now = round(at.mono * 1e9)
        before = self._before
        if before is not None and now < before:
            return
        self.accepted = at
        self._before = now
        if before is None:
            self._resume(at)
        elif now - before > self._longest:
            self._gap((now - before) / 1e9)
        else:
            power = self._sign * round(power_kw * 1e6)
            if power > 0:
                whole, self._rest = divmod(self._rest + power * (now - before), _MW_NS)
                self.counted += whole

    def saved(self, now: Instant) -> dict[str, Any]:
        """Return the state as plain data for `restore`, its times by the clock as it is now."""
        at = self.accepted
        return {
            "counted": self.counted,
            "rest": self._rest,
            "gaps": self.gaps,
            "gap_seconds": self.gap_seconds,
            "utc": now.utc - (now.mono - at.mono) if at else self._left,
        }

    def restore(self, saved: taken.Saved) -> None:
        """Go on where `saved` was made; raises ValueError, and changes nothing, if it is damaged.

        The time since is a gap, which is measured when the next power comes.
        """
        counted, rest = taken.whole(saved, "counted"), taken.whole(saved, "rest")
        gaps, gap_seconds = taken.whole(saved, "gaps"), taken.seconds(saved, "gap_seconds")
        left = None if saved.get("utc") is None else taken.seconds(saved, "utc")
        if rest >= _MW_NS:
            raise ValueError(f"saved state: rest is {rest}, a mWh or more")
        self.counted, self._rest, self._left = counted, rest, left
        self.gaps, self.gap_seconds = gaps, gap_seconds
        self._before = None

    def _resume(self, at: Instant) -> None:
        if self._left is not None:
            self._gap(max(0.0, at.utc - self._left))
            self._left = None

    def _gap(self, seconds: float) -> None:
        self.gaps += 1
        self.gap_seconds += seconds
