import pytest
from bacpypes3 import object as schemas
from bacpypes3.basetypes import PropertyIdentifier

from submeter.bacnet.fault import NOT_INITIALIZED
from submeter.bacnet.points import PointObject
from submeter.meter.reading import Quality, Reading
from submeter.pointmap import meter_map

ENTRIES = {entry.name: entry for entry in meter_map.load("standard").objects}
PRESENT_VALUE, PRIORITY_ARRAY, RELINQUISH_DEFAULT, COMMAND_PRIORITY = 85, 87, 104, 431
RELIABILITY, STATUS_FLAGS, EVENT_STATE, OUT_OF_SERVICE = 103, 111, 36, 81
GOOD, FAULT = b"\x82\x04\x00", b"\x82\x04\x40"


def test_stale_reading_keeps_its_value_and_says_so() -> None:
    served = PointObject(ENTRIES["Active_Power_Total"])
    served.show(Reading(1.5, Quality.MEASURED))
    assert served.read(STATUS_FLAGS) == GOOD
    served.show(Reading(1.5, Quality.STALE))
    assert served.read(PRESENT_VALUE) == b"\x44\x3f\xc0\x00\x00"
    assert served.read(RELIABILITY) == b"\x91\x0c"
    assert served.read(STATUS_FLAGS) == FAULT
    assert served.read(EVENT_STATE) == b"\x91\x00"
    assert served.read(OUT_OF_SERVICE) == b"\x10"


@pytest.mark.parametrize("name", ["Demand_Interval", "Reset_Demand_Peak"])
def test_outputs_show_the_reading_and_no_command(name: str) -> None:
    served = PointObject(ENTRIES[name])
    assert served.read(RELINQUISH_DEFAULT) == served.read(PRESENT_VALUE)
    served.show(Reading(1, Quality.MEASURED))
    assert served.read(PRESENT_VALUE) in (b"\x44\x3f\x80\x00\x00", b"\x91\x01")
    assert served.read(RELINQUISH_DEFAULT) == served.read(PRESENT_VALUE)
    assert served.read(PRIORITY_ARRAY) == b"\x00" * 16
    assert served.read(PRIORITY_ARRAY, 0) == b"\x21\x10"
    assert served.read(PRIORITY_ARRAY, 16) == b"\x00"
    assert served.read(COMMAND_PRIORITY) == b"\x00"


def test_number_that_is_no_state_is_unreliable() -> None:
    served = PointObject(ENTRIES["Modbus_Baudrate"])
    served.show(Reading(115200, Quality.MEASURED))
    assert served.read(PRESENT_VALUE) == NOT_INITIALIZED
    assert served.read(RELIABILITY) == b"\x91\x07"
    assert served.read(STATUS_FLAGS) == FAULT


def test_offset_prefix_and_description() -> None:
    served = PointObject(ENTRIES["Demand_Peak_Timestamp"], 2000, "A_", "tenant: ")
    assert served.read(75) == b"\xc4" + (44 << 22 | 2001).to_bytes(4, "big")
    assert served.read(77) == b"\x75\x18\x00A_Demand_Peak_Timestamp"
    assert served.read(28) == b"\x75\x29\x00tenant: Time of the maximum demand (UTC)"
    assert served.read(344) == b"\x11"


def test_fixed_properties() -> None:
    energy = PointObject(ENTRIES["Active_Energy_Import"])
    assert (energy.read(187), energy.read(65)) == (b"\x19\x00", b"\x24\xff\xff\xff\xff")
    alarm = PointObject(ENTRIES["Phase_Loss_L1"])
    assert (alarm.read(84), alarm.read(46), alarm.read(4)) == (
        b"\x91\x00",
        b"\x73\x00OK",
        b"\x75\x05\x00Loss",
    )
    direction = PointObject(ENTRIES["Energy_Direction"])
    assert direction.read(74) == b"\x21\x02"
    assert direction.read(110) == b"\x75\x07\x00Import\x75\x07\x00Export"


@pytest.mark.parametrize("entry", ENTRIES.values(), ids=ENTRIES)
def test_required_properties_are_there(entry: meter_map.BacnetObject) -> None:
    served = PointObject(entry)
    # 135, clause 12: what the object tables mark R or W, by bacpypes3's account of them.
    schema = next(
        found
        for found in vars(schemas).values()
        if getattr(found, "objectType", None) == served.type
    )
    required = {int(PropertyIdentifier(name)) for name in schema._required}
    assert required <= set(served.images)
