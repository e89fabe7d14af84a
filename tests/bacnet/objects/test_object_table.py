import zlib

import pytest
from bacpypes3 import object as schemas

from submeter.bacnet import encoding
from submeter.bacnet.fault import UNKNOWN_PROPERTY
from submeter.bacnet.objects.served import ALL, OPTIONAL, REQUIRED, ServedObject, identifier
from submeter.bacnet.objects.table import DEVICE, NETWORK_PORT, ObjectTable
from submeter.errors import ConfigError

UNITS, PRESENT_VALUE, DESCRIPTION = 117, 85, 28


def value(instance: int, name: str, **properties: object) -> ServedObject:
    made = ServedObject(schemas.AnalogInputObject, instance, name, {UNITS: b"\x91\x30"})
    for attribute, content in properties.items():
        made.put(attribute, content)
    return made


def test_property_list_leaves_out_what_every_object_has() -> None:
    served = value(1, "a", presentValue=1.0)
    assert served.read(371) == b"\x91\x55\x91\x75"
    assert served.read(371, 0) == b"\x21\x02"
    assert served.read(1000) == UNKNOWN_PROPERTY


def test_groups_of_properties() -> None:
    served = value(1, "a", presentValue=1.0, description="x")
    assert set(served.group(ALL)) == {75, 77, 79, UNITS, PRESENT_VALUE, DESCRIPTION}
    assert served.group(OPTIONAL) == [DESCRIPTION]
    assert set(served.group(REQUIRED)) == {75, 77, 79, UNITS, PRESENT_VALUE}


def test_lookup() -> None:
    one, two = value(1, "a"), value(2, "b")
    table = ObjectTable([one, two])
    assert list(table) == [one, two]
    assert len(table) == 2
    assert table.device is one
    assert table.find(1) is one
    assert table.find(3) is None
    assert table.named("b") is two
    assert table.named("c") is None


def test_wildcard_instance() -> None:
    device = ServedObject(schemas.DeviceObject, 4000, "d")
    ports = [ServedObject(schemas.NetworkPortObject, n, f"p{n}") for n in (1, 2)]
    table = ObjectTable([device, *ports, value(1, "a")])
    assert table.find(identifier(DEVICE, 4194303)) is device
    assert table.find(identifier(NETWORK_PORT, 4194303)) is ports[0]
    assert table.find(identifier(0, 4194303)) is None


@pytest.mark.parametrize("other", [value(1, "b"), value(2, "a")])
def test_clash_is_a_configuration_error(other: ServedObject) -> None:
    with pytest.raises(ConfigError, match="analog-input 1 'a'; give the meters different"):
        ObjectTable([value(1, "a"), other])


def test_instance_beyond_the_last() -> None:
    with pytest.raises(ConfigError, match="analog-input 4194303 'a' is beyond 4194302"):
        value(4194303, "a")


def test_checksum_follows_names_and_numbers_only() -> None:
    checksum = ObjectTable([value(1, "a"), value(2, "b")]).checksum
    assert ObjectTable([value(2, "b"), value(1, "a", presentValue=3.0)]).checksum == checksum
    assert ObjectTable([value(1, "a"), value(3, "b")]).checksum != checksum
    assert ObjectTable([value(1, "a"), value(2, "c")]).checksum != checksum
    assert checksum == zlib.crc32(b"1 a\n2 b")  # the same in every run


def test_listeners_are_called_in_their_order() -> None:
    served, called = value(1, "a"), list[str]()
    served.listeners = (lambda _: called.append("one"), lambda _: called.append("two"))
    served.changed()
    assert called == ["one", "two"]


def test_what_is_put_is_of_its_data_type() -> None:
    served = value(1, "a", description="x")
    assert served.read(DESCRIPTION) == encoding.text("x")
    with pytest.raises((TypeError, ValueError)):
        served.put("presentValue", "much")
