"""Frames of standard mode, and what they say of the points."""

from collections.abc import Sequence
from typing import Any

import pytest

from submeter.meter.reading import Quality, Update
from submeter.pointmap import source_map
from submeter.sources.growing_index import GrowingIndex
from submeter.sources.index_guard import IndexGuard
from submeter.sources.tic.decoder import Decoder, Frame, Group, Mode
from submeter.sources.translation import heard
from tooling.tic import Linky, frame
from tooling.tic_reader import TicReader
from tooling.trust import Trusting

Changes = dict[str, str | None]


def translator(*options: str, promised: Sequence[str] = (), growing: bool = False) -> TicReader:
    loaded = source_map.load("tic-standard", options)
    return TicReader(loaded, promised, Trusting(), GrowingIndex() if growing else None)


def changed(groups: list[Group], **changes: str | None) -> list[Group]:
    """Return the groups with other data, or without those that are None; - is _ in the names."""
    named = {label.replace("_", "-"): data for label, data in changes.items()}
    kept = [
        Group(each.label, named.pop(each.label, each.data) or "", each.horodate)
        for each in groups
        if named.get(each.label, "") is not None
    ]
    return kept + [Group(label, data) for label, data in named.items() if data is not None]


def received(groups: list[Group]) -> Frame:
    """Return the groups as they come out of the decoder."""
    (decoded,) = Decoder().feed(frame(Mode.STANDARD, groups))
    assert decoded.whole
    return decoded


def says(made: TicReader, groups: list[Group], elapsed: float = 0.0) -> Update:
    update = made.translate(received(groups), elapsed)
    assert update is not None
    return update


def numbers(update: Update) -> dict[str, Any]:
    return {name: value.number for name, value in update.values.items()}


CONSUMER = Linky(phases=3).groups()
SINGLE = Linky(phases=1).groups()
PRODUCER = Linky(phases=3, producer=True).groups()


PRODUCER_ONLY = {
    *("Active_Energy_Export", "Reactive_Energy_Import", "Reactive_Energy_Export"),
    *(f"Reactive_Energy_Q{number}" for number in (1, 2, 3, 4)),
    *("Apparent_Power_Injected", "Active_Power_Mean_Export"),
    *("Apparent_Power_Injected_Peak_Today", "Apparent_Power_Injected_Peak_Today_Time"),
}


def test_a_three_phase_consumer() -> None:
    groups = changed(CONSUMER, EAST="021434934", SINSTS="00520", URMS1="233", IRMS2="007")
    update = says(translator(), groups)
    found = numbers(update)
    assert found["Active_Energy_Import"] == 21_434_934_000
    assert type(found["Active_Energy_Import"]) is int
    assert found["Apparent_Power_Total"] == 0.52
    assert (found["Voltage_L1_N"], found["Current_L2"]) == (233, 7)
    assert found["Overload_Alarm"] == found["Energy_Direction"] == found["Tamper_Alarm"] == 0
    assert {value.quality for value in update.values.values()} == {Quality.MEASURED}


def test_a_consumer_s_export_and_reactive_energies_are_absent_not_zero() -> None:
    update = says(translator(), CONSUMER)
    assert update.absent == PRODUCER_ONLY
    assert not update.absent & update.values.keys()


def test_a_single_phase_consumer_has_no_other_phases() -> None:
    update = says(translator("va_as_w"), SINGLE)
    assert update.absent >= {"Voltage_L2_N", "Voltage_L3_N", "Current_L2", "Current_L3"}
    assert update.absent >= {"Active_Power_L1", "Active_Power_L2", "Active_Power_L3"}
    assert {"Voltage_L1_N", "Current_L1", "Apparent_Power_Total"} <= update.values.keys()


def test_a_producer() -> None:
    groups = changed(
        PRODUCER, EAIT="000000123", ERQ1="000000001", ERQ2="000000002", ERQ3="000000030",
        ERQ4="000000400", SINSTS="00000", SINSTI="01500",
    )  # fmt: skip
    update = says(translator(), groups)
    found = numbers(update)
    assert found["Active_Energy_Export"] == 123_000
    assert found["Reactive_Energy_Import"] == 3000
    assert found["Reactive_Energy_Export"] == 430_000
    assert found["Apparent_Power_Total"] == 1.5
    assert update.absent == frozenset()


def test_a_sum_needs_all_its_members_in_the_same_frame() -> None:
    made = translator()
    says(made, PRODUCER)
    first, second = changed(PRODUCER, ERQ2=None), changed(PRODUCER, ERQ1=None)
    for groups in (first, second):
        update = says(made, groups)
        assert "Reactive_Energy_Import" not in update.values
        assert "Reactive_Energy_Import" not in update.absent
        assert "Reactive_Energy_Export" in update.values


def test_a_frame_that_is_not_whole_proves_nothing_absent() -> None:
    made = translator()
    decoded = received(CONSUMER)
    damaged = Frame(decoded.mode, decoded.groups, 1, whole=False)
    update = made.translate(damaged, 0)
    assert update
    assert update.absent == frozenset()
    assert "Active_Energy_Import" in update.values
    assert "Apparent_Power_Total" not in update.values  # a SINSTI may have been the damaged one
    assert says(made, CONSUMER).absent


def test_a_frame_without_the_labels_of_a_complete_one_proves_nothing_absent() -> None:
    assert says(translator(), changed(CONSUMER, ADSC=None)).absent == frozenset()


def test_a_label_that_was_sent_is_not_absent_although_it_was_refused() -> None:
    made = translator()
    update = says(made, changed(PRODUCER, EAIT="00000X123"))
    assert made.refused == 1
    assert "Active_Energy_Export" not in update.absent | update.values.keys()


def test_a_refused_status_register_does_not_decide_on_the_power() -> None:
    made = translator()
    update = says(made, changed(CONSUMER, STGE="00DA44"))
    assert made.refused == 1
    assert not update.absent, "a frame with a refused group proves nothing missing"
    assert "Active_Power_Total" not in update.values


@pytest.mark.parametrize(
    ("label", "data", "point"),
    [
        ("EAST", "02143493", "Active_Energy_Import"),
        ("EAST", "02143493A", "Active_Energy_Import"),
        ("URMS1", "2330", "Voltage_L1_N"),
        ("IRMS1", "-01", "Current_L1"),
        ("STGE", "00DA440Z", "Overload_Alarm"),
        ("SINSTS", "520", "Apparent_Power_Total"),
    ],
)
def test_data_of_a_wrong_form_is_refused_and_counted(label: str, data: str, point: str) -> None:
    made = translator()
    says(made, CONSUMER)
    update = says(made, changed(CONSUMER, **{label: data}))
    assert point not in update.values
    assert point not in update.absent
    assert made.refused == 1


def test_labels_that_the_map_does_not_know_are_passed_over() -> None:
    made = translator()
    update = says(made, [*CONSUMER, Group("NEWLABEL", "?")])
    assert update == says(translator(), CONSUMER)
    assert made.refused == 0


def test_a_frame_that_says_nothing_is_none() -> None:
    assert translator().translate(received([Group("VTIC", "02")]), 0) is None


def test_identity() -> None:
    made = translator()
    assert made.heard.identity is None
    says(made, changed(CONSUMER, ADSC="042276123456"))
    assert made.heard.identity == "042276123456"


@pytest.mark.parametrize(
    ("status", "overload", "direction", "tamper"),
    [
        ("00000000", 0, 0, 0),
        ("00000080", 1, 0, 0),
        ("00000200", 0, 1, 0),
        ("00000010", 0, 0, 1),
        ("FFFFFFFF", 1, 1, 1),
        ("FFFFFD6F", 0, 0, 0),
    ],
)
def test_bits_of_the_status_register(
    status: str, overload: int, direction: int, tamper: int
) -> None:
    found = numbers(says(translator(), changed(CONSUMER, STGE=status)))
    assert found["Overload_Alarm"] == overload
    assert found["Energy_Direction"] == direction
    assert found["Tamper_Alarm"] == tamper


def run(made: TicReader, groups: list[Group], power: int, export: int, until: int) -> Update:
    """Feed frames every 2 s in which the indexes grow by `power` and `export` W."""
    update = None
    for elapsed in range(0, until, 2):
        indexes: Changes = {"EAST": f"{10_000 + power * elapsed // 3600:09}"}
        if export:
            indexes["EAIT"] = f"{500 + export * elapsed // 3600:09}"
        update = says(made, changed(groups, **indexes), elapsed)
    assert update
    return update


def test_active_power_follows_from_the_index() -> None:
    made = translator()
    assert "Active_Power_Total" not in says(made, CONSUMER).values
    value = run(translator(), CONSUMER, 3600, 0, 100).values["Active_Power_Total"]
    assert value.number == pytest.approx(3.6, rel=0.04)
    assert value.quality is Quality.DERIVED


def test_a_producer_s_power_is_import_less_export() -> None:
    update = run(translator(), PRODUCER, 0, 1800, 500)
    assert update.values["Active_Power_Total"].number == pytest.approx(-1.8, rel=0.04)


def test_a_consumer_that_exports_has_no_known_power() -> None:
    made = translator()
    run(made, CONSUMER, 3600, 0, 100)
    exporting = says(made, changed(CONSUMER, STGE="00DA4601", EAST="000010100"), 100)
    assert "Active_Power_Total" in exporting.absent
    again = says(made, changed(CONSUMER, STGE="00DA4401", EAST="000010100"), 102)
    assert "Active_Power_Total" not in again.absent


def test_a_producer_s_power_is_known_in_both_directions() -> None:
    made = translator()
    run(made, PRODUCER, 0, 1800, 500)
    update = says(made, changed(PRODUCER, STGE="00DA4701", EAST="000010000"), 500)
    assert "Active_Power_Total" not in update.absent


def test_options_that_are_not_asked_for() -> None:
    update = says(translator(), CONSUMER)
    assert not update.values.keys() & {"Active_Power_L1", "Demand_Peak_Current"}


def test_va_as_w() -> None:
    groups = changed(CONSUMER, SINSTS1="00334", SINSTS2="00154", SINSTS3="00032")
    update = says(translator("va_as_w"), groups)
    found = [update.values[f"Active_Power_L{n}"] for n in (1, 2, 3)]
    assert [value.number for value in found] == [0.334, 0.154, 0.032]
    assert {value.quality for value in found} == {Quality.ESTIMATED}


def test_daily_peak() -> None:
    groups = [
        Group("SMAXSN", "07158", "E240701120000") if each.label == "SMAXSN" else each
        for each in CONSUMER
    ]
    update = says(translator("daily_peak"), groups)
    assert update.values["Demand_Peak_Current"].number == pytest.approx(7.158)
    assert update.values["Demand_Peak_Current"].quality is Quality.ESTIMATED
    assert update.values["Demand_Peak_Timestamp"].number == 1_719_828_000
    assert update.values["Demand_Peak_Timestamp"].quality is Quality.MEASURED


def test_a_peak_without_a_usable_time_has_none() -> None:
    groups = [
        Group("SMAXSN", "07158", " 240701120000") if each.label == "SMAXSN" else each
        for each in CONSUMER
    ]
    update = says(translator("daily_peak"), groups)
    assert "Demand_Peak_Current" in update.values
    assert "Demand_Peak_Timestamp" not in update.values


def test_points_that_only_the_other_mode_has_are_absent_after_a_complete_frame() -> None:
    made = translator(promised=["Phase_Loss_L1", "Voltage_L1_N"])
    assert "Phase_Loss_L1" not in says(made, changed(CONSUMER, ADSC=None)).absent
    update = says(made, CONSUMER)
    assert "Phase_Loss_L1" in update.absent
    assert "Voltage_L1_N" in update.values


def test_a_replayed_index_grows_and_its_power_goes_on() -> None:
    made = translator(growing=True)
    last, powers = 0, []
    for lap in range(3):
        for second in range(0, 120, 2):
            groups = changed(CONSUMER, EAST=f"{7000 + second:09}")
            update = says(made, groups, lap * 120 + second)
            index = int(update.values["Active_Energy_Import"].number)
            assert index >= last
            last = index
            if value := update.values.get("Active_Power_Total"):
                powers.append(value.number)
    assert last == (7000 + 3 * 118) * 1000
    assert all(power == pytest.approx(3.6, rel=0.06) for power in powers)


def test_the_whole_course_of_a_simulated_linky() -> None:
    linky, decoder, made = Linky(seed=3), Decoder(), translator()
    seen: list[float] = []
    elapsed = 0.0
    while elapsed < 200:
        data = linky.next_frame()
        elapsed += len(data) / 960
        (decoded,) = decoder.feed(data)
        update = made.translate(decoded, elapsed)
        assert update
        if value := update.values.get("Active_Power_Total"):
            seen.append(value.number)
    assert made.refused == 0
    assert seen
    assert 0 < seen[-1] < 12


def test_a_label_that_stands_twice_with_different_data_is_refused() -> None:
    made = translator()
    update = says(made, [*CONSUMER, Group("URMS1", "111")])
    assert "Voltage_L1_N" not in update.values
    assert made.refused == 1
    assert not update.absent


def test_a_group_that_is_always_damaged_hides_nothing_else_for_long() -> None:
    made = translator()
    broken = changed(CONSUMER, RELAIS="?")
    for _ in range(heard.ENOUGH):
        update = says(made, broken)
    assert update.values["Apparent_Power_Total"].quality is Quality.MEASURED
    assert "Active_Energy_Export" in update.absent


def test_a_damaged_index_is_no_value_and_no_power() -> None:
    """Bit 1 of two digits of EAST flipped keeps the checksum: 12345738 becomes 32145698."""
    loaded = source_map.load("tic-standard")
    made = TicReader(loaded, (), IndexGuard(loaded.largest_power))
    served, powers = [], []
    for second in range(200):
        index = 12_345_738 + second // 2
        data = f"{index:09d}" if second != 100 else "032145698"
        update = made.translate(received(changed(CONSUMER, EAST=data)), second)
        assert update
        served += [v.number for k, v in update.values.items() if k == "Active_Energy_Import"]
        powers += [v.number for k, v in update.values.items() if k == "Active_Power_Total"]
    assert served == sorted(served)
    assert served[-1] == 12_345_837_000
    assert max(powers) == pytest.approx(1.8, rel=0.1)


def test_an_index_that_falls_for_good_is_passed_on() -> None:
    """What a register does over time is for the meter to judge, which knows its past."""
    loaded = source_map.load("tic-standard")
    made = TicReader(loaded, (), IndexGuard(loaded.largest_power))
    found = []
    for second, index in enumerate((501, 501, 100, 100, 101)):
        update = made.translate(received(changed(CONSUMER, EAST=f"{index:09d}")), second)
        assert update
        assert update.failed == frozenset()
        found.append(numbers(update).get("Active_Energy_Import"))
    assert found == [None, 501_000, None, 100_000, 100_000]


def test_a_phase_power_beyond_what_a_meter_can_carry_is_refused() -> None:
    made = translator("va_as_w")
    update = says(made, changed(CONSUMER, SINSTS2="73569"))
    assert "Active_Power_L2" not in update.values
    assert "Active_Power_L1" in update.values
    assert made.refused == 1


def test_a_stray_label_is_forgotten_after_complete_frames_without_it() -> None:
    """A damaged group that passed for EAIT must not cost the consumer's power for ever."""
    made, loaded = translator(), source_map.load("tic-standard")
    says(made, CONSUMER)
    says(made, [*CONSUMER, Group("EAIT", "000000000")])
    says(made, CONSUMER)
    update = says(made, CONSUMER)
    assert "Active_Energy_Export" in update.absent
    assert made.heard.feeds(loaded.rules["Active_Power_Total"][1])
    assert not made.heard.feeds(loaded.rules["Active_Power_Total"][0])


def test_a_producer_at_noon_has_a_power_after_a_minute_or_two() -> None:
    made = translator()
    first = None
    for second in range(200):
        groups = changed(PRODUCER, EAST="000000500", EAIT=f"{1000 + second:09d}")
        update = says(made, groups, second)
        if first is None and "Active_Power_Total" in update.values:
            first = second
    assert first is not None
    assert first < 100
    assert update.values["Active_Power_Total"].number == pytest.approx(-3.6, rel=0.05)
