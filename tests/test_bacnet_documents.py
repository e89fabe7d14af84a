"""The documents of a map and of a configuration tell what the device is."""

import asyncio
import csv
import io
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from bacnet.client import ACCUMULATOR, BINARY_OUTPUT, DEVICE, ERROR, SIMPLE, Client, read, write
from bacnet.routed_client import HERE, RoutedClient
from submeter import bacnet_documents, config, plan
from submeter.bacnet import decoding, encoding
from submeter.bacnet.application import limits
from submeter.bacnet.decoding import meant
from submeter.bacnet_documents import Documents
from submeter.meter.unlock_code import hashed
from submeter.pointmap import meter_map
from tooling.free_port import free_udp_port
from tooling.program import loopback, run, running
from tooling.program import write as write_file

CODE = "let-me-in"
TODAY = date(2026, 1, 4)
HOST = loopback(41)
NAME, DESCRIPTION, PRESENT_VALUE = 77, 28, 85
ACTIVE, INACTIVE, MAXIMUM, MINIMUM, STATES, UNITS = 4, 46, 65, 69, 110, 117
UNLOCK = 40, 1

SITE = f"""
site: Résidence du Parc
store: {{path: store.db}}
access: {{networks: [127.0.0.0/8], unlock: "{hashed(CODE)}"}}
meters:
  - name: plain
    unit_id: 1
    sources: [simulated: {{}}]
  - name: sealed
    unit_id: 2
    map: schneider-iem3155
    sealed: true
    settings: {{CT_Primary_Rating: 200, CT_Secondary_Rating: 5}}
    sources: [simulated: {{}}]
    bacnet: {{instance_offset: 1000, name_prefix: "b."}}
bacnet: {{address: {HOST}/8, port: PORT, device_id: 4000}}
"""
OTHERS = {
    "network": "device_id: 4000, layout: network, network_number: 2001",
    "ip_per_meter": "layout: ip_per_meter",
}


def documents(folder: Path, text: str, *overrides: str) -> Documents:
    path = write_file(folder / "config.yaml", text.replace("PORT", "47808"))
    loaded = config.load(path, overrides)
    return bacnet_documents.of_configuration(loaded, plan.make(loaded))


def table(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=";"))


def by_column(files: dict[str, str]) -> list[dict[str, str]]:
    """Return the rows of the EDE file itself, by the names of their columns."""
    (name,) = [each for each in files if each.endswith("_EDE.csv")]
    rows = table(files[name])
    return [dict(zip(rows[7], row, strict=True)) for row in rows[8:]]


def states(files: dict[str, str]) -> dict[str, list[str]]:
    (name,) = [each for each in files if each.endswith("_StateTexts.csv")]
    return {row[0]: row[1:] for row in table(files[name])[1:]}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[dict[str, str], int]]:
    """Run the program, and give the EDE files that the command writes of it, and its port."""
    folder, port = tmp_path_factory.mktemp("site"), free_udp_port()
    path = write_file(folder / "config.yaml", SITE.replace("PORT", str(port)))
    ended = run("map", "--config", str(path), "--format", "ede", "--write", str(folder / "bms"))
    assert ended.returncode == 0, ended.stderr
    written = [Path(line) for line in ended.stdout.splitlines()]
    assert [each.name for each in written] == [
        f"Résidence_du_Parc_{kind}.csv" for kind in ("EDE", "StateTexts", "Units", "ObjTypes")
    ]
    files = {each.name: each.read_bytes().decode() for each in written}
    with running(path, folder / "log"):
        yield files, port


async def value(client: Client, own: tuple[int, int], number: int) -> Any:
    """Return a property, None if the object has none such."""
    answer = await client.ask(12, read(*own, number))
    if answer.kind == ERROR:
        return None
    content = await client.value(*own, number)
    found = decoding.value(content).value
    return meant(found) if isinstance(found, float) else found


async def texts(client: Client, own: tuple[int, int]) -> list[str]:
    if own[0] in (3, 4):
        return [await value(client, own, number) for number in (INACTIVE, ACTIVE)]
    if (await client.ask(12, read(*own, STATES))).kind == ERROR:
        return []
    size = decoding.value(await client.value(*own, STATES, 0)).value
    assert isinstance(size, int)
    each = [await client.value(*own, STATES, number) for number in range(1, size + 1)]
    return [str(decoding.value(octets).value) for octets in each]


def test_ede_is_what_the_device_serves(site: tuple[dict[str, str], int]) -> None:
    files, port = site

    async def compare() -> None:
        client = RoutedClient((HOST, port))
        rows = by_column(files)
        listed = await client.object_list(HERE, 4000)
        assert [(int(r["object-type"]), int(r["object-instance"])) for r in rows] == listed
        for own, row in zip(listed, rows, strict=True):
            assert row["# keyname"] == f"4000.{row['object-name']}"
            assert row["device obj.-instance"] == "4000"
            assert row["object-name"] == await value(client, own, NAME)
            assert row["description"] == (await value(client, own, DESCRIPTION) or "")
            for column, number in (
                ("min-present-value", MINIMUM),
                ("max-present-value", MAXIMUM),
                ("unit-code", UNITS),
            ):
                served = await value(client, own, number)
                assert (float(row[column]) if row[column] else None) == served, row
            reference = row["state-text-reference"]
            assert (states(files)[reference] if reference else []) == await texts(client, own)
        client.close()

    asyncio.run(compare())
    codes = {row[0] for name in files for row in table(files[name]) if name.endswith("Units.csv")}
    used = {row["unit-code"] for row in by_column(files)} - {""}
    assert used == codes - {"#Code"}


def test_settable_is_what_can_be_written(site: tuple[dict[str, str], int]) -> None:
    files, port = site

    async def attempt() -> None:
        client = RoutedClient((HOST, port))
        code = write(*UNLOCK, PRESENT_VALUE, encoding.text(CODE), None)
        assert (await client.ask(15, code)).kind == SIMPLE
        settable = []
        for row in by_column(files):
            own = int(row["object-type"]), int(row["object-instance"])
            if own == UNLOCK:
                assert row["settable"] == "Y"
                continue
            written = await _written_back(client, own)
            assert written == (row["settable"] == "Y"), row
            if written:
                settable.append(row["object-name"])
        assert {"Demand_Interval", "Reset_Demand_Peak", "Sync_Clock"} <= set(settable)
        assert "b.Demand_Interval" in settable
        assert not {"CT_Primary_Rating", "b.CT_Primary_Rating", "Frequency"} & set(settable)
        client.close()

    asyncio.run(attempt())


async def _written_back(client: Client, own: tuple[int, int]) -> bool:
    """Tell whether the present value can be written as it is; a command is not given."""
    now = await client.ask(12, read(*own, PRESENT_VALUE))
    octets = b"\x44\x3f\x80\x00\x00"
    if own[0] == BINARY_OUTPUT:
        octets = encoding.enumerated(0)
    elif now.kind != ERROR:
        octets = await client.value(*own, PRESENT_VALUE)
    return (await client.ask(15, write(*own, PRESENT_VALUE, octets, 8))).kind == SIMPLE


def test_every_object_stands_once_in_each_layout(tmp_path: Path) -> None:
    for layout, face in OTHERS.items():
        text = re.sub(r"^bacnet: .*$", f"bacnet: {{{face}}}", SITE, flags=re.M)
        first, second = (
            f"bacnet: {{device_id: {n}"
            + (f", address: {loopback(n)}/8" if layout == "ip_per_meter" else "")
            + "}"
            for n in (41, 42)
        )
        text = re.sub(r"bacnet: \{instance_offset.*\}", second, text)
        text = text.replace(
            "sources: [simulated: {}]\n", f"sources: [simulated: {{}}]\n    {first}\n", 1
        )
        made = documents(tmp_path, text)
        rows = by_column(made.ede(TODAY))
        keys = [(row["device obj.-instance"], row["object-name"]) for row in rows]
        numbers = [
            (r["device obj.-instance"], r["object-type"], r["object-instance"]) for r in rows
        ]
        assert len(keys) == len(set(keys)) == len(set(numbers))
        devices = ["4000", "41", "42"] if layout == "network" else ["41", "42"]
        assert list(dict.fromkeys(key[0] for key in keys)) == devices
        page = made.object_list("Park")
        assert page.count("\n## ") == len(devices)
        assert page.count("\n| ") - 2 * len(devices) == len(rows)


def test_the_registers_are_those_of_the_meter_s_own_map(tmp_path: Path) -> None:
    rows = {row["object-name"]: row for row in by_column(documents(tmp_path, SITE).ede(TODAY))}
    assert rows["Active_Energy_Import"]["vendor-specific-address"] == "1: 30001 30101"
    registers = meter_map.load("schneider-iem3155").registers
    found = [r.at for r in registers if r.point and r.point.name == "Voltage_L1_N"]
    assert found
    assert rows["b.Voltage_L1_N"]["vendor-specific-address"] == f"2: {' '.join(found)}"
    assert rows["Voltage_L1_N"]["vendor-specific-address"] == "1: 40021"
    assert rows["Tamper_Alarm"]["notification-class"] == "1"
    assert rows["Frequency"]["notification-class"] == ""
    assert rows["Notification_Class"]["notification-class"] == ""


@pytest.mark.parametrize("access", ["{}", "{networks: [serial], unlock: none}"])
def test_nothing_is_settable_where_nothing_is_opened(tmp_path: Path, access: str) -> None:
    rows = by_column(documents(tmp_path, SITE, f"access={access}").ede(TODAY))
    assert {row["settable"] for row in rows} == {"N"}
    assert "Unlock_Code" not in {row["object-name"] for row in rows}


def test_no_name_begins_anything_in_markdown(tmp_path: Path) -> None:
    names = 'bacnet.device_name="D|<b>"', 'bacnet.vendor_name="a|b"', "site='x<y'"
    made = documents(tmp_path, SITE, *names)
    assert "| Vendor Name | a\\|b |\n" in made.pics(TODAY)
    page = made.object_list("x<y")
    assert page.startswith("# x&lt;y\n")
    assert "| D\\|&lt;b> |" in page


def test_what_is_left_out_is_in_no_document(tmp_path: Path) -> None:
    names = {
        omitted: {
            row["object-name"]
            for row in by_column(documents(tmp_path, SITE, f"bacnet.absent={omitted}").ede(TODAY))
        }
        for omitted in ("no-sensor", "omit")
    }
    assert "Tamper_Alarm" in names["no-sensor"] - names["omit"]
    assert names["omit"] < names["no-sensor"]


def claimed(page: str) -> set[str]:
    return set(re.findall(r"^\| ([A-Z]+-[A-Z-]+-B) \|", page, re.M))


def test_pics_claims_what_is_served(tmp_path: Path) -> None:
    plain = documents(tmp_path, SITE)
    page = plain.pics(TODAY)
    assert "| Date | 2026-01-04 |" in page
    assert "Smart Sensor (B-SS)" in page
    assert not {"DM-DCC-B", "DM-RD-B", "DM-TS-B", "DM-UTC-B"} & claimed(page)
    code = f"bacnet.password={hashed(CODE)}"
    more = documents(tmp_path, SITE, code, "bacnet.time_synchronization=[192.0.2.0/24]")
    whole = more.pics(TODAY)
    assert claimed(whole) - claimed(page) == {"DM-DCC-B", "DM-RD-B", "DM-TS-B", "DM-UTC-B"}
    assert "Application Specific Controller (B-ASC)\n" in whole
    for each in (page, whole):
        assert "DM-DCC-B and DM-RD-B with `bacnet.password`" in each
        assert "Without DM-DCC-B the profile is BACnet Smart Sensor (B-SS)." in each
    without_logs = documents(tmp_path, SITE, "bacnet.trends.points=[]").pics(TODAY)
    assert claimed(page) == claimed(without_logs)
    assert "Their Enable and Record_Count cannot be written" in page
    assert "Record_Count" not in without_logs


def test_pics_names_the_types_that_are_there(tmp_path: Path) -> None:
    made = documents(tmp_path, SITE)
    types = {entry.type_name for host in made.hosts for entry in made.objects(host)}
    section = made.pics(TODAY).split("## Standard Object Types Supported")[1].split("\n## ")[0]
    rows = re.findall(r"^\| ([a-z-]+) \| (.*) \| (.*) \|$", section, re.M)
    assert {row[0] for row in rows} - {"object type", "---"} == types
    writable = {row[0] for row in rows if "present-value" in row[2]}
    assert writable == {
        "analog-output",
        "binary-output",
        "multi-state-value",
        "characterstring-value",
    }


def writable_types(page: str) -> set[str]:
    return set(re.findall(r"^\| ([a-z-]+) \| .* \| present-value \|$", page, re.M))


@pytest.mark.parametrize("access", ["{}", "{networks: [serial], unlock: none}"])
def test_pics_promises_no_write_that_is_refused(tmp_path: Path, access: str) -> None:
    assert writable_types(documents(tmp_path, SITE).pics(TODAY))
    assert not writable_types(documents(tmp_path, SITE, f"access={access}").pics(TODAY))


def test_pics_says_how_many_segments_may_be_under_way(tmp_path: Path) -> None:
    page = documents(tmp_path, SITE).pics(TODAY)
    assert f"segmented messages, window size {limits.WINDOW} either way" in page


def test_a_statement_for_each_kind_of_device(tmp_path: Path) -> None:
    meter = "  - {name: NAME, unit_id: ID, sources: [simulated: {}], bacnet: {device_id: ID}}\n"
    meters = (meter.replace("NAME", f"m{number}").replace("ID", str(number)) for number in (7, 8))
    head, face = "site: x\nstore: {path: store.db}\n", f"bacnet: {{{OTHERS['network']}}}\n"
    access = f'access: {{networks: [127.0.0.0/8], unlock: "{hashed(CODE)}"}}\n'
    page = documents(tmp_path, f"{head}{access}meters:\n{''.join(meters)}{face}").pics(TODAY)
    title = "# BACnet Protocol Implementation Conformance Statement"
    assert re.findall(r"^# .*$", page, re.M) == [f"{title}: device 4000", f"{title}: devices 7, 8"]
    router, meter = page.split(f"{title}: devices")
    assert "A router to the devices" in router
    assert "Router between BACnet/IP and a virtual network, number 2001" in router
    assert "UDP port 47808" in router
    assert not writable_types(router)
    assert "accumulator" not in router
    assert "Router between" not in meter
    assert "A virtual network (Annex H)" in meter
    assert "behind the router that is device 4000" in meter
    assert "analog-output" in writable_types(meter)


def test_pics_of_a_bbmd_and_of_a_foreign_device(tmp_path: Path) -> None:
    assert "BBMD); registrations of 5 foreign devices" in documents(
        tmp_path, SITE, "bacnet.bbmd={foreign_devices: 5}"
    ).pics(TODAY)
    foreign = documents(tmp_path, SITE, "bacnet.foreign={bbmd: 192.0.2.1}")
    assert "Registers as a foreign device" in foreign.pics(TODAY)


def test_documents_of_a_map() -> None:
    made = bacnet_documents.of_map(meter_map.load("standard"))
    rows = {row["object-name"]: row for row in by_column(made.ede(TODAY))}
    assert rows["CT_Primary_Rating"]["settable"] == "Y"
    assert rows["Unlock_Code"]["settable"] == "Y"
    assert rows["Active_Energy_Import"]["object-type"] == str(ACCUMULATOR)
    assert rows["Active_Energy_Import"]["description"].startswith("Active energy imported")
    assert next(iter(rows.values()))["object-type"] == str(DEVICE)
    assert len(claimed(made.pics(TODAY))) == 16
