"""The index of a meter that a PME-PMI meter feeds: silences, restarts, damage, the first start."""

import json

import pytest

from submeter.meter.alarm_settings import Rating
from submeter.meter.feed import Feed
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.setup import Saved, Setup
from submeter.pointmap import points, source_map
from submeter.sources.growing_index import GrowingIndex
from submeter.sources.index_guard import IndexGuard
from submeter.sources.tic.decoder import Decoder, Group, Mode
from submeter.sources.translation.ledger import Ledger
from tooling import meters
from tooling.tic import frame
from tooling.tic_pme_pmi import DAY, NIGHT, PmePmi
from tooling.tic_reader import TicReader

INDEX, DEMAND = "Active_Energy_Import", "Demand_Peak_Current"
MAP = source_map.load("tic-pme-pmi")
RATED = 600_000.0  # W
KWH = 3_600_000  # J
HOUR = 3600
LAG = 12.0  # kWh; an index counts some frames later, and both in whole kWh


class Site:
    """A PME-PMI meter of 500 kW with another of ours behind it, heard every 10 s."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, power: float = RATED) -> None:
        self.meter = PmePmi(watts=500_000)
        self.power = power
        self.seconds = 0.0
        self.booted = 0.0
        self.start(Saved(), Ledger())
        monkeypatch.setattr(Instant, "now", lambda: self.now)

    @property
    def now(self) -> Instant:
        return Instant(self.seconds - self.booted, self.meter.now.timestamp())

    def start(self, saved: Saved, ledger: Ledger) -> None:
        self.ledger = ledger
        guard = IndexGuard(MAP.largest_power)
        self.reader = TicReader(MAP, guard=guard, ledger=ledger, doubted=True)
        rating = Rating(power=self.power / 1000) if self.power == RATED else Rating()
        setup = Setup(largest_power=self.power, rating=rating)
        feed = Feed("tic", MAP.expected(), MAP.max_age, MAP.dials(), MAP.largest_power)
        every = points.all_points().values()
        self.ours = Meter("main", every, [feed], setup, saved, start=self.now)

    def restart(self, after: int) -> None:
        """Stop, and start with what was committed then; the monotonic clock begins anew."""
        meters.commit(self.ours, self.now)
        draft = self.ours.draft(self.now, everything=True)
        kept = json.loads(json.dumps(self.ledger.saved(), sort_keys=True))
        self.pass_by(after)
        self.booted = self.seconds
        again = Ledger()
        again.restore(kept)
        self.start(Saved(states={n: state for n, (_, state) in draft.indexes.items()}), again)

    def pass_by(self, seconds: int) -> None:
        """Let time pass while nobody listens."""
        self.meter.run(seconds)
        self.seconds += seconds

    def hear(self, seconds: int, **damage: str) -> None:
        for _ in range(0, seconds, 10):
            self.pass_by(10)
            self.say([Group(g.label, damage.get(g.label, g.data)) for g in self.meter.groups()])

    def say(self, groups: list[Group]) -> None:
        (decoded,) = Decoder().feed(frame(Mode.PME_PMI, groups))
        update = self.reader.translate(decoded, self.now.mono)
        if update:
            self.ours.update(update, self.now)

    @property
    def counted(self) -> float:
        """What our index grew, in kWh."""
        return (self.ours.energy.counted("tic", INDEX) or 0) / 1e6

    def events(self) -> list[str]:
        return [e.event for e in self.ours.audit.take() if e.event.startswith("index")]


@pytest.mark.parametrize("power", [RATED, MAP.largest_power])
def test_a_silence_over_the_end_of_a_period(monkeypatch: pytest.MonkeyPatch, power: float) -> None:
    site = Site(monkeypatch, power)
    site.hear(HOUR)
    site.pass_by(6 * HOUR)
    site.meter.next_period()
    site.meter.tariff = NIGHT
    site.hear(HOUR)
    assert site.counted == pytest.approx(1000, abs=LAG), "the day's register is not shown now"
    site.meter.tariff = DAY
    site.hear(HOUR)
    assert site.counted == pytest.approx(site.meter.total, abs=LAG) == pytest.approx(4500, abs=LAG)
    assert site.events() == []
    meters.commit(site.ours, site.now)
    peak = site.ours.readings[DEMAND].value
    assert peak == pytest.approx(500, rel=0.02), "what is booked late is no demand of now"


def test_a_silence_in_which_the_tariff_changes_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(monkeypatch)
    site.meter.next_period()
    for tariff in (NIGHT, DAY):
        site.meter.tariff = tariff
        site.hear(HOUR)
    site.meter.tariff = NIGHT
    site.pass_by(3 * HOUR)
    site.meter.tariff = DAY
    site.pass_by(2 * HOUR)
    site.hear(HOUR)
    site.meter.tariff = NIGHT
    site.hear(HOUR)
    assert site.counted == pytest.approx(9 * 500, abs=LAG)
    assert site.events() == []


def test_restarts_in_the_middle_neither_lose_nor_repeat(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(monkeypatch)
    site.hear(HOUR)
    site.restart(6 * HOUR)
    site.meter.next_period()
    site.meter.tariff = NIGHT
    site.hear(600)
    site.restart(60)
    site.meter.tariff = DAY
    site.hear(600)
    late = site.ledger.late(f"{INDEX}\t{site.meter.address}")
    assert late > 2900 * 10**6
    site.restart(60)
    site.hear(600)
    site.meter.tariff = NIGHT  # which ran last before the second restart
    site.hear(600)
    assert site.counted == pytest.approx(site.meter.total, abs=LAG)
    assert site.events() == []
    assert site.ledger.late(f"{INDEX}\t{site.meter.address}") >= late


def test_a_ledger_that_begins_anew_books_nothing_late(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(monkeypatch)
    site.hear(HOUR)
    site.pass_by(6 * HOUR)
    site.meter.next_period()
    site.meter.tariff = NIGHT
    site.hear(600)
    site.meter.tariff = DAY
    site.hear(600)
    before = site.counted
    site.ledger.books.clear()
    site.hear(600)
    assert before <= site.counted <= before + 600 * 500 / 3600 + LAG
    site.hear(600)
    assert site.counted <= before + 1200 * 500 / 3600 + LAG


def test_a_damaged_end_of_a_period_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site(monkeypatch)
    site.hear(HOUR)
    site.pass_by(6 * HOUR)
    site.meter.next_period()
    site.meter.tariff = NIGHT
    site.hear(HOUR)
    site.meter.tariff = DAY
    true = site.meter.kwh(site.meter.before)
    site.hear(10, **{"EaP-1_s": f"{true + 5000}kWh"})
    site.hear(30)
    site.hear(10, **{"EaP-1_s": f"{true + 5000}kWh"})
    # Twice the same, and more than any line carried: 20 MW over 8 hours.
    site.hear(60, **{"EaP-1_s": "9003500kWh"})
    site.hear(HOUR)
    assert site.counted == pytest.approx(site.meter.total, abs=LAG)
    assert site.events() == []


@pytest.mark.parametrize("power", [RATED, MAP.largest_power])
@pytest.mark.parametrize("before", [60, 800])
def test_energy_of_before_the_first_start_is_none(
    monkeypatch: pytest.MonkeyPatch, before: int, power: float
) -> None:
    site = Site(monkeypatch, power)
    site.meter.joules[site.meter.period, DAY] = 5000 * KWH
    site.meter.joules[site.meter.period, NIGHT] = before * KWH
    site.hear(600)
    site.meter.tariff = NIGHT
    site.hear(600)
    assert site.counted == pytest.approx(1200 * 500 / 3600, abs=LAG)
    assert site.events() == []
    meters.commit(site.ours, site.now)
    shown = site.ours.readings[INDEX].value
    assert shown == pytest.approx((5000 + 1200 * 500 / 3600) * 1e6, abs=LAG * 1e6)


def test_a_recording_goes_on_counting_lap_after_lap() -> None:
    meter, frames = PmePmi(watts=360_000), []
    for tariff in (DAY, NIGHT, DAY):
        meter.tariff = tariff
        frames += [meter.next_frame() for _ in range(10)]
    meter.next_period()
    frames += [meter.next_frame() for _ in range(10)]
    ledger = Ledger(kept=False)
    made = TicReader(
        MAP, (), IndexGuard(MAP.largest_power), GrowingIndex(), " lap", ledger, doubted=True
    )
    counted = []
    for number in range(4 * len(frames)):
        (decoded,) = Decoder().feed(frames[number % len(frames)])
        update = made.translate(decoded, 10.0 * number)
        assert update
        if INDEX in update.values:
            counted.append(int(update.values[INDEX].number) // 10**6)
    assert len(counted) >= 3.4 * len(frames)
    assert counted == sorted(counted)
    laps = [counted[place] for place in (len(counted) // 4, len(counted) // 2, -1)]
    assert laps[0] > 20
    assert laps[1] > 1.8 * laps[0]
    assert laps[2] > 3.5 * laps[0]


@pytest.mark.parametrize("apart", [10, 20, 2000])
def test_a_date_that_is_damaged_twice_opens_no_account(
    monkeypatch: pytest.MonkeyPatch, apart: int
) -> None:
    site = Site(monkeypatch)
    site.meter.joules[site.meter.period, DAY] = 9000 * KWH
    site.hear(600)
    before = site.counted
    started = site.seconds
    # The same sum of six bits; it is a date to come, and one of before.
    for wrong in ("10/01/24 01:00:00", "01/10/23 01:00:00"):
        for wait in (10, apart):
            site.hear(10, DebP=wrong)
            site.hear(wait - 10)
    site.hear(600)
    grown = (site.seconds - started) * 500 / 3600
    assert site.counted - before == pytest.approx(grown, abs=LAG)
    for name, book in site.ledger.books.items():
        assert list(book.accounts) == ['["HPH", "01/01/24 01:00:00"]'], name


def test_a_tariff_that_is_damaged_in_the_first_frames_after_a_gap_opens_no_account(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = Site(monkeypatch)
    site.hear(600)
    site.pass_by(12 * HOUR)
    site.hear(30, PTCOUR1="HPX")
    site.hear(600)
    assert site.counted == pytest.approx(site.meter.total, abs=LAG)
    assert all(len(book.accounts) == 1 for book in site.ledger.books.values())


def test_a_tariff_that_is_named_falsely_takes_no_energy_along(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever it costs: ten frames in a row with the date of a later period."""
    site = Site(monkeypatch)
    site.meter.joules[site.meter.period, DAY] = 9000 * KWH
    site.hear(600)
    site.hear(100, DebP="10/01/24 01:00:00")
    site.hear(600)
    carried = 130 * MAP.largest_power / 1000 / 3600
    assert site.counted < site.meter.total - 9000 + carried
    assert site.ledger.books[f"{INDEX}\t{site.meter.address}"].total < 9500 * 10**6


def test_a_register_that_begins_anew_within_its_period_goes_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    site = Site(monkeypatch)
    site.meter.joules[site.meter.period, DAY] = 5000 * KWH
    site.hear(600)
    site.meter.joules.clear()
    before = site.counted
    site.hear(HOUR)
    assert site.counted - before == pytest.approx(500, abs=2 * LAG)
    told = [r.getMessage() for r in caplog.records if "account_began_anew" in r.getMessage()]
    assert len([text for text in told if f"point={INDEX} " in text]) == 1
    assert "account=HPH/01/01/24 01:00:00" in told[0]
    counted = site.counted
    site.restart(60)
    site.hear(600)
    assert site.counted - counted == pytest.approx(660 * 500 / 3600, abs=LAG)
