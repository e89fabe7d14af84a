"""Frames of historique mode, and what they say of the points."""

from typing import Any

import pytest

from submeter.meter.reading import Quality, Update
from submeter.pointmap import source_map
from submeter.sources.tic.decoder import Decoder, Frame, Group, Mode
from tooling.tic import Contract, Historique, frame
from tooling.tic_reader import TicReader
from tooling.trust import Trusting

INDEXES = {
    "BASE": ["BASE"],
    "HC": ["HCHC", "HCHP"],
    "EJP": ["EJPHN", "EJPHPM"],
    "TEMPO": ["BBRHCJB", "BBRHPJB", "BBRHCJW", "BBRHPJW", "BBRHCJR", "BBRHPJR"],
}
CONTRACTS: list[Contract] = ["BASE", "HC", "EJP", "TEMPO"]


def translator() -> TicReader:
    return TicReader(source_map.load("tic-historique"), (), Trusting())


def received(groups: list[Group]) -> Frame:
    (decoded,) = Decoder().feed(frame(Mode.HISTORIQUE, groups))
    assert decoded.whole
    return decoded


def says(made: TicReader, groups: list[Group], elapsed: float = 0.0) -> Update:
    update = made.translate(received(groups), elapsed)
    assert update is not None
    return update


def without(groups: list[Group], *labels: str) -> list[Group]:
    return [each for each in groups if each.label not in labels]


def with_data(groups: list[Group], **data: str) -> list[Group]:
    found = [Group(each.label, data.get(each.label, each.data)) for each in groups]
    assert data.keys() <= {each.label for each in found}
    return found


def number(update: Update, point: str) -> Any:
    return update.values[point].number if point in update.values else None


SINGLE = Historique(phases=1).groups()
THREE = Historique(phases=3).groups()


@pytest.mark.parametrize("contract", CONTRACTS)
def test_the_index_is_the_total_of_the_contract_s(contract: Contract) -> None:
    groups = Historique(contract=contract).groups()
    data = {label: f"{10**n:09}" for n, label in enumerate(INDEXES[contract])}
    update = says(translator(), with_data(groups, **data))
    assert number(update, "Active_Energy_Import") == sum(10**n for n in range(len(data))) * 1000
    assert "Active_Energy_Import" not in update.absent


@pytest.mark.parametrize("contract", CONTRACTS[1:])
def test_a_total_needs_every_index_in_the_same_frame(contract: Contract) -> None:
    groups = Historique(contract=contract).groups()
    for label in INDEXES[contract]:
        made = translator()
        says(made, groups)
        update = says(made, without(groups, label))
        assert "Active_Energy_Import" not in update.values.keys() | update.absent


@pytest.mark.parametrize("option", ["BBR(", "BBR1", "BBRx", "HC..", "HC.A", "EJP."])
def test_forms_of_the_option(option: str) -> None:
    contract: Contract = "TEMPO" if option[0] == "B" else "HC" if option[0] == "H" else "EJP"
    groups = with_data(Historique(contract=contract).groups(), OPTARIF=option)
    assert "Active_Energy_Import" in says(translator(), groups).values


def test_an_option_that_nobody_knows_is_damage() -> None:
    made = translator()
    update = says(made, with_data(SINGLE, OPTARIF="NEW."))
    assert made.refused == 1
    assert not update.absent
    assert not {"Active_Energy_Import", "Active_Power_Total"} & update.values.keys()


def test_indexes_of_another_contract_are_not_added() -> None:
    groups = [*SINGLE, Group("HCHC", "000000005"), Group("HCHP", "000000006")]
    update = says(translator(), with_data(groups, BASE="000000100"))
    assert number(update, "Active_Energy_Import") == 100_000


def test_old_indexes_have_eight_digits() -> None:
    assert number(says(translator(), with_data(SINGLE, BASE="12345678")), "Active_Energy_Import")


def test_a_single_phase_meter() -> None:
    update = says(translator(), with_data(SINGLE, IINST="012", PAPP="02750"))
    assert number(update, "Current_L1") == 12
    assert number(update, "Apparent_Power_Total") == 2.75
    assert update.values["Apparent_Power_Total"].quality is Quality.MEASURED
    assert update.absent >= {"Current_L2", "Current_L3", "Phase_Loss_L1", "Phase_Loss_L3"}


def test_a_three_phase_meter() -> None:
    update = says(translator(), with_data(THREE, IINST1="001", IINST2="002", IINST3="003"))
    assert [number(update, f"Current_L{n}") for n in (1, 2, 3)] == [1, 2, 3]
    assert not {"Current_L1", "Phase_Loss_L1"} & update.absent


@pytest.mark.parametrize(
    ("data", "lost"),
    [("00", [0, 0, 0]), ("02", [1, 0, 0]), ("04", [0, 1, 0]), ("08", [0, 0, 1]), ("0A", [1, 0, 1])],
)
def test_lost_phases(data: str, lost: list[int]) -> None:
    update = says(translator(), with_data(THREE, PPOT=data))
    assert [number(update, f"Phase_Loss_L{n}") for n in (1, 2, 3)] == lost


@pytest.mark.parametrize(
    ("groups", "kva"),
    [
        (with_data(without(SINGLE, "PAPP"), IINST="010"), 2.3),
        (with_data(without(THREE, "PAPP"), IINST1="001", IINST2="002", IINST3="007"), 2.3),
    ],
)
def test_without_papp_the_apparent_power_is_estimated(groups: list[Group], kva: float) -> None:
    made = translator()
    decoded = received(groups)
    damaged = made.translate(Frame(decoded.mode, decoded.groups, 1, whole=False), 0)
    assert damaged
    # PAPP may have been the group that was lost.
    assert "Apparent_Power_Total" not in damaged.values.keys() | damaged.absent
    update = says(made, groups)
    assert number(update, "Apparent_Power_Total") == pytest.approx(kva)
    assert update.values["Apparent_Power_Total"].quality is Quality.ESTIMATED


def test_a_papp_that_is_missing_once_is_not_estimated() -> None:
    made = translator()
    says(made, SINGLE)
    assert "Apparent_Power_Total" not in says(made, without(SINGLE, "PAPP")).values


def test_a_papp_that_is_refused_at_first_is_not_estimated() -> None:
    made = translator()
    update = says(made, with_data(SINGLE, PAPP="0275A"))
    assert made.refused == 1
    assert "Apparent_Power_Total" not in update.values.keys() | update.absent


def test_overload_of_a_single_phase_meter() -> None:
    made = translator()
    assert number(says(made, SINGLE), "Overload_Alarm") is None
    assert number(says(made, SINGLE), "Overload_Alarm") == 0
    assert number(says(made, [*SINGLE, Group("ADPS", "031")]), "Overload_Alarm") == 1
    assert number(says(made, SINGLE), "Overload_Alarm") == 0


def test_short_frames_warn_and_keep_the_rest() -> None:
    meter = Historique(phases=3, subscribed=0)
    short = with_data(meter.short_groups(), IINST1="031", ADIR1="031")
    made = translator()
    long = says(made, meter.groups())
    update = says(made, short)
    assert number(update, "Overload_Alarm") == 1
    assert number(update, "Current_L1") == 31
    assert update.absent <= long.absent
    assert not {"Active_Energy_Import", "Apparent_Power_Total"} & update.values.keys()


def test_the_one_long_frame_among_short_ones_does_not_end_an_overload() -> None:
    meter = Historique(phases=3, subscribed=0)
    short, long = meter.short_groups(), meter.groups()
    made = translator()
    course = [long, long, short, short, long, short, long, long, long]
    alarms = [number(says(made, groups), "Overload_Alarm") for groups in course]
    assert alarms == [None, 0, 1, 1, None, 1, None, 0, 0]


def test_a_damaged_frame_does_not_end_an_overload() -> None:
    made = translator()
    says(made, [*THREE, Group("ADIR1", "031")])
    decoded = received(THREE)
    damaged = Frame(decoded.mode, decoded.groups, 1, whole=False)
    alarms = []
    for each in (decoded, damaged, damaged, decoded, decoded):
        update = made.translate(each, 0)
        assert update
        alarms.append(number(update, "Overload_Alarm"))
    assert alarms == [0, None, None, None, 0]


def test_power_follows_from_the_total_of_the_indexes() -> None:
    made = translator()
    groups = Historique(contract="HC").groups()
    update = None
    for elapsed in range(0, 200, 2):
        day, night = 1000 + elapsed // 2, 5000 + elapsed - elapsed // 2
        data = {"HCHP": f"{day:09}", "HCHC": f"{night:09}"}
        update = says(made, with_data(groups, **data), elapsed)
    assert update
    assert number(update, "Active_Power_Total") == pytest.approx(3.6, rel=0.04)
    assert update.values["Active_Power_Total"].quality is Quality.DERIVED


def test_the_index_of_the_contract_needs_no_complete_frame() -> None:
    """MOTDETAT is damaged in every frame; OPTARIF says which indexes count."""
    made = translator()
    groups = Historique(seed=1, contract="HC", phases=1).groups()
    update = says(made, with_data(groups, MOTDETAT="x" * 11))
    assert "Active_Energy_Import" in update.values
