"""Indexes that are no energy in Wh: volumes, apparent energy, heat."""

import pytest

from submeter import orders
from submeter.errors import WriteRefusedError
from submeter.meter.alarm_settings import Rating
from submeter.meter.calculated import Calculated
from submeter.meter.expression import parse
from submeter.meter.feed import Dial, Feed
from submeter.meter.meter import ERROR, Meter, values
from submeter.meter.reading import Quality, Reading
from submeter.meter.setup import Setup
from submeter.pointmap import meter_map
from submeter.store.requests import Request
from tooling.meters import at, commit, know, of

VOLUME, APPARENT, HEAT = "Volume", "Apparent_Energy_Import", "Heat_Energy"
IMPORT = "Active_Energy_Import"
SMALL = Setup(rating=Rating(power=3), largest_power=3000)
LITRE = 1000  # mL


def made(*names: str, setup: Setup | None = None) -> Meter:
    dials = dict.fromkeys(names, Dial(LITRE))
    feed = Feed("source", dict.fromkeys(names, Quality.MEASURED), 60.0, dials)
    return Meter("main", meter_map.load("standard").serving(names).points, [feed], setup)


def test_volume_and_apparent_energy_are_exact() -> None:
    meter = made(VOLUME, APPARENT)
    know(meter, {VOLUME: 4_000_000_001 * LITRE, APPARENT: 7}, at(10))
    assert of(meter, VOLUME) == (4_000_000_001_000, Quality.MEASURED)
    assert of(meter, APPARENT) == (7, Quality.MEASURED)


def test_a_rating_bounds_electricity_alone() -> None:
    """3 kW would be 3 m3/h: a pipe beside the meter carries more."""
    meter = made(VOLUME, HEAT, IMPORT, setup=SMALL)
    know(meter, dict.fromkeys((VOLUME, HEAT, IMPORT), 0), at(10))
    for second in (70, 71, 72):
        numbers = dict.fromkeys((VOLUME, HEAT, IMPORT), 900 * LITRE)
        meter.update(values(numbers), at(second))
    commit(meter, at(72))
    assert of(meter, VOLUME)[0] == of(meter, HEAT)[0] == 900 * LITRE
    assert of(meter, IMPORT)[0] == 0


@pytest.mark.parametrize(
    ("largest", "minutes", "told"), [(1e7, 3, 0), (None, None, 1), (2e6, None, 1)]
)
def test_beside_a_rating_the_source_bounds_what_is_not_electric(
    largest: float | None, minutes: int | None, told: int
) -> None:
    """A heat meter of 5 MW that is read once a minute; what is never believed is told once."""
    feed = Feed("heat", {HEAT: Quality.MEASURED}, 180.0, {HEAT: Dial(10_000_000)}, largest)
    meter = Meter("main", meter_map.load("standard").serving([HEAT]).points, [feed], SMALL)
    shown = [int(5_000_000 * 60 * minute / 3.6) for minute in range(5)]
    for minute, number in enumerate(shown):
        meter.update(values({HEAT: number}), at(60 * minute))
    assert meter.energy.counted("heat", HEAT) == (shown[minutes] if minutes else None)
    notes = [entry for entry in meter.audit.take() if entry.event == "index_refused"]
    assert len(notes) == told


def test_without_a_rating_the_source_bounds_all() -> None:
    meter = made(VOLUME, setup=Setup(largest_power=3000))
    know(meter, {VOLUME: 0}, at(10))
    know(meter, {VOLUME: 900 * LITRE}, at(71))
    assert of(meter, VOLUME)[0] == 0


def test_a_refused_volume_is_told_in_its_unit() -> None:
    meter = made(VOLUME, setup=Setup(largest_power=3000))
    know(meter, {VOLUME: 5 * LITRE}, at(10))
    for second in (11, 12, 13, 14):
        meter.update(values({VOLUME: 10**9 + second * 10**8}), at(second))
    text = meter.energy.trouble(VOLUME, "source")
    assert text is not None
    assert text.startswith("source sends a Volume that cannot follow from 5000 mL; ")
    assert of(meter, ERROR)[0] == 0


def test_an_exchange_is_refused_in_the_unit_of_the_index() -> None:
    meter = made(VOLUME, setup=Setup(largest_power=3000))
    know(meter, {VOLUME: 5_000_000}, at(10))
    argument = {"point": VOLUME, "source": None, "old": 4_000_000, "new": None}
    with pytest.raises(WriteRefusedError, match=r"cannot have read 4\.000 m3: 5\.000 m3 was read"):
        orders.obey(Request(1, 0, "me", "swap", "main", argument), {"main": meter}, at(20))


def test_an_exchange_is_booked_in_the_unit_of_the_index() -> None:
    meter = made(VOLUME)
    know(meter, {VOLUME: 5_000_000}, at(10))
    argument = {"point": VOLUME, "source": None, "old": 5_000_000, "new": 0}
    answer = orders.obey(Request(1, 0, "me", "swap", "main", argument), {"main": meter}, at(20))
    assert answer == "main: booked; Volume goes on from 5.000 m3"


def test_volumes_are_calculated() -> None:
    common = Calculated(parse("main - flat"), 10.0)
    expected = common.expected([{VOLUME: Quality.MEASURED, HEAT: Quality.MEASURED}] * 2)
    assert expected == {VOLUME: Quality.DERIVED, HEAT: Quality.DERIVED}
    for name, litres in (("main", 900), ("flat", 250)):
        common.hear(name, {VOLUME: Reading(litres * LITRE, Quality.MEASURED, at(1))})
    update = common.update()
    assert update is not None
    assert update.values[VOLUME].number == 650 * LITRE
    assert HEAT not in update.values


def test_a_calculated_meter_has_no_volume_that_a_part_lacks() -> None:
    common = Calculated(parse("main - flat"), 10.0)
    assert common.expected([{VOLUME: Quality.MEASURED}, {}]) == {}
