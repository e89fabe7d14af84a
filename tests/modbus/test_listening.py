"""Where a listener listens, for how many, and why it cannot."""

import asyncio
import errno
import logging
import resource
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import ValidationError

from modbus.wire import STANDARD, Client, read
from submeter.errors import ListenError
from submeter.meter.access import Who
from submeter.modbus import descriptors
from submeter.modbus.image import Image
from submeter.modbus.settings import TcpSettings
from submeter.modbus.tcp import ModbusTcpFace
from tooling.faces import serving, tcp_face, unit

POWER = read(3, 0, 2)
NAN = b"\x03\x04\x7f\xc0\0\0"


async def _one(face: ModbusTcpFace, pdu: bytes) -> bytes:
    async with await Client.open(face.port) as client:
        return await client.ask(pdu)


@pytest.fixture
async def face() -> AsyncIterator[ModbusTcpFace]:
    async with serving(tcp_face({1: unit(Image(STANDARD))})) as made:
        yield made


def test_where() -> None:
    assert tcp_face({}, host="0.0.0.0", port=5020).where == "0.0.0.0:5020"
    assert tcp_face({}, host="::1", port=502).where == "[::1]:502"


@pytest.fixture
def _ipv6() -> None:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this machine has no IPv6")


class Seen:
    """A door that remembers who came to it; nothing is written."""

    def __init__(self) -> None:
        self.peers: list[str] = []

    def is_open(self, who: Who) -> bool:
        self.peers.append(str(who))
        return False

    def write_all(self, *_: object) -> None:
        raise AssertionError("nothing is open")

    def refuse(self, *_: object) -> None:
        pass

    attempt = conclude = lock = write_all


async def asked_from(host: str, address: str, port: int, seen: Seen) -> None:
    """Read, and try to write, through `address` of this machine."""
    reader, writer = await asyncio.open_connection(address, port)
    async with Client(reader, writer) as client:
        assert await client.ask(POWER) == NAN
        await client.ask(bytes.fromhex("06 03e8 0001"))
    assert seen.peers[-1] == f"modbus.tcp {host}"


@pytest.mark.usefixtures("_ipv6")
async def test_ipv6() -> None:
    seen = Seen()
    served = unit(Image(STANDARD), door=seen, lock=seen)
    async with serving(tcp_face({1: served}, host="::1", allow=["::1/128"])) as face:
        await asked_from("::1", "::1", face.port, seen)
        assert face.where == f"[::1]:{face.port}"


@pytest.mark.usefixtures("_ipv6")
async def test_every_address_is_ipv4_too() -> None:
    seen = Seen()
    served = unit(Image(STANDARD), door=seen, lock=seen)
    async with serving(tcp_face({1: served}, host="::", allow=["127.0.0.0/8", "::1"])) as face:
        await asked_from("127.0.0.1", "127.0.0.1", face.port, seen)
        await asked_from("::1", "::1", face.port, seen)
        with pytest.raises(ListenError, match=f"port {face.port} on :: is taken"):
            await tcp_face({}, host="::", port=face.port).start()
    assert face.counts.accepted == 2


@pytest.fixture
def _few_descriptors(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptors, "_shares", [])
    monkeypatch.setattr(resource, "getrlimit", lambda _: (250, 250))


@pytest.mark.usefixtures("_few_descriptors")
async def test_what_one_listener_had_of_the_descriptors_the_next_one_has() -> None:
    face = tcp_face({}, connections=80)
    for _ in range(2):
        async with serving(face):
            assert face.admission.most == 80
    assert not descriptors._shares


@pytest.mark.usefixtures("_few_descriptors")
async def test_too_few_descriptors_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    first, second = tcp_face({}, connections=150), tcp_face({}, connections=50)
    async with serving(first):
        async with serving(second):
            await asyncio.sleep(2.2)
            assert (first.admission.most, second.admission.most) == (75, 25)
        assert sorted(record.getMessage() for record in caplog.records) == [
            "event=descriptors_scarce face=modbus.tcp connections=25 wanted=50",
            "event=descriptors_scarce face=modbus.tcp connections=75 wanted=150",
        ]


async def test_a_client_that_is_gone_before_it_is_served_takes_no_place(
    face: ModbusTcpFace, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: object) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    with monkeypatch.context() as patched:
        patched.setattr(face, "_keep_alive", gone)
        async with await Client.open(face.port) as client:
            assert await client.rest() == b""
        assert face.counts.open == 0
        assert not face.clients
    assert await _one(face, POWER) == NAN


@pytest.mark.parametrize(
    "host", ["", " ", "127.0.0.1 ", "a\0b", "a\nb", "*", "224.0.0.1", "ff02::1", "255.255.255.255"]
)
def test_a_host_that_is_nobody_is_refused_in_one_line(host: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TcpSettings(host=host)
    [fault] = caught.value.errors()
    assert fault["loc"] == ("host",)
    assert fault["msg"].endswith("is no address to listen on; 0.0.0.0 is all of this machine")
    assert "\n" not in fault["msg"]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.7", "fe80::1%eth0", "meter.local"])
def test_a_host_may_be_an_address_or_a_name(host: str) -> None:
    assert TcpSettings(host=host).host == host


async def refusal(host: str, port: int) -> str:
    with pytest.raises(ListenError) as caught:
        await tcp_face({}, host=host, port=port).start()
    return str(caught.value)


async def test_a_taken_port_is_named(face: ModbusTcpFace) -> None:
    assert await refusal("127.0.0.1", face.port) == (
        f"modbus.tcp: port {face.port} on 127.0.0.1 is taken by another program; "
        "stop it or choose another modbus.tcp.port"
    )
    assert await _one(face, POWER) == NAN


async def test_an_address_of_another_machine_is_named() -> None:
    text = await refusal("192.0.2.77", 0)
    assert text == "modbus.tcp: this machine has no address 192.0.2.77"


@pytest.mark.parametrize("host", ["no-such-host.invalid", "x" * 70])
async def test_a_host_without_an_address_is_named(
    host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    if host.endswith("invalid"):  # no question to a name server
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    text = await refusal(host, 0)
    assert text == f"modbus.tcp: no address is known for the host '{host}'; write an IP address"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (OSError(errno.EACCES, "Permission denied"), "port 502 needs the right to bind"),
        (OSError("could not bind on any address"), "this machine has no address 10.9.9.9"),
        (OSError(errno.ENOBUFS, "No buffer space"), "cannot listen on 10.9.9.9 port 502: "),
    ],
)
async def test_other_reasons(error: OSError, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(asyncio.get_running_loop(), "create_server", refuse)
    message = await refusal("10.9.9.9", 502)
    assert message.startswith(f"modbus.tcp: {text}")
    assert "\n" not in message
