"""TIC as meters send it: an encoder, and models of a Linky and of an older meter.

The models sit in the simulated household, second by second, and put its powers into the registers
that Enedis-NOI-CPT_54E v3 describes; what they send follows from their arguments alone. No frame
of a three-phase historique meter and no short frame was found in public: those are made after the
tables of that document and of NOI-CPT_02E.
"""

import math
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Literal

from submeter.sources.simulated.household import Household, State
from submeter.sources.tic.decoder import Group, Mode

START = datetime(2024, 1, 16, 21, 29, tzinfo=UTC)  # one minute before the night tariff
Contract = Literal["BASE", "HC", "EJP", "TEMPO"]

_BYTES_PER_SECOND = {Mode.STANDARD: 960, Mode.HISTORIQUE: 120}  # seven bits, parity, start, stop
_GAP = 25_000  # microseconds between frames: 16.7 to 33.4 ms
_SECOND = 1_000_000
_HALF_HOUR, _TEN_MINUTES = 1800, 600

Value = tuple[int, str]  # a number and its horodate


def group(mode: Mode, label: str, data: str, horodate: str | None = None) -> bytes:
    """Return one group, LF to CR."""
    if mode is Mode.STANDARD:
        fields = [label, data] if horodate is None else [label, horodate, data]
        zone = "".join(field + "\t" for field in fields)
        text = zone
    else:
        zone = f"{label} {data}"
        text = zone + " "
    check = sum(map(ord, zone)) % 64 + 32
    return f"\n{text}{chr(check)}\r".encode()


def frame(mode: Mode, groups: Iterable[Group]) -> bytes:
    """Return one frame, STX to ETX."""
    encoded = (group(mode, each.label, each.data, each.horodate) for each in groups)
    return b"\x02" + b"".join(encoded) + b"\x03"


def local(utc: datetime) -> datetime:
    """Return the legal time in France; an hour ahead of UTC, two in summer (directive 2000/84)."""
    changes = [_last_sunday(utc.year, month) for month in (3, 10)]
    return utc.astimezone(timezone(timedelta(hours=2 if changes[0] <= utc < changes[1] else 1)))


def horodate(utc: datetime) -> str:
    """Return `SAAMMJJhhmmss` in legal time."""
    time = local(utc)
    season = "E" if time.utcoffset() == timedelta(hours=2) else "H"
    return f"{season}{time:%y%m%d%H%M%S}"


def _last_sunday(year: int, month: int) -> datetime:
    last = datetime(year, month, 31, 1, tzinfo=UTC)
    return last - timedelta(days=(last.weekday() + 1) % 7)


class House:
    """What the meters measure: a household whose seconds are summed up.

    `time` is the end of the second that `state` shows. Joules are those of the sum of the first
    `phases` phases, imported in one tariff (night, day) or the other.
    """

    def __init__(self, seed: int, start: datetime, phases: int, solar: int = 0) -> None:
        midnight = local(start).replace(hour=0, minute=0, second=0)
        self._household = Household(seed, int((local(start) - midnight).total_seconds()), solar)
        self._phases = slice(phases)
        self.time = start
        self.imported = 0
        self.exported = 0
        self.quadrants = [0, 0, 0, 0]
        self.second()

    def second(self) -> None:
        """Let one second pass."""
        self.time += timedelta(seconds=1)
        self.state: State = self._household.step()
        active, reactive = sum(self.active), sum(self.state.reactive[self._phases])
        self.imported += max(0, active)
        self.exported += max(0, -active)
        quadrant = (0 if active >= 0 else 1) if reactive >= 0 else (2 if active < 0 else 3)
        self.quadrants[quadrant] += abs(reactive)

    @property
    def active(self) -> tuple[int, ...]:
        """The power in W of each phase that the meter has."""
        return self.state.active[self._phases]

    @property
    def voltage(self) -> tuple[float, ...]:
        """The voltage in V of each phase that the meter has."""
        return self.state.voltage[self._phases]

    @property
    def current(self) -> tuple[float, ...]:
        """The current in A of each phase that the meter has."""
        return self.state.current[self._phases]

    @property
    def apparent(self) -> list[int]:
        """The apparent power in VA of each phase, negative when fed in (NOI-CPT_54E 6.2.3.10)."""
        apparent = self.state.apparent[self._phases]
        return [round(math.copysign(*pair)) for pair in zip(apparent, self.active, strict=True)]

    @property
    def night(self) -> bool:
        """Whether the off-peak tariff runs: from 22:30 to 6:30."""
        return not "0630" <= f"{local(self.time):%H%M}" < "2230"


class Linky:
    """A Linky in standard mode: every label of NOI-CPT_54E 6.2.2 that it sends, in that order.

    The supplier's tariff is night (index 1) and day (index 2). A producer has a roof of 6 kW. One
    of `phases` 1 measures only the household's first.
    """

    def __init__(
        self, seed: int = 1, start: datetime = START, phases: int = 3, producer: bool = False
    ) -> None:
        self._random = Random(f"{seed} linky")
        self._seed = seed
        self._start = start
        self._producer = producer
        self._numbers = ("1", "2", "3")[:phases]
        self._sent = 0  # microseconds since the start
        begin = start - timedelta(seconds=start.timestamp() % _HALF_HOUR + 2 * _HALF_HOUR)
        self.house = House(seed, begin, phases, solar=6000 if producer else 0)
        self._index = [self._random.randint(4_000_000, 20_000_000) for _ in range(2)]
        self._counted = 0  # Wh already in an index
        self._today: dict[str, Value] = {}
        self._yesterday = self._some_maxima(begin - timedelta(days=1))
        self._curve: dict[str, list[Value]] = {"CCASN": [], "CCAIN": []}
        self._curve_from = {"CCASN": 0, "CCAIN": 0}
        self._volts: list[tuple[float, ...]] = []
        self._mean: tuple[float, ...] = self.house.voltage
        self._mean_at = horodate(begin)
        self._measure()
        while self.house.time < start:
            self._second()

    def next_frame(self) -> bytes:
        """Return the next frame; the time that its sending takes then passes."""
        encoded = frame(Mode.STANDARD, self.groups())
        self._sent += len(encoded) * _SECOND // _BYTES_PER_SECOND[Mode.STANDARD] + _GAP
        while self.house.time < self._start + timedelta(seconds=self._sent // _SECOND):
            self._second()
        return encoded

    def groups(self) -> list[Group]:
        """Return what a frame of this moment says."""
        return [
            Group("ADSC", f"0422{64 if len(self._numbers) == 1 else 76}{self._seed % 10**6:06}"),
            Group("VTIC", "02"),
            Group("DATE", "", horodate(self.house.time)),
            Group("NGTF", "H PLEINE/CREUSE "),
            Group("LTARF", f"HEURE {'CREUSE' if self.house.night else 'PLEINE'}    "),
            *self._energies(),
            *self._instantaneous(),
            *self._maxima("SMAXSN"),
            *self._injected(),
            *self._load_curves(),
            *self._mean_voltages(),
            *self._calendar(),
        ]

    def _second(self) -> None:
        self.house.second()
        if f"{local(self.house.time):%H%M%S}" == "000000":
            self._yesterday, self._today = self._today, {}
        self._measure()
        seconds = int(self.house.time.timestamp())
        if seconds % _TEN_MINUTES == 0:
            self._mean = tuple(sum(phase) / len(phase) for phase in zip(*self._volts, strict=True))
            self._mean_at = horodate(self.house.time)
            self._volts.clear()
        if seconds % _HALF_HOUR == 0:
            self._end_of_curve_period()

    def _measure(self) -> None:
        """Put this second into the indexes, the maxima and the means."""
        whole = self.house.imported // 3600
        self._index[0 if self.house.night else 1] += whole - self._counted
        self._counted = whole
        self._volts.append(self.house.voltage)
        total = sum(self.house.apparent)
        powers = {"SMAXSN": total, "SMAXIN": -total}
        powers |= {f"SMAXSN{n}": s for n, s in zip(self._numbers, self.house.apparent, strict=True)}
        for label, power in powers.items():
            if label not in self._today or power > self._today[label][0]:
                self._today[label] = max(0, power), horodate(self.house.time)

    def _end_of_curve_period(self) -> None:
        for label, joules in ("CCASN", self.house.imported), ("CCAIN", self.house.exported):
            mean = (joules - self._curve_from[label]) // _HALF_HOUR
            self._curve_from[label] = joules
            self._curve[label] = [(mean, horodate(self.house.time)), *self._curve[label][:1]]

    def _some_maxima(self, day: datetime) -> dict[str, Value]:
        """Return maxima of a day that the model did not live through."""
        at = horodate(local(day).replace(hour=19, minute=self._random.randrange(60)))
        phases = [self._random.randint(1500, 3500) for _ in self._numbers]
        maxima = {f"SMAXSN{n}": s for n, s in zip(self._numbers, phases, strict=True)}
        maxima |= {"SMAXSN": sum(phases) - 200, "SMAXIN": self._random.randint(2000, 5000)}
        return {label: (number, at) for label, number in maxima.items()}

    def _energies(self) -> Iterable[Group]:
        yield Group("EAST", f"{sum(self._index):09}")
        for label, indexes in ("EASF", 10), ("EASD", 4):
            for number in range(indexes):
                index = self._index[number] if number < 2 else 0
                yield Group(f"{label}{number + 1:02}", f"{index:09}")
        if self._producer:
            yield Group("EAIT", f"{self.house.exported // 3600:09}")
            for number, joules in enumerate(self.house.quadrants, 1):
                yield Group(f"ERQ{number}", f"{joules // 3600:09}")

    def _instantaneous(self) -> Iterable[Group]:
        apparent = self.house.apparent
        for number, amperes in zip(self._numbers, self.house.current, strict=True):
            yield Group(f"IRMS{number}", f"{round(amperes):03}")
        for number, volts in zip(self._numbers, self.house.voltage, strict=True):
            yield Group(f"URMS{number}", f"{round(volts):03}")
        yield Group("PREF", f"{self._reference:02}")
        yield Group("PCOUP", f"{self._reference:02}")
        yield Group("SINSTS", f"{max(0, sum(apparent)):05}")
        if len(apparent) > 1:
            for number, power in zip(self._numbers, apparent, strict=True):
                yield Group(f"SINSTS{number}", f"{max(0, power):05}")

    @property
    def _reference(self) -> int:
        return 6 if len(self._numbers) == 1 else 12

    def _maxima(self, label: str) -> Iterable[Group]:
        """Yield today's maxima, then yesterday's, the phases after the total."""
        phases = self._numbers if label == "SMAXSN" and len(self._numbers) > 1 else ()
        for maxima, suffix in (self._today, ""), (self._yesterday, "-1"):
            for name in (label, *(label + number for number in phases)):
                number, at = maxima[name]
                yield Group(name + suffix, f"{number:05}", at)

    def _injected(self) -> Iterable[Group]:
        if self._producer:
            yield Group("SINSTI", f"{max(0, -sum(self.house.apparent)):05}")
            yield from self._maxima("SMAXIN")

    def _load_curves(self) -> Iterable[Group]:
        for label in ("CCASN", "CCAIN") if self._producer else ("CCASN",):
            for (watts, at), suffix in zip(self._curve[label], ("", "-1"), strict=True):
                yield Group(label + suffix, f"{watts:05}", at)

    def _mean_voltages(self) -> Iterable[Group]:
        for number, volts in zip(self._numbers, self._mean, strict=True):
            yield Group(f"UMOY{number}", f"{round(volts):03}", self._mean_at)

    def _calendar(self) -> Iterable[Group]:
        night = self.house.night
        profile = ["0000C001", "06308002", "2230C001"] + ["NONUTILE"] * 8
        yield Group("STGE", f"{self._status():08X}")
        yield Group("MSG1", "PAS DE          MESSAGE         ")
        yield Group("PRM", f"{self._seed:014}")
        yield Group("RELAIS", "001" if night else "000")
        yield Group("NTARF", "01" if night else "02")
        yield Group("NJOURF", "00")
        yield Group("NJOURF+1", "00")
        yield Group("PJOURF+1", " ".join(profile))

    def _status(self) -> int:
        """Return STGE: registered and synchronised over the mains, all well (6.2.3.14)."""
        total = sum(self.house.apparent)
        tariff = 0 if self.house.night else 1
        flags = tariff | (total > self._reference * 1000) << 7 | self._producer << 8
        return 0x00DA0000 | flags | (total < 0) << 9 | tariff << 10 | tariff << 14


_CONTRACTS: dict[Contract, tuple[str, tuple[str, ...], tuple[str, str]]] = {
    "BASE": ("BASE", ("BASE",), ("TH..", "TH..")),
    "HC": ("HC..", ("HCHC", "HCHP"), ("HC..", "HP..")),
    "EJP": ("EJP.", ("EJPHN", "EJPHPM"), ("HN..", "HN..")),
    "TEMPO": (
        "BBR(",
        ("BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"),
        ("HCJB", "HPJB"),
    ),
}


class Historique:
    """An electronic meter in historique mode, labels in the order of NOI-CPT_54E 6.1.

    `subscribed` is the current in A beyond which ADPS, or a short frame of a three-phase meter,
    warns. The Tempo day is blue, the EJP period normal.
    """

    def __init__(
        self,
        seed: int = 1,
        start: datetime = START,
        contract: Contract = "BASE",
        phases: int = 1,
        subscribed: int = 30,
    ) -> None:
        random = Random(f"{seed} historique")
        self._address = f"0216{seed % 10**8:08}"
        self._start = start
        self._subscribed = subscribed
        self._option, self._labels, self._periods = _CONTRACTS[contract]
        self._index = [random.randint(1_000_000, 30_000_000) for _ in self._labels]
        self._counted = 0
        self._sent = 0
        self.house = House(seed, start - timedelta(seconds=1), phases)

    def next_frame(self) -> bytes:
        """Return the next long frame; the time that its sending takes then passes."""
        return self._send(self.groups())

    def next_short_frame(self) -> bytes:
        """Return the next short frame: the phases over the subscribed current, and the currents."""
        return self._send(self.short_groups())

    def groups(self) -> list[Group]:
        """Return what a long frame of this moment says."""
        return [
            Group("ADCO", self._address),
            Group("OPTARIF", self._option),
            Group("ISOUSC", f"{self._subscribed:02}"),
            *(Group(*pair) for pair in zip(self._labels, self._indexes(), strict=True)),
            Group("PTEC", self._periods[0 if self.house.night else 1]),
            *([Group("DEMAIN", "BLEU")] if self._option == "BBR(" else []),
            *(self._three_phase() if len(self._amperes) > 1 else self._single_phase()),
        ]

    def short_groups(self) -> list[Group]:
        """Return what a short frame of this moment says; three-phase meters alone have them."""
        phases = list(enumerate(self._amperes, 1))
        over = [(number, amperes) for number, amperes in phases if amperes > self._subscribed]
        return [
            *(Group(f"ADIR{number}", f"{amperes:03}") for number, amperes in over),
            Group("ADCO", self._address),
            *(Group(f"IINST{number}", f"{amperes:03}") for number, amperes in phases),
        ]

    @property
    def _amperes(self) -> list[int]:
        return [round(amperes) for amperes in self.house.current]

    def _send(self, groups: list[Group]) -> bytes:
        encoded = frame(Mode.HISTORIQUE, groups)
        self._sent += len(encoded) * _SECOND // _BYTES_PER_SECOND[Mode.HISTORIQUE] + _GAP
        while self.house.time < self._start + timedelta(seconds=self._sent // _SECOND):
            self.house.second()
            whole = self.house.imported // 3600
            day = len(self._index) > 1 and self._option != "EJP." and not self.house.night
            self._index[int(day)] += whole - self._counted
            self._counted = whole
        return encoded

    def _indexes(self) -> list[str]:
        return [f"{index:09}" for index in self._index]

    def _single_phase(self) -> Iterable[Group]:
        amperes = self._amperes[0]
        yield Group("IINST", f"{amperes:03}")
        if amperes > self._subscribed:
            yield Group("ADPS", f"{amperes:03}")
        yield Group("IMAX", "090")
        yield from self._end()

    def _three_phase(self) -> Iterable[Group]:
        for number, amperes in enumerate(self._amperes, 1):
            yield Group(f"IINST{number}", f"{amperes:03}")
        for number in 1, 2, 3:
            yield Group(f"IMAX{number}", "060")
        yield Group("PMAX", "07210")
        yield from self._end()
        yield Group("PPOT", "00")

    def _end(self) -> Iterable[Group]:
        yield Group("PAPP", f"{round(sum(self.house.apparent), -1):05}")
        yield Group("HHPHC", "A")
        yield Group("MOTDETAT", "000000")
