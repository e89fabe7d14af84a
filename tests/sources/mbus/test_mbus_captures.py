"""Answers of real meters: each record is what libmbus makes of it.

Their folder is SUBMETER_CAPTURES. What differs is listed here, one by one.
"""

import os
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from submeter.errors import FrameError
from submeter.sources.mbus import telegram
from submeter.sources.mbus.link import Decoder, Long
from submeter.sources.mbus.record import Record

FOLDER = Path(os.environ.get("SUBMETER_CAPTURES", "")) / "mbus"
GIVEN = "SUBMETER_CAPTURES" in os.environ
NAMES = sorted(path.stem for path in FOLDER.glob("*.hex")) if GIVEN else []
BROKEN = sorted(path.stem for path in (FOLDER / "error-frames").glob("*.hex")) if GIVEN else []

pytestmark = pytest.mark.skipif(not GIVEN, reason="SUBMETER_CAPTURES is not set")

QUANTITIES = {
    "Energy": "energy",
    "Volume": "volume",
    "Power": "power",
    "Volume flow": "volume flow",
    "Flow temperature": "flow temperature",
    "Return temperature": "return temperature",
    "External temperature": "external temperature",
    "Temperature difference": "temperature difference",
    "Voltage": "voltage",
    "Current": "current",
    "Time point (date)": "date",
    "Time point (date & time)": "time point",
    "Operating time": "operating time",
    "On time": "on time",
    "Averaging Duration": "averaging duration",
    "Actuality Duration": "actuality duration",
    "Fabrication No": "fabrication number",
    "Manufacturer specific": "manufacturer",
    "Dimensionless": "dimensionless",
    "H.C.A.": "units",
    "Error flags": "error flags",
    "Digital Input": "digital input",
    "Software version": "software version",
    "Firmware version": "firmware version",
    "Model / Version": "model",
    "Parameter set identification": "parameter set",
    "Customer location": "customer location",
    "Reset counter": "reset counter",
    "Reserved": "reserved",
    # The letters of a unit in plain text.
    "%RH": "plain text",
    "cust. ID": "plain text",
    "bat. time": "plain text",
    "C": "plain text",
    "c": "plain text",
}
FUNCTIONS = {
    "Instantaneous value": "instantaneous",
    "Maximum value": "maximum",
    "Minimum value": "minimum",
    "Value during error state": "error",
    "Actual value": "instantaneous",
}
NO_RECORDS = {"More records follow", "Manufacturer specific"}

DATES_THAT_ARE_NONE = {
    # Day and month 0: no date was set.
    ("ACW_Itron-BM-plus-m", 2): "2000-00-00",
    ("itron_bm_+m", 2): "2000-00-00",
    ("siemens_wfh21", 3): "2000-00-00",
    # The meter marks its clock as not set, and libmbus prints the beginning of its own time.
    ("REL-Relay-Padpuls2", 1): "1900-01-00T00:00:00Z",
}
# The fixed structure: libmbus leaves these units as they are.
FIXED_UNITS = {"kWh": 1000.0, "l": 0.001}


def frame(path: Path) -> Long:
    decoder = Decoder()
    (found,) = decoder.feed(bytes.fromhex(path.read_text()))
    assert isinstance(found, Long)
    assert not decoder.junk
    return found


def expected(name: str) -> ET.Element:
    return ET.fromstring((FOLDER / f"{name}.norm.xml").read_bytes())


def text(element: ET.Element, tag: str) -> str:
    return element.findtext(tag) or ""


@pytest.mark.parametrize("name", NAMES)
def test_every_record_is_that_of_libmbus(name: str) -> None:
    answer = telegram.read(frame(FOLDER / f"{name}.hex"))
    records = expected(name).findall("DataRecord")
    *_, last = records
    if text(last, "Function") in NO_RECORDS:
        records.pop()
        assert answer.more is (text(last, "Function") == "More records follow")
        assert answer.manufacturer == bytes.fromhex(text(last, "Value"))
    assert len(answer.records) == len(records)
    for number, (record, wanted) in enumerate(zip(answer.records, records, strict=True)):
        compare(record, wanted, name, number)


def compare(record: Record, wanted: ET.Element, name: str, number: int) -> None:
    unit, said = text(wanted, "Unit"), text(wanted, "Value")
    assert record.function == FUNCTIONS[text(wanted, "Function")]
    if wanted.find("Quantity") is None:
        assert record.number == pytest.approx(float(said) * FIXED_UNITS[unit])
        return
    assert record.storage == int(text(wanted, "StorageNumber"))
    assert record.tariff == int(text(wanted, "Tariff") or 0)
    assert record.subunit == int(text(wanted, "Device") or 0)
    quantity = text(wanted, "Quantity")
    if quantity:
        assert record.quantity == QUANTITIES[quantity]
    if record.quantity == "plain text":
        assert record.unit_text == quantity
    if (name, number) in DATES_THAT_ARE_NONE:
        assert said == DATES_THAT_ARE_NONE[name, number]
        assert (record.number, record.stamp) == (None, None)
    elif record.stamp:
        assert record.text == said.removesuffix("Z")
    elif record.number is None:
        assert record.text == said
    else:
        assert float(record.number) == pytest.approx(float(said), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("name", NAMES)
def test_the_header_is_that_of_libmbus(name: str) -> None:
    header = telegram.read(frame(FOLDER / f"{name}.hex")).header
    wanted = expected(name)
    assert header.meter is not None
    assert (
        header.meter.digits.lstrip("0") == text(wanted, "SlaveInformation/Id").lstrip("0").upper()
    )
    assert header.access == int(text(wanted, "SlaveInformation/AccessNumber"))
    status = int(text(wanted, "SlaveInformation/Status"), 16)
    maker = text(wanted, "SlaveInformation/Manufacturer")
    if maker:
        assert (header.meter.maker, header.status) == (maker, status)
        assert header.meter.version == int(text(wanted, "SlaveInformation/Version"))


@pytest.mark.parametrize("name", BROKEN)
def test_a_telegram_that_is_malformed_gives_no_value(name: str) -> None:
    with pytest.raises(FrameError) as caught:
        telegram.read(frame(FOLDER / "error-frames" / f"{name}.hex"))
    known = FOLDER / "error-frames" / f"{name}.xml"
    if known.exists():
        assert isinstance(caught.value, telegram.RefusedError)
