"""A meter of one board: what it publishes, counts and remembers."""

import asyncio
from typing import Any

import pytest

from submeter.errors import Condition, LinkError
from submeter.sources.rp2040.correction import NONE, BoardCorrection, ClampCorrection
from submeter.sources.rp2040.scale import Scale
from submeter.sources.rp2040.spectrum import Spectra, Spectrum
from submeter.sources.source import Rated, Remembering, Source
from tooling.clamp_records import IdealBoard, Load
from tooling.clamp_source import UID, Bench, publish_nothing

IMPORT, EXPORT = "Active_Energy_Import", "Active_Energy_Export"
MWH = 2300 / 3.6  # of 10 A at 230 V in a second
ONE = {"board": UID, "clamp": {"current": 50}}
COIL = (Load(10.0, 60.0), Load(5.0), Load(2.0))


def bench(*, board: dict[str, Any] | None = None, **keys: Any) -> Bench:
    return Bench({**ONE, **keys}, IdealBoard(**(board or {})))


def test_it_is_a_source_that_remembers_and_goes_by_ratings() -> None:
    made: Source = bench().source
    assert isinstance(made, Remembering)
    assert isinstance(made, Rated)
    assert made.largest_power == pytest.approx(50 * 1.65 * 276)
    assert made.describe() == f"rp2040 board:{UID} (clamps L1: 1, voltage of L1)"
    assert (made.identity, made.trouble, made.dropped) == (None, None, 0)
    assert made.origin(IMPORT) is None
    assert made.dials.keys() <= made.expected.keys()


def test_it_wants_of_the_board_what_its_clamps_need() -> None:
    made = bench(clamps={"L1": 3, "L2": 1, "N": 2}, frequency=60, snapshot=30)
    wanted = [("v3i", 3, 0, 25), ("v3i", 1, 33, 25), ("v3i", 2, 0, 25)]
    assert made.boards[""].wanted == wanted
    assert made.boards[""].snapshots == [30]
    made = bench(voltage=None, clamps={"L1": 4}, snapshot=0)
    assert made.boards[""].wanted == [("4i", 4, 0, 30)]
    assert made.boards[""].snapshots == []


async def test_the_first_record_counts_nothing_and_the_second_a_second() -> None:
    async with bench(board={"loads": COIL}).running() as one:
        one.live()
        assert one.updates == []
        one.live()
        assert one.value("Active_Power_L1") == pytest.approx(1.15, rel=1e-4)
        assert one.value("Reactive_Power_L1") == pytest.approx(1.9919, rel=1e-4)
        assert one.value("Power_Factor_Total") == pytest.approx(0.5, rel=1e-4)
        assert one.value("Frequency") == 50
        assert one.value(IMPORT) == pytest.approx(MWH / 2, abs=1)
        assert one.value("Reactive_Energy_Q1") == pytest.approx(MWH * 0.866, abs=1)
        assert one.value("Apparent_Energy_Import") == pytest.approx(MWH, abs=1)
        assert one.value(EXPORT) == one.value("Reactive_Energy_Q4") == 0
        assert one.source.identity == UID


async def test_the_count_goes_on_over_an_exchange_of_boards() -> None:
    async with bench().running() as one:
        one.live(20)
        one.ideals[""] = IdealBoard(uid="another0", boot="b")
        one.live(10)
        assert one.value(IMPORT) == pytest.approx((19 + 9) * MWH, abs=1)
        assert one.meter.energy.refused == 0
        # The last one is not borne out yet.
        assert one.meter.energy.totals[IMPORT] == one.updates[-2].values[IMPORT].number


async def test_what_is_fed_in_is_exported() -> None:
    async with bench(board={"loads": (Load(10.0, 180.0),) * 3}).running() as one:
        one.live(3)
        assert one.value(EXPORT) == pytest.approx(2 * MWH, abs=1)
        assert one.value(IMPORT) == one.value("Apparent_Energy_Import") == 0
        assert one.value("Power_Factor_L1") == pytest.approx(-1)


async def test_lost_records_lose_no_energy_and_their_mean_is_no_present_power() -> None:
    async with bench().running() as one:
        one.live(2)
        one.live(1, lost=True)
        one.live(1)
        assert one.value(IMPORT) == pytest.approx(3 * MWH, abs=1)
        assert "Active_Power_Total" in one.updates[-1].values
        one.live(4, lost=True)
        one.live(1)
        assert one.value(IMPORT) == pytest.approx(8 * MWH, abs=1)
        assert "Active_Power_Total" not in one.updates[-1].values
        assert "Frequency" not in {*one.updates[-1].values, *one.updates[-1].failed}
        one.live(1)
        assert "Active_Power_Total" in one.updates[-1].values


async def test_a_restart_loses_nothing_and_counts_nothing_twice() -> None:
    one = bench()
    async with one.running():
        one.live(10)
        saved = one.source.saved()
        assert one.source.saved() == saved
        one.live(5)  # is not committed
    one.source = one.made()
    one.source.restore(saved)
    async with one.running():
        one.live(3, lost=True)
        one.live(2)
        assert one.value(IMPORT) == pytest.approx(19 * MWH, abs=1)
    one.ideals[""].reset("b")
    async with one.running():
        one.live(3)
        assert one.value(IMPORT) == pytest.approx(22 * MWH, abs=1)
        assert one.value("Board_Resets") == 1


@pytest.mark.parametrize(
    "damage",
    ["[]", "{}", "{", '{"boards": {}, "energies": {}, "waiting": {}}',
     '{"boards": {"": 1}, "energies": {}, "waiting": {}}'],
)  # fmt: skip
def test_a_damaged_memory_is_refused(damage: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        bench().source.restore(damage)


async def test_a_memory_of_another_arrangement_keeps_the_index() -> None:
    one = bench()
    async with one.running():
        one.live(10)
    three = {p: {"board": f"{UID[:-1]}{n}"} for n, p in enumerate(("L1", "L2", "L3"), 1)}
    ideals = [IdealBoard(uid=each["board"], boot=phase) for phase, each in three.items()]
    other = Bench({"boards": three, "clamp": {"current": 50}}, *ideals)
    other.source.restore(one.source.saved())
    async with other.running():
        other.live(2)
        assert other.value(IMPORT) == pytest.approx(12 * MWH, abs=1)


async def test_a_rating_that_is_written_counts_from_the_next_record_on() -> None:
    one = Bench({"board": UID}, IdealBoard())
    async with one.running():
        one.live(2)
        assert one.updates == []  # not rated yet
        one.source.rate(50, None)
        one.live(2)
        assert one.value("Current_L1") == pytest.approx(10, rel=1e-3)
        assert one.value(IMPORT) == pytest.approx(MWH, abs=1)
        one.source.rate(100, None)
        one.live(1)
        assert one.value("Current_L1") == pytest.approx(20, rel=1e-3)
        assert one.value(IMPORT) == pytest.approx(3 * MWH, abs=1)


async def test_a_rating_that_is_written_in_a_gap_does_not_count_backwards() -> None:
    one = bench(clamp={"volts": 1.0})
    one.source.rate(50.0, None)
    async with one.running():
        one.live(2)
        one.live(58, lost=True)
        one.source.rate(500.0, None)
        before = one.value("Active_Energy_Import")
        one.live(2)
        counted = one.value("Active_Energy_Import") - before
        power = one.value("Active_Power_Total") * 1000  # by the new rating
        assert counted * 3.6 == pytest.approx((59 / 10 + 1) * power, rel=0.001)


async def test_a_correction_counts_from_the_next_record_on() -> None:
    async with bench().running() as one:
        one.live(2)
        clamps = (ClampCorrection(gain=1.1, phase=180), *NONE.clamps[1:])
        one.corrections.now = BoardCorrection(0.5, 0, clamps)
        one.live(1)
        assert one.value("Active_Power_L1") == pytest.approx(-2.3 * 0.55, rel=1e-3)
        assert one.value("Voltage_L1_N") == pytest.approx(115, rel=1e-3)
        (raw,) = one.source.raw()
        (clamp,) = raw.clamps
        assert clamp.energy == pytest.approx(2 * 2300 + 0j, rel=1e-3)
        assert raw.seconds == pytest.approx(2)
        assert (raw.uid, clamp.number) == (UID, 1)


@pytest.mark.parametrize(("amperes", "flows"), [(0.09, False), (0.13, True)])
async def test_what_creeps_is_nothing(amperes: float, flows: bool) -> None:
    async with bench(board={"loads": (Load(amperes),) * 3}, creep=0.002).running() as one:
        one.live(100)
        for point in ("Current_L1", "Active_Power_L1", "Apparent_Power_Total", IMPORT):
            assert (one.value(point) > 0) is flows, point
        assert one.value("Power_Factor_L1") == pytest.approx(1, abs=0.01)


@pytest.mark.parametrize(("records", "counts"), [(3, False), (4, True)])
async def test_a_load_that_came_and_went_in_a_gap_counts(records: int, counts: bool) -> None:
    """Its mean is below creep, of which nobody knows then whether it was all along."""
    async with bench(board={"loads": (Load(0.0),) * 3}, creep=0.02).running() as one:
        one.live(2)
        one.ideals[""].loads[0] = Load(0.99)
        one.live(1, lost=True)
        one.ideals[""].loads[0] = Load(0.0)
        one.live(records - 2, lost=True)
        one.live(1)
        assert one.value(IMPORT) == pytest.approx(227.7 / 3.6 * counts, abs=1)


@pytest.mark.parametrize(("amperes", "flows"), [(0.9, False), (1.1, False), (1.5, True)])
async def test_what_is_less_than_a_code_is_nothing(amperes: float, flows: bool) -> None:
    """The noise of clamps that give little is more than their creep; 1 A is 1.25 codes here."""
    scale = Scale(230 / 0.75, 1000.0)
    made = bench(
        clamp={"current": 10, "volts": 0.01}, board={"loads": (Load(amperes),) * 3, "scale": scale}
    )
    async with made.running() as one:
        one.live(2)
        assert (one.value("Active_Power_L1") > 0) is flows


async def test_the_channels_and_pulse_inputs_of_the_board_may_be_others() -> None:
    order = (3, 0, 1, 2)
    async with bench(
        board={"order": order}, order=[*order], pins=[2, 4], debounce=5
    ).running() as one:
        assert one.boards[""].inputs == [(order, (2, 4), 5)]
        one.live(3)
        assert one.value("Active_Power_L1") == pytest.approx(2.3, rel=1e-3)


async def test_a_second_of_which_all_was_lost_is_an_overrun_and_no_error() -> None:
    async with bench().running() as one:
        one.live(2)
        one.ideals[""].lost += 6000
        one.live(1)
        assert (one.source.trouble, len(one.updates)) == (Condition.OVERRUN, 1)
        one.live(2)
        assert one.source.trouble is None
        one.ideals[""].overruns += 1
        one.live(1)
        assert one.source.trouble is Condition.OVERRUN


async def test_an_origin_is_the_sums_of_the_conductor() -> None:
    async with bench(clamps={"L1": 2, "N": 1}).running() as one:
        one.live(3)
        of_phase = one.source.origin("Active_Power_L1")
        of_neutral = one.source.origin("Current_Neutral")
        assert of_phase
        assert of_neutral
        labels = dict(of_phase.labels)
        assert labels["board"] == f"{UID} run 0000a001 record 3"
        assert labels["frames"] == "6000 in 1 records"
        assert {"V^2 L1", "I^2 L1", "I x V(lag + quarter) L1"} <= labels.keys()
        assert not [each for each in labels if each.endswith(" N")]
        names = [name for name, _ in of_neutral.labels]
        assert "I^2 N" in names
        assert "I^2 L1" not in names
        assert one.source.origin("Voltage_L2_N") is None


async def test_the_origin_of_a_dip_is_the_event_and_that_of_a_harmonic_the_waveform() -> None:
    async with bench().running() as one:
        assert one.source.origin("Voltage_Dips") is None
        one.live(2)
        heard, who, (ear,) = one.at, one.boards[""].identity, one.boards[""].ears
        assert who
        assert one.source.origin("THD_Current_L1") is None
        found = Spectra(50.01, None, (Spectrum(9.0, (1.0,) * 24), None, None))
        ear.spectra(found, heard)
        content = {"b": who.boot, "q": 1, "k": "dip", "v": 16 * 500**2, "d": 4096 * 300}
        ear.event(who, content, heard)
        one.live(3)
        board = ("board", f"{UID} run 0000a001")
        for point in ("THD_Current_L1", "Voltage_Harmonic_5_L1"):
            waveform = one.source.origin(point)
            assert waveform
            assert (waveform.at, waveform.labels) == (heard, (board, ("waveform", "of 50.010 Hz")))
        dips, swells = map(one.source.origin, ("Voltage_Dips", "Voltage_Swells"))
        assert dips
        assert swells
        labels = (board, ("events", "1"), ("last dip", "500.0 for 0.050 s"))
        assert (dips.at, dips.labels) == (heard, labels)
        assert (swells.at, swells.labels) == (one.at, (board, ("events", "0")))


async def test_a_recording_is_followed_as_quickly_as_it_is_played() -> None:
    one = bench()
    one.boards[""].speed = 100.0
    async with one.running():
        for _ in range(300):
            one.now += 0.01
            one.boards[""].tell(one.ideals[""], one.ideals[""].second(), one.at)
        assert one.value(IMPORT) == pytest.approx(299 * MWH, abs=1)


async def test_the_clock_of_the_host_is_what_counts() -> None:
    async with bench().running() as one:
        one.boards[""].true_rate = 6000 * 1.0001
        one.live(101)
        assert one.value("Frequency") == pytest.approx(50.005, abs=1e-6)
        assert one.value(IMPORT) == pytest.approx(100 * MWH / 1.0001, abs=1)


async def test_another_board_is_calibrated_anew() -> None:
    async with bench(clamps={"L1": 2}).running() as one:
        one.live(3)
        one.ideals[""].uid = "another"
        one.ideals[""].reset("b")
        one.live(3)
        (raw,) = one.source.raw()
        assert (raw.uid, round(raw.seconds)) == ("another", 2)
        assert raw.clamps[0].energy.real == pytest.approx(2 * 575, rel=1e-3)


async def test_a_lost_board_ends_the_run() -> None:
    one = bench()
    task = asyncio.create_task(one.source.run(publish_nothing))
    await asyncio.sleep(0)
    one.boards[""].lose()
    with pytest.raises(LinkError, match="unplugged"):
        await task


async def test_three_meters_of_one_board_hear_the_same_records() -> None:
    first = bench(clamps={"L1": 1})
    sources = [first]
    for clamp in (2, 3):
        other = bench(clamps={"L1": clamp})
        other.boards = first.boards
        other.source = other.made()
        sources.append(other)
    tasks = [asyncio.create_task(each.source.run(each.publish)) for each in sources]
    await asyncio.sleep(0)
    first.live(3)
    powers = [each.value("Active_Power_Total") for each in sources]
    assert powers == pytest.approx([2.3, 0.575, 0.3674], rel=1e-3)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
