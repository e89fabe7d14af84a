"""What a meter of one board makes of what is wrong, and of events and waveforms."""

from typing import Any

import pytest

from submeter.errors import Condition
from submeter.meter.reading import Quality
from submeter.sources.rp2040.correction import NONE
from tooling.clamp_records import IdealBoard, Load
from tooling.clamp_source import UID, Bench

IMPORT = "Active_Energy_Import"
MWH = 2300 / 3.6  # of 10 A at 230 V in a second
ONE = {"board": UID, "clamp": {"current": 50}}


def bench(*, board: dict[str, Any] | None = None, **keys: Any) -> Bench:
    return Bench({**ONE, **keys}, IdealBoard(**(board or {})))


async def test_without_mains_there_is_no_frequency_and_no_power() -> None:
    async with bench().running() as one:
        one.live(2)
        one.ideals[""].volts = 0.0
        one.ideals[""].loads = [Load(0.0)] * 3
        one.live(3)
        assert one.value("Voltage_L1_N") < 1
        assert one.value("Active_Power_Total") == one.value("Current_L1") == 0
        assert one.value("Power_Factor_L1") == 1
        assert one.updates[-1].failed == {"Frequency"}
        assert one.meter.readings["Frequency"].quality is Quality.FAILED


POWERS = ("Active_Power", "Reactive_Power", "Apparent_Power", "Power_Factor")


async def test_a_board_that_sees_no_voltage_while_current_flows_knows_no_power() -> None:
    loads = [Load(10.0), Load(0.0), Load(2.0)]
    async with bench(board={"loads": loads}, clamps={"L1": 1, "L2": 2}).running() as one:
        one.live(3)
        before = one.value(IMPORT)
        one.ideals[""].volts = 0.0  # its transformer is unplugged
        one.live(3)
        unknown = {f"{power}_{where}" for power in POWERS for where in ("L1", "L2", "Total")}
        assert one.updates[-1].failed == unknown | {"Frequency"}
        assert not unknown & one.updates[-1].values.keys()
        assert one.meter.readings["Active_Power_Total"].quality is Quality.FAILED
        assert one.value("Current_L1") == pytest.approx(10, rel=1e-3)
        assert one.value("Voltage_L1_N") == 0
        troubles = [one.source.trouble]
        assert (one.value(IMPORT), one.value("Apparent_Energy_Import")) == (before, before)
        one.ideals[""].loads[0] = Load(0.0)
        one.live(1)
        troubles.append(one.source.trouble)  # the mains is gone, as far as is known
        assert troubles == [Condition.NO_VOLTAGE, None]
        assert one.value("Active_Power_L1") == one.value("Active_Power_Total") == 0
        one.ideals[""].volts, one.ideals[""].loads[0] = 230.0, Load(10.0)
        one.live(2)
        assert one.value("Active_Power_L1") == pytest.approx(2.3, rel=1e-3)
        assert one.value(IMPORT) == pytest.approx(before + 2 * MWH, abs=2)


async def test_the_current_of_another_meter_is_not_a_sign_of_voltage_here() -> None:
    loads = (Load(0.0), Load(5.0), Load(0.0))
    async with bench(board={"volts": 0.0, "loads": loads}).running() as one:
        one.live(3)
        assert one.source.trouble is None
        assert one.value("Active_Power_L1") == 0


@pytest.mark.parametrize(("channel", "voltage"), [(0, True), (1, False)])
async def test_at_the_end_of_the_converter_values_are_estimates(
    channel: int, voltage: bool
) -> None:
    async with bench(clamps={"L1": 1, "N": 3}).running() as one:
        one.live(2)
        one.ideals[""].saturated[channel] += 7
        one.live(1)
        last = one.updates[-1].values
        for point in ("Active_Power_L1", "Current_L1", "Power_Factor_Total", IMPORT):
            assert last[point].quality is Quality.ESTIMATED, point
        assert (last["Voltage_L1_N"].quality is Quality.ESTIMATED) is voltage
        assert (last["Current_Neutral"].quality is Quality.ESTIMATED) is voltage
        troubles = [one.source.trouble]
        for _ in range(2):  # the cycle that they are in may have ended in the record that follows
            one.live(1)
            troubles.append(one.source.trouble)
        assert troubles == [Condition.SATURATED, Condition.SATURATED, None]
        assert one.updates[-1].values[IMPORT].quality is Quality.MEASURED


async def test_the_end_of_a_channel_of_another_meter_is_nothing_to_this_one() -> None:
    async with bench().running() as one:
        one.live(2)
        one.ideals[""].saturated[2] += 7
        one.live(1)
        assert one.source.trouble is None
        assert one.updates[-1].values["Current_L1"].quality is Quality.MEASURED
        (raw,) = one.source.raw()
        assert raw.saturated == 0


async def test_lost_frames_are_told_and_their_energy_is_not_invented() -> None:
    async with bench().running() as one:
        one.live(2)
        one.ideals[""].overruns += 1
        one.ideals[""].lost += 3000
        one.live(1)
        assert one.source.trouble is Condition.OVERRUN
        assert one.value("Board_Overruns") == 3000
        assert one.value("Active_Power_L1") == pytest.approx(2.3, rel=1e-3)
        assert one.value(IMPORT) == pytest.approx(1.5 * MWH, abs=1)
        one.live(1)
        assert one.source.trouble is None


async def test_a_second_of_which_most_was_lost_is_no_present_power() -> None:
    async with bench().running() as one:
        one.live(2)
        ideal = one.ideals[""]
        ideal.overruns, ideal.lost = 1, 24_000
        one.now += 4
        one.boards[""].tell(ideal, ideal.second(5.0), one.at)
        assert "Active_Power_L1" not in one.updates[-1].values
        assert one.value(IMPORT) == pytest.approx(2 * MWH, abs=1)


async def test_dips_are_counted() -> None:
    async with bench().running() as one:
        one.live(2)
        who, (ear,) = one.boards[""].identity, one.boards[""].ears
        assert who
        content = {"b": who.boot, "q": 1, "t": 1, "f": 1, "v": 16 * 400**2, "r": 1, "d": 4096}
        ear.event(who, {**content, "k": "dip"}, one.at)
        ear.event(who, {**content, "k": "swell"}, one.at)
        ear.event(who, {**content, "k": "lost"}, one.at)
        one.live(1)
        assert (one.value("Voltage_Dips"), one.value("Voltage_Swells")) == (1, 1)


async def test_a_dip_is_told_in_volts(caplog: pytest.LogCaptureFixture) -> None:
    async with bench().running() as one:
        one.corrections.now = NONE._replace(voltage=0.5)
        one.live(2)
        who, (ear,) = one.boards[""].identity, one.boards[""].ears
        assert who
        content = {"b": who.boot, "q": 1, "v": 16 * 1000**2, "d": 4096 * 60, "k": "dip"}
        ear.event(who, content, one.at)
        ear.event(who, content, one.at)
        one.live(61)
    told = [record.getMessage() for record in caplog.records if "voltage" in record.getMessage()]
    assert told == [
        "event=voltage_dip source=m volts=122.5 ms=10",
        "event=voltage_unsteady source=m more=1",
    ]


class Spectrum:
    """Stands for that of a channel."""

    def __init__(self, thd: float) -> None:
        self.thd, self.harmonics = thd, tuple(thd / order for order in range(2, 26))


class Spectra:
    """Stands for those of a snapshot."""

    def __init__(self, voltage: float | None, *clamps: float | None) -> None:
        self.frequency = 50.0
        self.voltage = Spectrum(voltage) if voltage else None
        self.clamps = tuple(Spectrum(each) if each else None for each in clamps)


async def test_harmonics_are_those_of_the_clamp() -> None:
    async with bench(clamps={"L1": 2}).running() as one:
        (ear,) = one.boards[""].ears
        ear.spectra(Spectra(3.0, 20.0, 7.0, None), one.at)  # type: ignore[arg-type]
        one.live(2)
        assert one.value("THD_Current_L1") == 7


async def test_harmonics_are_known_for_three_snapshots() -> None:
    async with bench(snapshot=6).running() as one:
        one.live(2)
        assert "THD_Voltage_L1" not in {*one.updates[-1].values, *one.updates[-1].failed}
        (ear,) = one.boards[""].ears
        ear.spectra(Spectra(3.0, 20.0, None, None), one.at)  # type: ignore[arg-type]
        one.live(18)
        assert one.value("THD_Voltage_L1") == 3
        assert one.value("Current_Harmonic_25_L1") == 0.8
        assert one.updates[-1].failed == set()
        one.live(1)
        assert {"THD_Voltage_L1", "Current_Harmonic_25_L1"} <= one.updates[-1].failed
        assert one.meter.readings["THD_Current_L1"].quality is Quality.FAILED
        ear.spectra(Spectra(3.0, None, 9.0, 9.0), one.at)  # type: ignore[arg-type]
        one.live(1)
        assert one.value("THD_Voltage_L1") == 3
        assert "THD_Current_L1" in one.updates[-1].failed


async def test_a_board_in_another_layout_tells_nothing() -> None:
    one = Bench({**ONE, "voltage": None}, IdealBoard())
    async with one.running():
        one.live(3)
        assert one.updates == []
        assert one.source.saved() == one.made().saved()


async def test_a_board_that_comes_to_no_rest_is_told_and_counts() -> None:
    async with bench().running() as one:
        one.live(3)
        for number in range(6):
            one.ideals[""].reset(f"run {number}")
            one.live(2)
        assert one.source.trouble is Condition.RESETTING
        assert one.value(IMPORT) == pytest.approx((2 + 6 * 2) * MWH, abs=1)


async def test_the_trouble_of_the_board_goes_before_its_own() -> None:
    async with bench().running() as one:
        one.boards[""].trouble = Condition.OLD_FIRMWARE
        assert one.source.trouble is Condition.OLD_FIRMWARE
