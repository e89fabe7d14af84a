import zlib

import pytest
from bacpypes3 import object as schemas

from submeter.bacnet.fault import UNKNOWN_PROPERTY
from submeter.bacnet.objects import ObjectTable, ServedObject
from submeter.errors import ConfigError


def value(instance: int, name: str, **properties: object) -> ServedObject:
    return ServedObject(schemas.AnalogInputObject, instance, name, **properties)


def test_property_list_leaves_out_what_every_object_has() -> None:
    served = value(1, "a", units=48, presentValue=1.0)
    assert served.read(371) == b"\x91\x75\x91\x55"
    served.put("description", "x")
    assert served.read(371, 0) == b"\x21\x03"
    served.put("description", "y")
    assert served.read(371, 0) == b"\x21\x03"
    assert served.read(1000) == UNKNOWN_PROPERTY


def test_lookup() -> None:
    one, two = value(1, "a"), value(2, "b")
    table = ObjectTable([one, two])
    assert list(table) == [one, two]
    assert len(table) == 2
    assert table.find(1) is one
    assert table.find(3) is None
    assert table.named("b") is two
    assert table.named("c") is None


@pytest.mark.parametrize("other", [value(1, "b"), value(2, "a")])
def test_clash_is_a_configuration_error(other: ServedObject) -> None:
    with pytest.raises(ConfigError, match="analog-input 1 'a'; give the meters different"):
        ObjectTable([value(1, "a"), other])


def test_instance_beyond_the_last() -> None:
    with pytest.raises(ConfigError, match="analog-input 4194303 'a' is beyond 4194302"):
        value(4194303, "a")


def test_revision_follows_names_and_numbers_only() -> None:
    revision = ObjectTable([value(1, "a"), value(2, "b")]).revision
    assert ObjectTable([value(2, "b"), value(1, "a", presentValue=3.0)]).revision == revision
    assert ObjectTable([value(1, "a"), value(3, "b")]).revision != revision
    assert ObjectTable([value(1, "a"), value(2, "c")]).revision != revision
    assert revision == zlib.crc32(b"1 a\n2 b")  # the same in every run
