"""Frames of a PME-PMI meter, made after its tables, and what they say of the points."""

import json
from datetime import timedelta
from typing import Any

import pytest

from submeter.meter.instant import Instant
from submeter.meter.reading import Update
from submeter.pointmap import source_map
from submeter.sources.index_guard import IndexGuard
from submeter.sources.tic.decoder import Decoder, Group, Mode
from submeter.sources.translation.ledger import Ledger
from tooling.tic import frame
from tooling.tic_pme_pmi import NIGHT, START, PmePmi
from tooling.tic_reader import TicReader
from tooling.trust import Trusting

INDEX = "Active_Energy_Import"


def reader(ledger: Ledger | None = None, guard: IndexGuard | None = None) -> TicReader:
    return TicReader(
        source_map.load("tic-pme-pmi"), guard=guard or Trusting(), ledger=ledger or Ledger()
    )


def says(made: TicReader, groups: list[Group], elapsed: float = 0.0) -> Update:
    (decoded,) = Decoder().feed(frame(Mode.PME_PMI, groups))
    assert decoded.mode is Mode.PME_PMI
    update = made.translate(decoded, elapsed)
    assert update is not None
    return update


def number(update: Update, point: str = INDEX) -> Any:
    return update.values[point].number if point in update.values else None


def live(monkeypatch: pytest.MonkeyPatch, meter: PmePmi) -> None:
    """Let the clock be that of `meter`."""

    def now() -> Instant:
        return Instant((meter.now - START).total_seconds(), meter.now.timestamp())

    monkeypatch.setattr(Instant, "now", now)


def changed(groups: list[Group], **data: str) -> list[Group]:
    return [Group(each.label, data.get(each.label, each.data)) for each in groups]


def test_values_carry_their_units() -> None:
    meter = PmePmi()
    meter.run(36_000)
    update = says(reader(), meter.groups())
    assert number(update) == 900_000_000  # kWh in mWh
    assert number(update, "Reactive_Energy_Import") == 225_000_000
    assert number(update, "Reactive_Energy_Q1") == 225_000_000
    assert number(update, "Active_Energy_Export") == 0
    assert number(update, "Active_Power_Total") == 90
    assert number(update, "Subscribed_Power") == 250
    assert number(update, "Active_Power_Mean_Import") == 90
    assert number(update, "Producer_Mode") == 0
    assert update.instrument == "041436028024"
    assert update.clock
    assert update.clock.utc == int(meter.now.timestamp())


@pytest.mark.parametrize("data", ["900kW", "900Wh", "900", "900 kWh", "0900kWh", "-900kWh"])
def test_a_wrong_unit_or_form_is_refused(data: str) -> None:
    made = reader()
    update = says(made, changed(PmePmi().groups(), EAP_s=data))
    assert number(update) is None
    assert INDEX not in update.absent
    assert made.refused == 1


def test_a_label_in_upper_case_is_the_same() -> None:
    made, groups = reader(), PmePmi().groups()
    upper = [Group(each.label.replace("EaP", "EAP"), each.data) for each in groups]
    assert upper != groups
    assert says(made, upper) == says(reader(), groups)


def test_the_index_is_the_sum_of_all_tariffs_and_periods(monkeypatch: pytest.MonkeyPatch) -> None:
    meter, made = PmePmi(), reader()
    live(monkeypatch, meter)
    seen = []
    for tariff in ("HPH", "HCH", "HPH", "HCE", "HCH"):
        meter.tariff = tariff
        says(made, meter.groups())
        for _ in range(3):
            meter.run(3600)
            seen.append(number(says(made, meter.groups())))
            assert seen[-1] == meter.total * 10**6
    meter.next_period()
    for tariff in ("HCH", "HPH"):
        meter.tariff = tariff
        meter.run(3600)
        seen.append(number(says(made, meter.groups())))
        assert seen[-1] == meter.total * 10**6
    assert seen == sorted(seen)


def test_a_dynamic_tariff_is_an_account_of_its_own() -> None:
    meter, made = PmePmi(), reader()
    for dynamic in (None, "PM", None, "PM"):
        meter.dynamic = dynamic
        says(made, meter.groups())
        meter.run(7200)
        assert number(says(made, meter.groups())) == meter.total * 10**6


def test_a_frame_without_its_condition_opens_no_account() -> None:
    """While TARIFDYN is damaged nobody knows whose register EAP_s is."""
    meter, ledger = PmePmi(), Ledger()
    made = reader(ledger)
    meter.dynamic = "PM"
    meter.run(7200)
    says(made, meter.groups())
    update = says(made, changed(meter.groups(), TARIFDYN="ACT!F"))
    assert number(update) is None
    assert {len(book.accounts) for book in ledger.books.values()} == {1}


def test_what_was_counted_unseen_before_the_end_of_a_period_is_made_up_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    meter, made = PmePmi(), reader()
    live(monkeypatch, meter)
    meter.run(3600)
    says(made, meter.groups())
    meter.run(36_000)  # nobody listens
    meter.next_period()
    meter.run(3600)
    assert number(says(made, meter.groups())) == meter.total * 10**6


def test_a_period_that_was_never_seen_is_not_counted() -> None:
    meter, made = PmePmi(), reader()
    meter.run(36_000)
    meter.next_period()
    meter.run(3600)
    assert number(says(made, meter.groups())) == 90 * 10**6


def test_an_index_goes_on_after_a_restart(monkeypatch: pytest.MonkeyPatch) -> None:
    meter, ledger = PmePmi(), Ledger()
    live(monkeypatch, meter)
    for tariff in ("HPH", "HCH"):
        meter.tariff = tariff
        says(reader(ledger), meter.groups())
        meter.run(36_000)
        says(reader(ledger), meter.groups())
    kept = json.loads(json.dumps(ledger.saved()))
    again = Ledger()
    again.restore(kept)
    meter.run(3600)
    assert number(says(reader(again), meter.groups())) == meter.total * 10**6


def test_another_meter_has_another_book() -> None:
    ledger = Ledger()
    first, second = PmePmi(), PmePmi(address="041436099999")
    first.run(36_000)
    second.run(7200)
    made = reader(ledger)
    assert number(says(made, first.groups())) == 900 * 10**6
    update = says(made, second.groups())
    assert number(update) == 180 * 10**6
    assert update.instrument == "041436099999"


def test_a_meter_of_before_2013_has_no_address() -> None:
    meter = PmePmi(address=None)
    meter.run(3600)
    update = says(reader(), meter.groups())
    assert update.instrument is None
    assert number(update) == 90 * 10**6


def test_nothing_is_booked_before_it_is_known_who_speaks() -> None:
    meter, ledger = PmePmi(), Ledger()
    meter.run(3600)
    made = reader(ledger)
    update = says(made, changed(meter.groups(), ADS="0414?6028024"))
    assert number(update) is None
    assert not ledger.books
    assert number(says(made, meter.groups())) == 90 * 10**6


def test_a_meter_that_said_who_it_is_books_nothing_without_its_name() -> None:
    meter, ledger = PmePmi(), Ledger()
    meter.run(3600)
    says(reader(ledger), meter.groups())
    again = reader(ledger)  # as after a restart
    nameless = PmePmi(address=None)
    nameless.run(3600)
    assert [number(says(again, nameless.groups())) for _ in range(5)] == [None] * 5
    assert number(says(again, meter.groups())) == 90 * 10**6


def test_damaged_accounts_are_never_opened() -> None:
    """Each frame has a tariff or date that is right in form and wrong; none comes twice."""
    meter, ledger = PmePmi(), Ledger()
    loaded = source_map.load("tic-pme-pmi")
    made = TicReader(loaded, guard=IndexGuard(loaded.largest_power), ledger=ledger)
    meter.run(36_000)
    for number_ in range(40):
        meter.run(10)
        groups = meter.groups()
        if number_ % 4 == 2:
            groups = changed(groups, PTCOUR1=f"HX{number_}")
        if number_ % 4 == 3:
            groups = changed(groups, DebP=f"{1 + number_ % 27:02}/02/24 00:00:00")
        says(made, groups, 10.0 * number_)
    for name, book in ledger.books.items():
        assert list(book.accounts) == ['["HPH", "01/01/24 01:00:00"]'], name


def test_a_damaged_register_is_not_booked() -> None:
    meter, ledger = PmePmi(), Ledger()
    loaded = source_map.load("tic-pme-pmi")
    made = TicReader(loaded, guard=IndexGuard(loaded.largest_power), ledger=ledger)
    meter.run(36_000)
    seen = []
    for number_ in range(20):
        meter.run(40)
        groups = meter.groups()
        if number_ == 10:
            groups = changed(groups, EAP_s="1900kWh")
        seen.append(number(says(made, groups, 40.0 * number_)))
    known = [index for index in seen if index is not None]
    assert known == sorted(known)
    assert known[-1] == (meter.total - 1) * 10**6


def test_a_tariff_that_changes_within_a_frame_does_no_harm() -> None:
    """PTCOUR1 was sent before the change, EAP_s after it."""
    meter, ledger = PmePmi(), Ledger()
    loaded = source_map.load("tic-pme-pmi")
    made = TicReader(loaded, guard=IndexGuard(loaded.largest_power), ledger=ledger)
    at = 0.0
    meter.tariff = NIGHT
    meter.run(360_000)
    for tariff in ("HPH", NIGHT, "HPH", NIGHT):
        meter.tariff = tariff
        for _ in range(5):
            meter.run(360)
            at += 360
            says(made, meter.groups(), at)
        other = "HPH" if tariff == NIGHT else NIGHT
        mixed = meter.kwh(meter.period, other)
        says(made, changed(meter.groups(), EAP_s=f"{mixed}kWh"), at + 1)
    accounts = ledger.books[f"{INDEX}\t041436028024"].accounts
    for tariff in ("HPH", NIGHT):
        key = json.dumps((tariff, "01/01/24 01:00:00"))
        assert accounts[key].seen.total <= meter.kwh(meter.period, tariff) * 10**6


def test_overload() -> None:
    meter, made = PmePmi(), reader()
    says(made, meter.groups())
    assert number(says(made, meter.groups()), "Overload_Alarm") == 0
    meter.warning = True
    assert number(says(made, meter.groups()), "Overload_Alarm") == 1


def test_a_notice_of_another_tariff_is_no_overload() -> None:
    meter, made = PmePmi(), reader()
    groups = [*meter.groups(), Group("PREAVIS", "EJP")]
    assert [number(says(made, groups), "Overload_Alarm") for _ in range(3)] == [None, 0, 0]


def test_a_label_of_no_use_may_be_in_another_form_for_ever() -> None:
    """It is refused, and yet the frame proves what it lacks."""
    meter, made = PmePmi(), reader()
    groups = changed(meter.groups(), TGPHI_s="0,12 ind")
    assert [number(says(made, groups), "Overload_Alarm") for _ in range(2)] == [None, 0]
    assert made.refused == 2


def test_a_label_that_counts_in_another_form_proves_nothing() -> None:
    meter, made = PmePmi(), reader()
    groups = changed(meter.groups(), PA1MN="90kVAr")
    assert [number(says(made, groups), "Overload_Alarm") for _ in range(3)] == [None] * 3


def test_the_first_period_of_a_meter() -> None:
    meter = PmePmi()
    meter.run(3600)
    groups = changed(
        meter.groups(), **{"DebP-1": "00/00/00 00:00:00", "FinP-1": "00/00/00 00:00:00"}
    )
    made = reader()
    assert number(says(made, groups)) == 90 * 10**6
    assert made.refused == 0


def test_a_producer_s_totals_are_those_of_the_quadrants() -> None:
    meter = PmePmi(producer=True)
    meter.now += timedelta(hours=1)
    update = says(reader(), meter.groups())
    assert number(update, "Producer_Mode") == 1
    assert "Reactive_Energy_Import" in update.absent
    assert number(update, "Reactive_Energy_Q2") == 0
