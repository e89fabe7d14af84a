"""The meters that the tests simulate, and the example stream made with one of them."""

import re
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from submeter.sources.simulated.household import Household
from submeter.sources.tic.decoder import Decoder, Frame, Group, Mode
from tooling.make_example_stream import stream
from tooling.tic import START, Contract, Historique, Linky, horodate

EXAMPLE = Path(__file__).parents[3] / "examples" / "linky-three-phase.tic"
MIDNIGHT = datetime(2024, 1, 16, 23, tzinfo=UTC)

THREE_PHASE = [
    *("ADSC", "VTIC", "DATE", "NGTF", "LTARF", "EAST"),
    *(f"EASF{n:02}" for n in range(1, 11)),
    *("EASD01", "EASD02", "EASD03", "EASD04"),
    *("IRMS1", "IRMS2", "IRMS3", "URMS1", "URMS2", "URMS3", "PREF", "PCOUP"),
    *("SINSTS", "SINSTS1", "SINSTS2", "SINSTS3"),
    *("SMAXSN", "SMAXSN1", "SMAXSN2", "SMAXSN3"),
    *("SMAXSN-1", "SMAXSN1-1", "SMAXSN2-1", "SMAXSN3-1"),
    *("CCASN", "CCASN-1", "UMOY1", "UMOY2", "UMOY3"),
    *("STGE", "MSG1", "PRM", "RELAIS", "NTARF", "NJOURF", "NJOURF+1", "PJOURF+1"),
]
OF_PHASES = re.compile("(SINSTS|SMAXSN)[123].*|(IRMS|URMS|UMOY)[23]")
PRODUCER_ONLY = [
    *("EAIT", "ERQ1", "ERQ2", "ERQ3", "ERQ4"),
    *("SINSTI", "SMAXIN", "SMAXIN-1", "CCAIN", "CCAIN-1"),
]


def decoded(data: bytes) -> list[Frame]:
    frames = Decoder().feed(data)
    assert all(frame.whole for frame in frames)
    return frames


def data_of(groups: tuple[Group, ...] | list[Group]) -> dict[str, str]:
    return {group.label: group.data for group in groups}


def test_the_example_is_what_its_generator_writes() -> None:
    assert EXAMPLE.read_bytes() == stream()


def test_the_example_is_four_minutes_of_whole_frames() -> None:
    data = EXAMPLE.read_bytes()
    frames = decoded(data)
    assert (data[0], data[-1]) == (2, 3)
    assert {frame.mode for frame in frames} == {Mode.STANDARD}
    assert len(frames) == 187
    for frame in frames:
        assert [group.label for group in frame.groups] == THREE_PHASE


def test_the_example_shows_energy_and_the_change_of_tariff() -> None:
    values = [data_of(frame.groups) for frame in decoded(EXAMPLE.read_bytes())]
    for one in values:
        assert sum(int(one[f"EASF{n:02}"]) for n in range(1, 11)) == int(one["EAST"])
        assert sum(int(one[f"EASD{n:02}"]) for n in range(1, 5)) == int(one["EAST"])
        assert int(one["STGE"], 16) >> 10 & 0xF == int(one["NTARF"]) - 1
    assert all(int(before["EAST"]) <= int(after["EAST"]) for before, after in pairwise(values))
    assert 100 < int(values[-1]["EAST"]) - int(values[0]["EAST"]) < 400
    assert (values[0]["NTARF"], values[-1]["NTARF"]) == ("02", "01")
    assert values[0]["EASF01"] < values[-1]["EASF01"]
    assert values[0]["EASF02"] < values[-1]["EASF02"]


def test_the_clock_of_the_example_goes_as_fast_as_the_bytes() -> None:
    data = EXAMPLE.read_bytes()
    frames = decoded(data)
    times = [frame.groups[2].horodate or "" for frame in frames]
    assert (times[0], times[-1][:9]) == ("H240116222900", "H24011622")
    seconds = [datetime.strptime(time[1:], "%y%m%d%H%M%S") for time in times]
    steps = [after - before for before, after in pairwise(seconds)]
    assert {step.seconds for step in steps} == {1, 2}
    pace = len(data) / len(frames) / 960 + 0.025  # with the gap between frames
    assert sum(steps, timedelta()).seconds / len(steps) == pytest.approx(pace, abs=0.01)


def test_the_index_is_the_integral_of_the_power() -> None:
    linky = Linky(seed=3)
    first = int(data_of(linky.groups())["EAST"]) - linky.house.imported // 3600
    joules = linky.house.imported
    for _ in range(300):
        before = linky.house.time
        linky.next_frame()
        passed = (linky.house.time - before).seconds
        joules += sum(linky.house.active) if passed == 1 else linky.house.imported - joules
        assert joules == linky.house.imported
        assert int(data_of(linky.groups())["EAST"]) == first + joules // 3600


def test_a_three_phase_consumer_counts_what_the_household_imports() -> None:
    house = Linky(seed=5).house
    begin = START - timedelta(minutes=29, hours=1)
    household = Household(5, start=(begin.hour + 1) * 3600)
    seconds = int((house.time - begin).total_seconds())
    state = [household.step() for _ in range(seconds)][-1]
    assert state == house.state
    assert house.imported * 1000 // 3600 == state.energies.active_import


def test_currents_voltages_and_powers_agree() -> None:
    linky = Linky(seed=2)
    for _ in range(20):
        linky.next_frame()
        values = {label: data for label, data in data_of(linky.groups()).items() if data.isdigit()}
        for n in "123":
            product = int(values[f"IRMS{n}"]) * int(values[f"URMS{n}"])
            assert abs(product - int(values[f"SINSTS{n}"])) <= 130  # half an ampere
            assert int(values[f"SMAXSN{n}"]) >= int(values[f"SINSTS{n}"])
        assert int(values["SINSTS"]) == sum(int(values[f"SINSTS{n}"]) for n in "123")
        assert int(values["SMAXSN"]) >= int(values["SINSTS"])


def test_a_maximum_carries_the_time_when_it_was_reached() -> None:
    linky = Linky(seed=69)
    seen: dict[str, tuple[str, str | None]] = {}
    raised = 0
    for _ in range(120):
        groups = {group.label: group for group in linky.groups()}
        maximum = groups["SMAXSN"].data, groups["SMAXSN"].horodate
        if "SMAXSN" in seen and maximum != seen["SMAXSN"]:
            raised += 1
            assert maximum[0] > seen["SMAXSN"][0]
            assert maximum[1] is not None
            assert maximum[1] <= (groups["DATE"].horodate or "")
        seen["SMAXSN"] = maximum
        linky.next_frame()
    assert raised


def test_at_midnight_today_s_maximum_becomes_yesterday_s() -> None:
    linky = Linky(seed=4, start=MIDNIGHT - timedelta(seconds=3))
    before = {group.label: group for group in linky.groups()}
    for _ in range(6):
        linky.next_frame()
    after = {group.label: group for group in linky.groups()}
    assert (after["SMAXSN-1"].data, after["SMAXSN-1"].horodate) == (
        before["SMAXSN"].data,
        before["SMAXSN"].horodate,
    )
    assert (after["SMAXSN"].horodate or "").startswith("H2401170000")


def test_the_load_curve_moves_on_the_half_hour() -> None:
    linky = Linky(seed=4, start=START + timedelta(seconds=57))
    before = {group.label: group for group in linky.groups()}
    for _ in range(4):
        linky.next_frame()
    after = {group.label: group for group in linky.groups()}
    assert after["CCASN"].horodate == after["UMOY2"].horodate == "H240116223000"
    assert (after["CCASN-1"].data, after["CCASN-1"].horodate) == (
        before["CCASN"].data,
        before["CCASN"].horodate,
    )


def test_a_producer_sends_its_labels_in_their_places() -> None:
    linky = Linky(producer=True, start=datetime(2024, 6, 16, 10, tzinfo=UTC))
    frames = decoded(linky.next_frame())
    labels = [group.label for group in frames[0].groups]
    assert [label for label in labels if label not in PRODUCER_ONLY] == THREE_PHASE
    assert [label for label in labels if label in PRODUCER_ONLY] == PRODUCER_ONLY
    values = data_of(frames[0].groups)
    assert int(values["SINSTS"]) == 0 < int(values["SINSTI"]) <= int(values["SMAXIN"])
    assert int(values["SINSTS1"]) == 0 < int(values["SINSTS3"])
    assert int(values["EAIT"]) > 0 < int(values["CCAIN"])
    assert int(values["STGE"], 16) >> 8 & 0b11 == 0b11
    assert frames[0].groups[2].horodate == "E240616120000"


def test_a_single_phase_linky_sends_no_label_of_a_phase() -> None:
    (frame,) = decoded(Linky(phases=1).next_frame())
    labels = [group.label for group in frame.groups]
    assert labels == [label for label in THREE_PHASE if not OF_PHASES.fullmatch(label)]
    assert len(labels) == 38


def test_the_season_letter_follows_the_change_of_the_clock() -> None:
    assert horodate(datetime(2024, 3, 31, 0, 59, 59, tzinfo=UTC)) == "H240331015959"
    assert horodate(datetime(2024, 3, 31, 1, tzinfo=UTC)) == "E240331030000"
    assert horodate(datetime(2024, 10, 27, 0, 30, tzinfo=UTC)) == "E241027023000"
    assert horodate(datetime(2024, 10, 27, 1, 30, tzinfo=UTC)) == "H241027023000"


@pytest.mark.parametrize(
    ("contract", "indexes", "period"),
    [
        ("BASE", ["BASE"], "TH.."),
        ("HC", ["HCHC", "HCHP"], "HC.."),
        ("EJP", ["EJPHN", "EJPHPM"], "HN.."),
        (
            "TEMPO",
            ["BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"],
            "HCJB",
        ),
    ],
)
@pytest.mark.parametrize("phases", [1, 3])
def test_an_older_meter_counts_in_the_index_of_its_period(
    contract: Contract, indexes: list[str], period: str, phases: int
) -> None:
    old = Historique(6, START + timedelta(minutes=2), contract, phases)
    frames = decoded(b"".join(old.next_frame() for _ in range(60)))
    first, last = data_of(frames[0].groups), data_of(frames[-1].groups)
    assert first["PTEC"] == period
    assert [label for label in first if label in indexes] == indexes
    moved = [int(last[label]) - int(first[label]) for label in indexes]
    assert moved[0] > 0
    assert not any(moved[1:])
    assert ("DEMAIN" in first) is (contract == "TEMPO")
    assert ("IINST" in first) is (phases == 1)
    assert ("PPOT" in first) is (phases == 3)


def test_an_older_meter_warns_only_while_over_the_subscribed_current() -> None:
    calm, over = Historique(subscribed=30), Historique(subscribed=0)
    assert "ADPS" not in data_of(calm.groups())
    assert "ADPS" in data_of(over.groups())
