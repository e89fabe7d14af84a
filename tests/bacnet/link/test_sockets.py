import asyncio
import errno
import logging
import os
import socket
import time
from ipaddress import IPv4Interface
from unittest.mock import patch

import pytest

from bacnet.link.station import BROADCAST, Station, interface, until
from submeter.bacnet.link import sockets
from submeter.bacnet.link.sockets import Sockets
from submeter.bacnet.peer import Place
from submeter.errors import ListenError

Heard = list[tuple[bytes, Place, bool]]


def make(heard: Heard, where: IPv4Interface | None = None, port: int = 0) -> Sockets:
    return Sockets(where or interface(), port, lambda *what: heard.append(what))


async def test_takes_unicast_and_broadcast_apart() -> None:
    heard: Heard = []
    own = make(heard)
    own.open()
    with Station() as station:
        station.send(b"one", own.station)
        station.send(b"all", (BROADCAST, own.station[1]))
        await until(lambda: len(heard) == 2)
        assert sorted(heard) == [(b"all", station.place, True), (b"one", station.place, False)]
        own.send(b"answer", station.place)
        assert await station.receive() == b"answer"
    own.close()


async def test_own_broadcasts_do_not_come_back() -> None:
    heard: Heard = []
    first = make(heard)
    first.open()
    second = make(heard, port=first.station[1])
    second.open()
    first.broadcast(b"hello")
    await until(lambda: heard)
    await asyncio.sleep(0.05)
    assert heard == [(b"hello", first.station, True)]
    first.close()
    second.close()


async def test_second_instance_is_refused() -> None:
    first = make([])
    first.open()
    ip, port = first.station
    second = make([], IPv4Interface(f"{ip}/8"), port)
    with pytest.raises(ListenError, match=f"port {port} on {ip} is taken by another program"):
        second.open()
    first.close()
    second.open()
    second.close()


@pytest.mark.parametrize("anywhere", [False, True])
@pytest.mark.parametrize("option", [None, socket.SO_REUSEADDR, socket.SO_REUSEPORT])
async def test_port_of_another_program_is_not_shared(anywhere: bool, option: int | None) -> None:
    where = interface()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        if option is not None:
            other.setsockopt(socket.SOL_SOCKET, option, 1)
        other.bind(("0.0.0.0" if anywhere else str(where.ip), 0))
        with pytest.raises(ListenError, match="is taken by another program"):
            make([], where, other.getsockname()[1]).open()


@pytest.mark.parametrize(
    ("text", "heard"),
    [
        ("192.0.2.7/24", ["192.0.2.255", "255.255.255.255"]),
        ("192.0.2.7/31", ["255.255.255.255"]),
        ("192.0.2.7/32", ["255.255.255.255"]),
        ("127.0.0.2/8", ["127.255.255.255"]),
    ],
)
def test_broadcast_addresses(text: str, heard: list[str]) -> None:
    assert make([], IPv4Interface(text), 47808)._heard == heard


async def test_unusable_addresses_are_one_clear_line() -> None:
    with pytest.raises(ListenError, match=r"192\.0\.2\.199 .* is not on this machine") as raised:
        make([], IPv4Interface("192.0.2.199/24")).open()
    assert "\n" not in str(raised.value)
    with (
        patch("socket.socket.bind", side_effect=PermissionError(13, "Permission denied")),
        pytest.raises(ListenError, match="no permission to take port 80 "),
    ):
        make([], port=80).open()


async def test_open_that_fails_leaves_nothing() -> None:
    where = interface()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((BROADCAST, 0))  # not shared: only the second socket fails
        port = other.getsockname()[1]
        own = make([], where, port)
        with pytest.raises(ListenError):
            own.open()
    own.open()
    own.close()
    own.close()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
        free.bind((str(where.ip), port))


async def test_storm_leaves_turns_to_others() -> None:
    heard: Heard = []
    own = make(heard)
    own.open()
    most = 0
    with Station() as station:
        for _ in range(100):
            station.send(b"x", own.station)
        while len(heard) < 100:
            before = len(heard)
            await asyncio.sleep(0)
            most = max(most, len(heard) - before)
    assert 1 < most <= sockets._TURN
    own.close()


async def test_a_turn_in_which_much_is_to_do_is_short() -> None:
    heard: list[bytes] = []

    def toil(data: bytes, place: Place, shouted: bool) -> None:
        heard.append(data)
        time.sleep(sockets._LONGEST_TURN * 0.7)

    own = Sockets(interface(), 0, toil)
    own.open()
    most = 0
    with Station() as station:
        for number in range(10):
            station.send(bytes((number,)), own.station)
        while len(heard) < 10:
            before = len(heard)
            await asyncio.sleep(0)
            most = max(most, len(heard) - before)
    assert most <= 2
    assert heard == [bytes((number,)) for number in range(10)]  # what had to wait is not lost
    own.close()


async def test_closing_while_a_datagram_is_taken() -> None:
    broken: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, what: broken.append(what))
    own = Sockets(interface(), 0, lambda data, place, shouted: own.close())
    own.open()
    with Station() as station:
        for _ in range(3):
            station.send(b"x", own.station)
        await until(lambda: not own._open)
    own.send(b"lost", ("127.0.0.1", 9))
    assert broken == []


async def test_interface_that_goes_and_comes_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sockets, "_CHECK_EACH", 0.02)
    caplog.set_level(logging.INFO)
    back: list[int] = []
    own = Sockets(interface(), 0, lambda *what: None, lambda: back.append(1))
    own.open()
    gone = OSError(errno.ENETUNREACH, "Network is unreachable")
    with (
        Station() as station,
        patch("socket.socket.sendto", side_effect=gone),
        patch("socket.socket.connect", side_effect=gone),
    ):
        for _ in range(3):
            own.send(b"lost", station.place)
        await asyncio.sleep(0.1)
        own.send(b"lost", station.place)
        assert back == []
    await until(lambda: back)
    await asyncio.sleep(0.05)
    ip = own.station[0]
    assert [record.getMessage() for record in caplog.records] == [
        f'event=bacnet_interface_down address={ip} reason="Network is unreachable"',
        f"event=bacnet_interface_back address={ip}",
    ]
    assert back == [1]
    assert own._timer is None
    own.close()


async def test_station_out_of_reach_is_no_interface_down(
    caplog: pytest.LogCaptureFixture,
) -> None:
    own = make([])
    own.open()
    own.send(b"lost", ("127.0.0.1", 0))
    with patch("socket.socket.sendto", side_effect=BlockingIOError):
        own.send(b"lost", ("127.0.0.1", 9))
    assert own._timer is None
    assert caplog.records == []
    own.close()


async def test_socket_that_died_is_opened_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "_CHECK_EACH", 0.02)
    heard: Heard = []
    own = make(heard)
    own.open()
    ip, port = own.station
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), own._open[ip].fileno())  # now it is no socket any more
    own._ready(ip, shared=False)
    own.send(b"lost", ("127.0.0.1", 9))
    await until(lambda: ip in own._open)
    assert own.station == (ip, port)
    with Station() as station:
        station.send(b"again", own.station)
        await until(lambda: heard)
    own.close()


async def test_limited_broadcast_of_another_interface_is_not_ours() -> None:
    heard: Heard = []
    own = make(heard, IPv4Interface("192.0.2.5/24"), 47808)
    left, right = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    left.setblocking(False)
    own._open[sockets.LIMITED] = left
    with patch("socket.socket.recvfrom") as recvfrom:
        for source in ("192.0.2.9", "198.51.100.9"):
            recvfrom.side_effect = [(b"x", (source, 47808)), BlockingIOError()]
            own._ready(sockets.LIMITED, shared=True)
    assert heard == [(b"x", ("192.0.2.9", 47808), True)]
    own.close()
    right.close()


@pytest.mark.parametrize(
    ("place", "good"),
    [
        (("192.0.2.9", 47808), True),
        (("198.51.100.255", 1), True),
        (("192.0.2.255", 47808), False),
        (("255.255.255.255", 47808), False),
        (("0.0.0.0", 47808), False),
        (("224.0.0.1", 47808), False),
        (("192.0.2.9", 0), False),
    ],
)
def test_which_place_is_a_station(place: Place, good: bool) -> None:
    assert make([], IPv4Interface("192.0.2.5/24"), 47808).is_station(place) is good
