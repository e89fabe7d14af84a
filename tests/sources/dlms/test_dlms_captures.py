"""Pushes of real meters, published by others; their folder is SUBMETER_CAPTURES."""

import json
import os
import re
from pathlib import Path

import pytest

from submeter.pointmap import source_map
from submeter.sources.dlms import notification, security
from submeter.sources.dlms.counters import Counters
from submeter.sources.dlms.keys import Keys
from submeter.sources.dlms.notification import Notification
from submeter.sources.dlms.pushes import Pushes
from submeter.sources.dlms.said import Item, text
from submeter.sources.dlms.transport import Apdu, Transport
from submeter.sources.dlms.units import scaled
from submeter.sources.dlms.weak_guard import WeakGuard
from submeter.sources.translation.translator import Translator

FOLDER = Path(os.environ.get("SUBMETER_CAPTURES", "/nonexistent")) / "dlms"
CAPTURES = sorted(path.stem for path in FOLDER.glob("*.log"))

pytestmark = pytest.mark.skipif(
    "SUBMETER_CAPTURES" not in os.environ, reason="SUBMETER_CAPTURES is not set"
)


def octets(name: str) -> bytes:
    return bytes.fromhex(re.sub(r"[^0-9A-Fa-f]", "", (FOLDER / name).read_text()))


def keys(name: str) -> Keys | None:
    if not (FOLDER / f"{name}.key").exists():
        return None
    proof = FOLDER / f"{name}.gak"
    return Keys(octets(f"{name}.key"), octets(proof.name) if proof.exists() else None)


def message(name: str, size: int = 10_000) -> Apdu:
    stream, transport = octets(f"{name}.log"), Transport()
    pieces = [stream[n : n + size] for n in range(0, len(stream), size)]
    (apdu,) = [apdu for piece in pieces for apdu in transport.feed(piece)]
    assert transport.dropped == 0
    return apdu


def read(name: str) -> Notification:
    data, known = message(name).data, keys(name)
    if known:
        opened = security.open_(security.read(data), known)
        assert opened.proved is (known.authentication is not None)
        data = opened.text
    return notification.read(data)


def number(item: Item) -> float:
    value = getattr(item.value, "value", None)
    assert isinstance(value, int | float)
    return float(scaled(value, item.scaler or 0))


@pytest.mark.parametrize("name", CAPTURES)
def test_every_capture_is_one_message_however_it_is_split(name: str) -> None:
    whole = message(name)
    assert whole.raw == octets(f"{name}.log")
    assert message(name, 1) == message(name, 7) == whole
    assert read(name).items


@pytest.mark.parametrize("path", sorted(FOLDER.glob("expected/*.json")), ids=lambda each: each.stem)
def test_values_are_those_that_are_expected(path: Path) -> None:
    expected = json.loads(path.read_text())["values"]
    items = read(path.stem).items
    found = {re.sub(r"[-:*]", ".", item.obis): item for item in items if item.obis}
    alone = [text(item.value) for item in items if item.obis is None]
    for code, value in expected.items():
        if isinstance(value, str):
            moment = found.get(code, found["0.0.1.0.0.255"]).value
            raw = getattr(moment, "value", b"")
            day = f"{int.from_bytes(raw[:2], 'big')}-{raw[2]:02}-{raw[3]:02}"
            assert value in (*alone, f"{day} {raw[5]:02}:{raw[6]:02}:{raw[7]:02}")
        else:
            assert number(found[code]) == value
    assert len(found) >= len([each for each in expected.values() if not isinstance(each, str)])


@pytest.mark.parametrize(
    ("name", "map_name", "numbers"),
    [
        (
            "hdlc_landis_gyr_e450",
            "obis-austria-pairs",
            {
                "Active_Energy_Import": 4_408_736_000,
                "Active_Energy_Import_T1": 3_593_919_000,
                "Reactive_Energy_Import": 1_591_784_000,
                "Active_Power_Total": 2.893,
                "Reactive_Power_Total": 1.735,
            },
        ),
        (
            "hdlc_kaifa_ma304h3e",
            "obis-norway-kaifa",
            {"Active_Power_Total": 0.948, "Current_L2": 3.241, "Voltage_L3_N": 238.9},
        ),
        (
            "hdlc_norway_han_3phase",
            "obis-norway",
            {
                "Active_Energy_Import": 10_049_926_000,
                "Active_Power_L2": 1.122,
                "Voltage_L2_N": 249.9,
                "Current_L2": 7.5,
            },
        ),
        (
            "mbus_netz_noe_p1",
            "obis-austria-pairs",
            {"Active_Power_Total": 0, "Voltage_L1_N": 233.7, "Power_Factor_Total": 1},
        ),
    ],
)
def test_a_capture_becomes_points_by_its_map(
    name: str, map_name: str, numbers: dict[str, float]
) -> None:
    loaded = source_map.load(map_name)
    guard = WeakGuard(loaded.largest_power)
    translator = Translator(loaded, guard=guard)
    pushes = Pushes("one", loaded, translator, guard, keys(name), Counters())
    update = pushes.understand(message(name), 0.0)
    assert update is not None
    for point, expected in numbers.items():
        assert update.values[point].number == pytest.approx(expected)
    assert pushes.trouble is None
