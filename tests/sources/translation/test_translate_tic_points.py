"""The points beyond the standard list that a TIC output gives."""

from typing import Any

import pytest

from submeter.pointmap import source_map
from submeter.sources.tic.decoder import Decoder, Group, Mode
from tooling.tic import Contract, Historique, Linky, frame
from tooling.tic_reader import TicReader
from tooling.trust import Trusting

THREE = Linky(phases=3).groups()
PRODUCER = Linky(phases=3, producer=True).groups()


def numbers(
    mode: Mode, groups: list[Group], *options: str, frames: int = 1, **data: str
) -> dict[str, Any]:
    """Return what a frame of these groups, some of them with other data, says of the points."""
    named = {label.replace("_", "-"): text for label, text in data.items()}
    sent = [Group(g.label, named.pop(g.label, g.data), g.horodate) for g in groups]
    sent += [Group(label, text) for label, text in named.items()]
    loaded = source_map.load(f"tic-{mode.value}", options)
    made = TicReader(loaded, guard=Trusting())
    for _ in range(frames):
        (decoded,) = Decoder().feed(frame(mode, sent))
        update = made.translate(decoded, 0)
    assert made.refused == 0
    assert update
    return {name: value.number for name, value in update.values.items()}


def standard(**data: str) -> dict[str, Any]:
    return numbers(Mode.STANDARD, THREE, frames=1, **data)


def historique(contract: Contract, frames: int = 1, **data: str) -> dict[str, Any]:
    groups = Historique(contract=contract).groups()
    return numbers(Mode.HISTORIQUE, groups, frames=frames, **data)


def test_supplier_and_distributor_indexes() -> None:
    found = standard(EASF01="000000111", EASF10="000000222", EASD04="000000333")
    assert found["Active_Energy_Import_T1"] == 111_000
    assert found["Active_Energy_Import_T10"] == 222_000
    assert found["Active_Energy_Import_D4"] == 333_000


def test_quadrants_and_injection_of_a_producer() -> None:
    found = numbers(
        Mode.STANDARD, PRODUCER, ERQ1="000000001", ERQ4="000000004", SINSTI="01500",
        SMAXIN="04000", CCAIN="01234",
    )  # fmt: skip
    assert (found["Reactive_Energy_Q1"], found["Reactive_Energy_Q4"]) == (1000, 4000)
    assert found["Apparent_Power_Injected"] == 1.5
    assert found["Apparent_Power_Injected_Peak_Today"] == 4
    assert "Apparent_Power_Injected_Peak_Today_Time" in found
    assert found["Active_Power_Mean_Export"] == 1.234


def test_powers_voltages_and_the_contract() -> None:
    found = standard(
        SINSTS2="00154", CCASN="02345", UMOY3="231", PREF="12", PCOUP="13", SMAXSN="07158",
        SMAXSN_1="08000",
    )  # fmt: skip
    assert found["Apparent_Power_L2"] == 0.154
    assert found["Active_Power_Mean_Import"] == 2.345
    assert found["Voltage_Mean_L3"] == 231
    assert (found["Subscribed_Power"], found["Cut_Off_Power"]) == (12, 13)
    assert found["Apparent_Power_Peak_Today"] == 7.158
    assert found["Apparent_Power_Peak_Yesterday"] == 8
    assert found["Apparent_Power_Peak_Yesterday_Time"] > 1_700_000_000


@pytest.mark.parametrize(
    ("status", "points"),
    [
        ("00000001", {"Dry_Contact": 1, "Breaker_State": 0}),
        ("0000000C", {"Dry_Contact": 0, "Breaker_State": 6}),
        ("00000040", {"Overvoltage_Alarm": 1, "Overload_Alarm": 0}),
        ("00000100", {"Producer_Mode": 1, "Energy_Direction": 0}),
        ("0000C000", {"Distributor_Tariff_Current": 4}),
        ("00010000", {"Meter_Clock_Degraded": 1}),
        ("0D000000", {"Tariff_Colour_Today": 1, "Tariff_Colour_Tomorrow": 3}),
        ("A0000000", {"Mobile_Peak_Notice": 2, "Mobile_Peak_Running": 2}),
        (
            "013A0501",  # of a meter: Tempo blue, index 2, producer, dry contact open
            {"Tariff_Colour_Today": 1, "Producer_Mode": 1, "Dry_Contact": 1, "Breaker_State": 0},
        ),
    ],
)
def test_the_status_register(status: str, points: dict[str, int]) -> None:
    assert points.items() <= standard(STGE=status).items()


def test_the_current_tariff() -> None:
    assert standard(NTARF="07")["Tariff_Current"] == 7
    groups = [group for group in THREE if group.label != "NTARF"]
    assert numbers(Mode.STANDARD, groups, STGE="00000800")["Tariff_Current"] == 3


def test_an_index_that_no_tariff_has_is_none() -> None:
    groups = [group for group in THREE if group.label != "NTARF"]
    assert "Tariff_Current" not in numbers(Mode.STANDARD, groups, STGE="00003C00")


def test_relays() -> None:
    found = standard(RELAIS="140")
    assert [found[f"Relay_{n}"] for n in range(1, 9)] == [0, 0, 1, 1, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("contract", "period", "tariff", "today"),
    [
        ("HC", "HC..", 1, None),
        ("HC", "HP..", 2, None),
        ("EJP", "PM..", 2, None),
        ("TEMPO", "HPJR", 6, 3),
        ("TEMPO", "HCJW", 3, 2),
        ("BASE", "TH..", None, None),
    ],
)
def test_the_period_of_historique_mode(
    contract: Contract, period: str, tariff: int | None, today: int | None
) -> None:
    found = historique(contract, PTEC=period)
    assert found.get("Tariff_Current") == tariff
    assert found.get("Tariff_Colour_Today") == today


@pytest.mark.parametrize(("said", "colour"), [("----", 0), ("BLEU", 1), ("BLAN", 2), ("ROUG", 3)])
def test_tomorrow_s_colour(said: str, colour: int) -> None:
    assert historique("TEMPO", DEMAIN=said)["Tariff_Colour_Tomorrow"] == colour


def test_indexes_of_the_tariffs_of_historique_mode() -> None:
    found = historique("HC", HCHC="000000005", HCHP="000000006")
    assert found["Active_Energy_Import_T1"] == 5000
    assert found["Active_Energy_Import_T2"] == 6000
    assert historique("TEMPO", BBRHPJR="000000006")["Active_Energy_Import_T6"] == 6000
    assert "Active_Energy_Import_T1" not in historique("BASE"), "a Linky puts its total there"


def test_a_mobile_peak_of_ejp() -> None:
    calm = historique("EJP", frames=2)
    assert (calm["Mobile_Peak_Notice"], calm["Mobile_Peak_Running"]) == (0, 0)
    assert historique("EJP", PEJP="30")["Mobile_Peak_Notice"] == 1
    assert historique("EJP", PTEC="PM..")["Mobile_Peak_Running"] == 1


def test_the_subscribed_current() -> None:
    assert historique("BASE", ISOUSC="45")["Subscribed_Current"] == 45


def test_phases_may_be_counted_from_bit_0() -> None:
    groups = Historique(phases=3).groups()
    found = numbers(Mode.HISTORIQUE, groups, "ppot_from_bit_0", PPOT="01")
    assert [found[f"Phase_Loss_L{n}"] for n in (1, 2, 3)] == [1, 0, 0]
    found = numbers(Mode.HISTORIQUE, groups, PPOT="02")
    assert [found[f"Phase_Loss_L{n}"] for n in (1, 2, 3)] == [1, 0, 0]


@pytest.mark.parametrize(
    ("label", "data"),
    [
        ("NTARF", "11"),
        ("NTARF", "00"),
        ("RELAIS", "256"),
        ("PREF", "99"),
        ("SMAXSN", "60000"),
        ("PRM", "1234567890123A"),
        ("ADSC", "04227612345G"),
        ("STGE", "00DA44011"),
        ("PJOURF+1", "2500C001" + " NONUTILE" * 10),
        ("PJOURF+1", "0000C001" + " NONUTILE" * 9),
        ("DPM1", "7x"),
    ],
)
def test_what_a_label_cannot_have_is_refused(label: str, data: str) -> None:
    loaded = source_map.load("tic-standard")
    made = TicReader(loaded, guard=Trusting())
    groups = [Group(g.label, data if g.label == label else g.data, g.horodate) for g in THREE]
    if label == "DPM1":
        groups.append(Group(label, data, " 240701000000"))
    (decoded,) = Decoder().feed(frame(Mode.STANDARD, groups))
    made.translate(decoded, 0)
    assert made.refused == 1
