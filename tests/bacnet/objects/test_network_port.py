from ipaddress import IPv4Address, IPv4Interface

import pytest

from bacnet.objects.decoded import decoded, schema_of
from submeter.bacnet.fault import UNKNOWN_PROPERTY
from submeter.bacnet.objects.network_port import BbmdTables, ip_port, virtual_port
from submeter.bacnet.objects.required import required_of
from submeter.bacnet.objects.served import ServedObject
from submeter.bacnet.settings import ForeignSettings

INTERFACE = IPv4Interface("192.0.2.5/24")
OF_FOREIGN, OF_BBMD = (418, 419), (413, 414, 415)
PEERS = [("192.0.2.5", 47808), ("198.51.100.7", 47809)]
REGISTERED = [(("203.0.113.9", 47810), 300, 325)]


def port(foreign: ForeignSettings | None = None, bbmd: BbmdTables | None = None) -> ServedObject:
    gateway = IPv4Address("192.0.2.1")
    return ip_port(1, INTERFACE, 47808, gateway, lambda: 0, lambda: 0, foreign=foreign, bbmd=bbmd)


FOREIGN = port(foreign=ForeignSettings(bbmd="198.51.100.7:47809", ttl=600))
BBMD = port(bbmd=BbmdTables(True, lambda: PEERS, lambda: REGISTERED))
VIRTUAL = virtual_port(2, 2001, b"\x00\x0f\xa1")


@pytest.mark.parametrize("served", [port(), FOREIGN, BBMD, VIRTUAL])
def test_every_property_has_its_data_type(served: ServedObject) -> None:
    assert required_of(schema_of(served)) <= {*served.numbers, 371}
    for number in served.numbers:
        decoded(served, number)


def test_port_of_the_ip_network() -> None:
    served = port()
    assert (served.type, served.instance, served.name) == (56, 1, "Network_Port")
    expected = {
        423: b"\x65\x06\xc0\x00\x02\x05\xba\xc0",
        400: b"\x64\xc0\x00\x02\x05",
        411: b"\x64\xff\xff\xff\x00",
        401: b"\x64\xc0\x00\x02\x01",
        406: b"\x64\x00\x00\x00\x00",
        412: b"\x22\xba\xc0",
        427: b"\x91\x05",
        482: b"\x91\x02",
        408: b"\x91\x00",
        425: b"\x21\x00",
        426: b"\x91\x00",
        416: b"\x10",
        399: b"\x22\x05\xc4",
        420: b"\x44\x00\x00\x00\x00",
        111: b"\x82\x04\x00",
        103: b"\x91\x00",
        81: b"\x10",
    }
    assert {number: served.read(number) for number in expected} == expected
    for number in (*OF_FOREIGN, *OF_BBMD):
        assert served.read(number) == UNKNOWN_PROPERTY


def test_network_number_is_the_one_of_now() -> None:
    known: list[int | None] = [None, 0]
    served = ip_port(1, INTERFACE, 47808, IPv4Address(0), lambda: known[0], lambda: known[1] or 0)
    assert (served.read(425), served.read(426)) == (b"\x21\x00", b"\x91\x00")
    known[:] = [4711, 1]
    assert (served.read(425), served.read(426)) == (b"\x22\x12\x67", b"\x91\x01")


def test_foreign_device() -> None:
    assert FOREIGN.read(408) == b"\x91\x01"
    address = decoded(FOREIGN, 418)
    assert (bytes(address.host.ipAddress), address.port) == (b"\xc6\x33\x64\x07", 47809)
    assert decoded(FOREIGN, 419) == 600
    for number in OF_BBMD:
        assert FOREIGN.read(number) == UNKNOWN_PROPERTY


def test_a_foreign_device_has_a_fault_while_it_is_not_registered() -> None:
    known = [False]
    served = ip_port(
        *(1, INTERFACE, 47808, IPv4Address(0), lambda: 0, lambda: 0),
        foreign=ForeignSettings(bbmd="198.51.100.7"),
        registered=lambda: known[0],
    )
    assert str(decoded(served, 103)) == "renew-fd-registration-failure"
    assert list(decoded(served, 111)) == [0, 1, 0, 0]
    known[0] = True
    assert (served.read(103), served.read(111)) == (b"\x91\x00", b"\x82\x04\x00")


def test_bbmd() -> None:
    assert BBMD.read(408) == b"\x91\x02"
    assert BBMD.read(413) == b"\x11"
    entries = decoded(BBMD, 414)
    found = [(bytes(e.bbmdAddress.host.ipAddress), e.bbmdAddress.port) for e in entries]
    assert found == [(b"\xc0\x00\x02\x05", 47808), (b"\xc6\x33\x64\x07", 47809)]
    assert {bytes(entry.broadcastMask) for entry in entries} == {b"\xff" * 4}
    (device,) = decoded(BBMD, 415)
    assert bytes(device.bacnetIPAddress) == b"\xcb\x00\x71\x09\xba\xc2"
    assert (device.timeToLive, device.remainingTimeToLive) == (300, 325)
    for number in OF_FOREIGN:
        assert BBMD.read(number) == UNKNOWN_PROPERTY


def test_tables_are_not_made_for_each_of_many_reads() -> None:
    asked = []

    def peers() -> list[tuple[str, int]]:
        asked.append("peers")
        return PEERS

    def registered() -> list[tuple[tuple[str, int], int, int]]:
        asked.append("registered")
        return REGISTERED

    served = port(bbmd=BbmdTables(True, peers, registered))
    assert len({served.read(number) for _ in range(50) for number in OF_BBMD}) == 3
    assert len(asked) < 50


def test_tables_may_be_empty() -> None:
    served = port(bbmd=BbmdTables(False, list, list))
    assert [served.read(number) for number in OF_BBMD] == [b"\x10", b"", b""]


def test_port_of_the_virtual_network() -> None:
    assert (VIRTUAL.instance, VIRTUAL.name) == (2, "Virtual_Network_Port")
    assert (VIRTUAL.read(427), VIRTUAL.read(423)) == (b"\x91\x07", b"\x63\x00\x0f\xa1")
    assert (VIRTUAL.read(425), VIRTUAL.read(426)) == (b"\x22\x07\xd1", b"\x91\x03")
    assert VIRTUAL.read(400) == UNKNOWN_PROPERTY
