"""A PME-PMI meter as its tables describe it: no frame of one is public, so these are made up.

The labels, units and date form are those of Enedis-NOI-CPT_02E v6, chapter PME-PMI.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from submeter.sources.tic.decoder import Group, Mode
from tooling.tic import frame, local

START = datetime(2024, 1, 16, 9, tzinfo=UTC)
NIGHT, DAY = "HCH", "HPH"


def date(utc: datetime) -> str:
    """Return `JJ/MM/AA HH:MM:SS` in legal time."""
    return f"{local(utc):%d/%m/%y %H:%M:%S}"


@dataclass
class PmePmi:
    """A meter that draws (`watts`) and counts per tariff and billing period, in kWh and kvarh.

    `tariff` and `period` are set by whoever plays with it; reactive energy is a quarter of the
    active. A `producer` injects nothing, but says that it could.
    """

    address: str | None = "041436028024"
    now: datetime = START
    period: datetime = datetime(2024, 1, 1, tzinfo=UTC)
    before: datetime = datetime(2023, 12, 1, tzinfo=UTC)
    tariff: str = DAY
    watts: int = 90_000
    producer: bool = False
    warning: bool = False
    dynamic: str | None = None
    joules: dict[tuple[datetime, str], int] = field(default_factory=dict)

    def run(self, seconds: int) -> None:
        """Let time pass at the present power and tariff."""
        account = (self.period, self.dynamic or self.tariff)
        self.joules[account] = self.joules.get(account, 0) + self.watts * seconds
        self.now += timedelta(seconds=seconds)

    def next_period(self) -> None:
        """Close the billing period."""
        self.before, self.period = self.period, self.now

    def kwh(self, period: datetime, tariff: str | None = None) -> int:
        """Return what the register of a tariff came to in a period."""
        return self.joules.get((period, tariff or self.dynamic or self.tariff), 0) // 3_600_000

    @property
    def total(self) -> int:
        """The sum of all registers in kWh, which the meter itself does not show."""
        return sum(joules // 3_600_000 for joules in self.joules.values())

    def next_frame(self, seconds: int = 10) -> bytes:
        """Let `seconds` pass and return the next frame."""
        self.run(seconds)
        return frame(Mode.PME_PMI, self.groups())

    def groups(self) -> list[Group]:
        """Return what a frame of this moment says."""
        return list(self._groups())

    def _groups(self) -> Iterator[Group]:
        if self.address:
            yield Group("ADS", self.address)
        yield Group("MESURES1", "BT 5 SUP36")
        yield Group("DATE", date(self.now))
        yield Group("EA_s", f"{self.watts // 60}Wh")
        yield Group("ER+_s", f"{self.watts // 240}varh")
        yield Group("EAPP_s", f"{self.watts // 58}VAh")
        yield Group("PTCOUR1", self.tariff)
        yield Group("TARIFDYN", "ACTIF" if self.dynamic else "INACTIF")
        yield Group("ETATDYN1", self.dynamic or self.tariff)
        yield Group("PREAVIS1", "")
        yield Group("MODE", "CONSO")
        yield Group("CONFIG", "PROD" if self.producer else "CONSO")
        for number in range(1, 7):
            yield Group(f"DATEPA{number}", date(self.now - timedelta(minutes=10 * number)))
            yield Group(f"PA{number}_s", f"{self.watts // 1000}kW")
            yield Group(f"PA{number}_i", "0kW")
        yield Group("DebP", date(self.period))
        yield from self._energies("P", "EAP", self.period)
        yield Group("DebP-1", date(self.before))
        yield Group("FinP-1", date(self.period))
        yield from self._energies("P-1", "EaP-1", self.before)
        yield Group("PS", "250kVA")
        if self.warning:
            yield Group("PREAVIS", "DEP")
        yield Group("PA1MN", f"{self.watts // 1000}kW")
        yield Group("PMAX_s", "103kW")
        yield Group("PMAX_i", "0kW")
        yield Group("TGPHI_s", "-0.25")

    def _energies(self, suffix: str, active: str, period: datetime) -> Iterator[Group]:
        kwh = self.kwh(period)
        yield Group(f"{active}_s", f"{kwh}kWh")
        yield Group(f"{active}_i", "0kWh")
        yield Group(f"ER+{suffix}_s", f"{kwh // 4}kvarh")
        yield Group(f"ER-{suffix}_s", "0kvarh")
        yield Group(f"ER+{suffix}_i", "0kvarh")
        yield Group(f"ER-{suffix}_i", "0kvarh")
