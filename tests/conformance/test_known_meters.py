"""Libraries made for one meter read ours by its map, and get what the standard map shows.

Each runs in its own environment, against the face in this process.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from tooling import client_environment, clients
from tooling.agreement import Shown, differences, index, point, unavailable
from tooling.known_meter import BAUDRATE, REVISION, SERIAL_NUMBER, SOME, UNIT, served
from tooling.pty_pair import pty_pair

pytestmark = [
    client_environment.INSTALLING,
    pytest.mark.parametrize("unknown", [(), SOME], ids=["all known", "some unknown"]),
]

PHASES = (1, 2, 3)
LINES = ("L1_L2", "L2_L3", "L3_L1")
VOLTAGES = tuple(f"Voltage_L{n}_N" for n in PHASES)
CURRENTS = tuple(f"Current_L{n}" for n in PHASES)


def phases(form: str, name: str, factor: float = 1, step: float = 0) -> dict[str, Shown]:
    """Return three entries; `form` and `name` have {} for the number of the phase."""
    return {form.format(n): point(name.format(n), factor, step) for n in PHASES}


def apparent(form: str, step: float = 0) -> dict[str, Shown]:
    """Return the apparent powers in VA of the phases: no point of ours, but a product of two."""
    return {
        form.format(n): Shown((f"Voltage_L{n}_N", f"Current_L{n}"), 1, step, "product")
        for n in PHASES
    }


SDM630 = {
    **phases("l{}_voltage", "Voltage_L{}_N"),
    **phases("l{}_current", "Current_L{}"),
    **phases("l{}_power_active", "Active_Power_L{}", 1000),
    **phases("l{}_power_factor", "Power_Factor_L{}"),
    **apparent("l{}_power_apparent"),
    "voltage_ln": Shown(VOLTAGES, how="mean"),
    "current_ln": Shown(CURRENTS, how="mean"),
    "total_line_current": Shown(CURRENTS),
    "total_power_active": point("Active_Power_Total", 1000),
    "total_power_apparent": point("Apparent_Power_Total", 1000),
    "total_power_reactive": point("Reactive_Power_Total", 1000),
    "total_power_factor": point("Power_Factor_Total"),
    "total_pf": point("Power_Factor_Total"),
    "frequency": point("Frequency"),
    "import_energy_active": index("Active_Energy_Import"),
    "export_energy_active": index("Active_Energy_Export"),
    "import_energy_reactive": index("Reactive_Energy_Import"),
    "export_energy_reactive": index("Reactive_Energy_Export"),
    "total_energy_active": index("Active_Energy_Import", "Active_Energy_Export"),
    "total_energy_reactive": index("Reactive_Energy_Import", "Reactive_Energy_Export"),
    "total_import_demand_power_active": point("Demand_Current", 1000),
    "import_demand_power_active": point("Demand_Current", 1000),
    "maximum_import_demand_power_active": point("Demand_Peak_Current", 1000),
    "l12_voltage": point("Voltage_L1_L2"),
    "l23_voltage": point("Voltage_L2_L3"),
    "l31_voltage": point("Voltage_L3_L1"),
    "neutral_current": point("Current_Neutral"),
    "l1n_voltage_thd": point("THD_Voltage_L1"),
    "l1_current_thd": point("THD_Current_L1"),
}


async def test_sdm_modbus_reads_an_sdm630(unknown: Sequence[str]) -> None:
    client = client_environment.python(
        "sdm-modbus==0.7.0", "pymodbus==3.6.9", "pyserial-asyncio==0.6", "pyserial==3.5"
    )
    async with served("eastron-sdm630", unknown) as server:
        values = await clients.run(client, "sdm630.py", server.port, UNIT)
        assert not differences(values, SDM630, await server.standard())
    assert (values["demand_period"], values["meter_id"], values["baud"]) == (15, 1, 3)
    assert values["serial_number"] == int(SERIAL_NUMBER)
    assert len(values) == 94
    # What this meter does not measure is no number.
    others = {name: value for name, value in values.items() if name not in SDM630}
    assert not [name for name, value in others.items() if value == 0]


B23 = {
    **phases("voltage_l{}_n", "Voltage_L{}_N", step=0.1),
    "voltage_l1_l2": point("Voltage_L1_L2", step=0.1),
    "voltage_l3_l2": point("Voltage_L2_L3", step=0.1),
    "voltage_l1_l3": point("Voltage_L3_L1", step=0.1),
    **phases("current_l{}", "Current_L{}", step=0.01),
    **phases("active_power_l{}", "Active_Power_L{}", 1000, 0.01),
    **apparent("apparent_power_l{}", 0.01),
    **phases("power_factor_l{}", "Power_Factor_L{}", step=0.001),
    "active_power_total": point("Active_Power_Total", 1000, 0.01),
    "reactive_power_total": point("Reactive_Power_Total", 1000, 0.01),
    "apparent_power_total": point("Apparent_Power_Total", 1000, 0.01),
    "power_factor_total": point("Power_Factor_Total", step=0.001),
    "frequency": point("Frequency", step=0.01),
    "active_import": index("Active_Energy_Import", step=0.01),
    "active_export": index("Active_Energy_Export", step=0.01),
    "active_net": index("Active_Energy_Import", "-Active_Energy_Export", step=0.01),
    "reactive_import": index("Reactive_Energy_Import", step=0.01),
    "reactive_export": index("Reactive_Energy_Export", step=0.01),
    "reactive_net": index("Reactive_Energy_Import", "-Reactive_Energy_Export", step=0.01),
}


async def test_energymeter_reads_an_abb_b23_over_rtu(unknown: Sequence[str]) -> None:
    client = client_environment.python(
        "energymeter==1.3.0", "tinysbus==0.1.0", "minimalmodbus==2.1.1", "pyserial==3.5"
    )
    with pty_pair() as line:
        async with served("abb-b23", unknown, line) as server:
            values = await clients.run(client, "abb_b23.py", server.node, UNIT, BAUDRATE)
            assert not differences(values, B23, await server.standard())
    assert len(values) == 69
    assert {value for name, value in values.items() if name not in B23} == {None}


IEM3155 = {
    "vl12": point("Voltage_L1_L2", step=0.01),
    "vl23": point("Voltage_L2_L3", step=0.01),
    "vl31": point("Voltage_L3_L1", step=0.01),
    **phases("il{}", "Current_L{}", step=0.01),
    "freq": point("Frequency", step=0.01),
    "energyActive": Shown(("Active_Energy_Import",), 1000, 0.1),  # in Wh, rounded as it prints it
}


async def test_energy_counters_reads_an_iem3155(unknown: Sequence[str]) -> None:
    """Its blocks begin on undefined registers, and end within a value."""
    client = client_environment.python("energy-counters==1.3.0", "pymodbus==3.9.2", "pyserial==3.5")
    async with served("schneider-iem3155", unknown) as server:
        values = await clients.run(client, "iem3155.py", server.port, UNIT)
        assert not differences(values, IEM3155, await server.standard())


EM340 = {
    **phases("voltage_l{}_n", "Voltage_L{}_N", step=0.1),
    **{f"voltage_{line.lower()}": point(f"Voltage_{line}", step=0.1) for line in LINES},
    "voltage_l_n": Shown(VOLTAGES, 1, 0.1, "mean"),
    **phases("current_l{}", "Current_L{}", step=0.001),
    **phases("active_power_l{}", "Active_Power_L{}", 1000, 0.1),
    **apparent("apparent_power_l{}", 0.1),
    **phases("power_factor_l{}", "Power_Factor_L{}", step=0.001),
    "active_power": point("Active_Power_Total", 1000, 0.1),
    "apparent_power": point("Apparent_Power_Total", 1000, 0.1),
    "reactive_power": point("Reactive_Power_Total", 1000, 0.1),
    "power_factor": point("Power_Factor_Total", step=0.001),
    "frequency": point("Frequency", step=0.1),
    "energy_imported": index("Active_Energy_Import", step=0.1),
    "energy_exported": index("Active_Energy_Export", step=0.1),
    "reactive_energy_imported": index("Reactive_Energy_Import", step=0.1),
    "reactive_energy_exported": index("Reactive_Energy_Export", step=0.1),
    # Never reset.
    "energy_imported_partial": index("Active_Energy_Import", step=0.1),
    "reactive_energy_imported_partial": index("Reactive_Energy_Import", step=0.1),
}
# These stand among the others, and it knows no mark of an unknown energy.
EM340_ABSENT = {f"energy_imported_l{n}": 214_748_364.7 for n in PHASES}
EM340_TARIFFS = {"energy_imported_tariff_1": 0, "energy_imported_tariff_2": 0}


async def test_a_carlo_gavazzi_em340_is_detected_and_read(unknown: Sequence[str]) -> None:
    client = client_environment.python(
        "carlo-gavazzi-energy-meter-modbus==0.1.1",
        "modbus-connection==4.12.7",
        "tmodbus==1.1.0",
        "tenacity==9.2.1",
        "serialx==1.15.1",
        "typing_extensions==4.16.0",
        least=(3, 12),
    )
    async with served("carlo-gavazzi-em340", unknown) as server:
        found = await clients.run(client, "em340.py", server.port, UNIT)
        values = found["values"]
        if unknown:  # each lost value is exception 04 for what is read together with it
            assert found["failed"] == ["energy", "measurements"]
            lost = {*EM340, *EM340_ABSENT, "phase_sequence"}
            assert {name: values[name] for name in lost} == dict.fromkeys(lost)
            assert found["best_energy_imported"] is None
        else:
            assert found["failed"] == []
            standard = await server.standard()
            assert not differences(values, EM340, standard)
            assert {name: values[name] for name in EM340_ABSENT} == EM340_ABSENT
            assert values["phase_sequence"] == -1, "reversed"
            assert found["best_energy_imported"] == values["energy_imported"]
    assert (found["model"], found["serial"]) == ("EM340", SERIAL_NUMBER[:7])
    assert found["firmware"] == "B1"
    assert (values["demand_interval"], values["measuring_system"]) == (15, 0)
    assert {name: values[name] for name in EM340_TARIFFS} == EM340_TARIFFS
    assert values["tariffs_enabled"] is False
    assert values["active_power_demand"] is None, "the first window is not over"
    assert values["active_power_demand_max"] == 55_432.1


SUNSPEC = {
    "A": Shown(CURRENTS, 1, 0.1),
    "AphA": point("Current_L1", step=0.1),
    "AphB": point("Current_L2", step=0.1),
    "AphC": point("Current_L3", step=0.1),
    "PhV": Shown(VOLTAGES, 1, 0.1, "mean"),
    "PhVphA": point("Voltage_L1_N", step=0.1),
    "PhVphB": point("Voltage_L2_N", step=0.1),
    "PhVphC": point("Voltage_L3_N", step=0.1),
    "Hz": point("Frequency", step=0.01),
    "W": point("Active_Power_Total", 1000, 10),
    "WphA": point("Active_Power_L1", 1000, 10),
    "WphB": point("Active_Power_L2", 1000, 10),
    "WphC": point("Active_Power_L3", 1000, 10),
    "VA": point("Apparent_Power_Total", 1000, 10),
    "VAR": point("Reactive_Power_Total", 1000, 10),
    "PF": point("Power_Factor_Total", 100, 0.1),
    "PFphA": point("Power_Factor_L1", 100, 0.1),
    "PFphB": point("Power_Factor_L2", 100, 0.1),
    "PFphC": point("Power_Factor_L3", 100, 0.1),
    "TotWhExp": index("Active_Energy_Export", factor=1000, step=1),
    "TotWhImp": index("Active_Energy_Import", factor=1000, step=1),
}
SUNSPEC_203 = SUNSPEC | {
    f"PhVph{n}": point(f"Voltage_{line}", step=0.1)
    for n, line in zip(("AB", "BC", "CA"), LINES, strict=True)
}
# The same in floats; only the power factors are in another unit.
SUNSPEC_213 = {name: shown._replace(step=0) for name, shown in SUNSPEC.items()} | {
    **{
        f"PPVph{n}": point(f"Voltage_{line}")
        for n, line in zip(("AB", "BC", "CA"), LINES, strict=True)
    },
    **{name: shown._replace(factor=1, step=0) for name, shown in SUNSPEC.items() if "PF" in name},
}


@pytest.mark.parametrize(("model", "table"), [(203, SUNSPEC_203), (213, SUNSPEC_213)])
async def test_pysunspec2_scans_a_three_phase_meter(
    unknown: Sequence[str], model: int, table: Mapping[str, Shown]
) -> None:
    client = client_environment.python("pysunspec2==1.3.7", "pyserial==3.5")
    async with served(f"sunspec-{model}", unknown) as server:
        found = await clients.run(client, "sunspec.py", server.port, UNIT)
        values: dict[str, Any] = found["values"][str(model)]
        assert not differences(values, table, await server.standard())
    assert (found["models"], found["base"], found["errors"]) == ([1, model], 40000, [])
    common = found["values"]["1"]
    assert (common["SN"], common["Vr"], common["L"]) == (SERIAL_NUMBER, REVISION, 66)
    assert common["Mn"]
    assert common["Md"]
    assert common["Opt"] is None
    absent = {n: v for n, v in values.items() if n.startswith(("TotVA", "VARph"))}
    assert {n for n, v in absent.items() if not unavailable(v)} <= {"TotVAh_SF", "TotVArh_SF"}
