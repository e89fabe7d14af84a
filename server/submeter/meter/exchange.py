"""The exchange of an instrument, as somebody books it by hand."""

from typing import NamedTuple

from submeter.errors import Refusal, WriteRefusedError
from submeter.meter.access import Who
from submeter.meter.audit import Audit
from submeter.meter.energy import Energy
from submeter.meter.instant import Instant


class Exchange(NamedTuple):
    """An instrument behind the index `point` and another one in its place.

    The old one read `old` last, the new one `new` first, in mWh (mvarh), None where nobody knows.
    """

    point: str
    source: str
    old: int | None
    new: int | None

    def book(self, energy: Energy, now: Instant) -> None:
        """Let `energy` follow; raises WriteRefusedError if that cannot be."""
        try:
            energy.swap(self.point, self.source, self.old, self.new, now)
        except ValueError as error:
            raise WriteRefusedError(Refusal.OUT_OF_RANGE, str(error)) from None

    def note(self, audit: Audit, meter: str, who: Who, now: Instant) -> None:
        """Tell the audit log that it was booked."""
        known = {"old": self.old, "new": self.new}
        told = {name: "none" if value is None else value for name, value in known.items()}
        where = {"point": self.point, "source": self.source}
        audit.note("swap", meter, str(who), at=now, **where, **told)
