from typing import Any

import pytest
from bacpypes3.apdu import ConfirmedServiceChoice, UnconfirmedServiceChoice
from bacpypes3.basetypes import ServicesSupported
from bacpypes3.pdu import PDUData
from bacpypes3.primitivedata import TagList

from submeter.bacnet.application.supported import services_supported

BITS: dict[str, int] = ServicesSupported._bitstring_names
OTHERWISE = {"who-iam": "who-amI"}
WITHDRAWN = {"read-property-conditional", "authenticate", "request-key"}


def executed(octets: bytes) -> list[int]:
    return list(ServicesSupported.decode(TagList.decode(PDUData(octets))))


def choices(enumeration: Any) -> list[tuple[str, int]]:
    named = enumeration._enum_map.items()
    return [(name, int(number)) for name, number in named if "-" in name and name not in WITHDRAWN]


@pytest.mark.parametrize(("name", "number"), choices(ConfirmedServiceChoice))
def test_confirmed_services_have_the_bit_of_their_name(name: str, number: int) -> None:
    bits = executed(services_supported([number], []))
    assert [bit for bit, value in enumerate(bits) if value] == [BITS[name]]


@pytest.mark.parametrize(("name", "number"), choices(UnconfirmedServiceChoice))
def test_unconfirmed_services_have_the_bit_of_their_name(name: str, number: int) -> None:
    bits = executed(services_supported([], [number]))
    assert [bit for bit, value in enumerate(bits) if value] == [BITS[OTHERWISE.get(name, name)]]


def test_the_services_of_a_meter() -> None:
    confirmed = [0, 3, 5, 12, 14, 15, 16, 17, 20, 26, 28, 29]
    octets = services_supported(confirmed, [6, 7, 8, 9])
    bits = executed(octets)
    expected = {0, 3, 5, 12, 14, 15, 16, 17, 20, 32, 33, 34, 35, 36, 38, 39}
    assert {bit for bit, value in enumerate(bits) if value} == expected
    assert octets[:3] == b"\x85\x07\x04"  # 44 bits: six octets but for four bits


def test_nothing_is_served() -> None:
    assert services_supported([], []) == b"\x85\x07\x04" + bytes(6)
