"""Who a station is for leases and the audit log."""

from submeter.bacnet.outside import who
from submeter.bacnet.peer import Peer, octets
from submeter.meter.access import Who

PLACE = ("192.0.2.7", 47808)


def test_a_station_of_the_ip_network_is_its_address() -> None:
    assert who(Peer(PLACE)) == who(Peer((PLACE[0], 1))) == Who("bacnet", "192.0.2.7")
    assert who(Peer(PLACE, via=("192.0.2.1", 47808))) == Who("bacnet", "192.0.2.7")


def test_one_behind_a_router_is_another() -> None:
    far = who(Peer(PLACE, 2001, b"\x05\x0a"))
    assert (far.address, str(far)) == ("192.0.2.7", "bacnet net 2001 mac 050a 192.0.2.7")


def test_the_mac_address_of_a_place() -> None:
    assert octets(PLACE) == bytes((192, 0, 2, 7, 0xBA, 0xC0))
