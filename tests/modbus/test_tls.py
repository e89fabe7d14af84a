import asyncio
import asyncio.sslproto
import contextlib
import gc
import logging
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from modbus.wire import STANDARD, Client, frame, measured, read
from submeter.meter.access import Who
from submeter.meter.audit import Audit, Entry
from submeter.modbus import tls
from submeter.modbus.connection import Connection
from submeter.modbus.image import Image
from submeter.modbus.tcp import ModbusTcpFace
from submeter.modbus.turns import PER_PEER
from tooling.certificates import Authority, Pair, utf8_string
from tooling.faces import serving, tls_face, unit

POWER = read(3, 0, 2)
ANSWER = b"\x03\x04" + struct.pack(">f", 1.0)
WRITE = bytes.fromhex("06 03e8 0001")


class Open:
    """A door and a lock that let everybody write, and remember who did."""

    def __init__(self) -> None:
        self.came: list[str] = []

    def is_open(self, who: Who) -> bool:
        self.came.append(str(who))
        return True

    def refuse(self, *_: object) -> None:
        pass

    write_all = attempt = conclude = lock = refuse


@dataclass
class Site:
    authority: Authority
    audit: Audit
    face: ModbusTcpFace
    door: Open
    refusals: int = 0

    def context(self, *roles: str, name: str = "client", days: float = 300) -> ssl.SSLContext:
        """Return what a client with these roles connects with."""
        values = [utf8_string(role) for role in roles]
        return self.shows(self.authority.client(name, *values, days=days))

    def shows(self, pair: Pair | None) -> ssl.SSLContext:
        return self.authority.client_context(pair)

    async def connect(self, context: ssl.SSLContext) -> Client:
        opened = asyncio.open_connection("127.0.0.1", self.face.port, ssl=context)
        return Client(*await opened)

    async def refused(self, context: ssl.SSLContext) -> Entry:
        """Return what the audit log says of a client that must not be answered."""
        with pytest.raises((OSError, asyncio.IncompleteReadError)):
            async with await self.connect(context) as client:
                await client.ask(POWER)
        return await self.told()

    async def told(self) -> Entry:
        """Return the next entry of the audit log, once the client is gone."""
        self.refusals += 1
        await until(lambda: self.face.counts.tls_refused == self.refusals and not self.face.clients)
        [entry] = self.audit.take()
        assert (entry.event, entry.who) == ("tls_refused", "modbus.tls 127.0.0.1")
        return entry


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0.005)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    made = Authority(tmp_path_factory.mktemp("site"))
    made.server()
    return made


@pytest.fixture
async def site(authority: Authority) -> AsyncIterator[Site]:
    image = Image(STANDARD)
    image.apply({"Active_Power_Total": measured(1.0)})
    door, audit = Open(), Audit()
    served = {1: unit(image, door=door, lock=door)}
    async with serving(tls_face(served, authority.folder, audit)) as face:
        yield Site(authority, audit, face, door)


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_both_versions_answer(site: Site, version: ssl.TLSVersion) -> None:
    context = site.context("operator")
    context.minimum_version = context.maximum_version = version
    for _ in range(3):
        async with await site.connect(context) as client:
            assert await client.ask(POWER) == ANSWER
    await until(lambda: not site.face.clients)
    assert site.face.counts.accepted == 3
    assert site.face.counts.tls_refused == 0
    assert site.audit.take() == []


async def test_requests_in_any_pieces_and_many_at_once(site: Site) -> None:
    async with await site.connect(site.context("reader")) as client:
        for byte in frame(POWER, 1, 7):
            client.send(bytes((byte,)))
            await client.writer.drain()
        assert await client.frame() == frame(ANSWER, 1, 7)
        client.send(b"".join(frame(POWER, 1, n) for n in range(1000)))
        for number in range(1000):
            assert await client.frame() == frame(ANSWER, 1, number)


async def test_requests_sent_with_the_end_of_the_handshake(site: Site) -> None:
    """What comes before the certificate is judged is answered after it."""
    context = site.context("reader")

    def talk() -> bytes:
        with (
            socket.create_connection(("127.0.0.1", site.face.port), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
        ):
            secure.sendall(frame(POWER, 1, 5) * 900)
            answers = b""
            while len(answers) < 900 * len(frame(ANSWER)):
                answers += secure.recv(65536)
            return answers

    for _ in range(5):
        assert await asyncio.to_thread(talk) == frame(ANSWER, 1, 5) * 900


@pytest.mark.parametrize(("role", "may_write"), [("operator", True), ("reader", False)])
async def test_a_role_gives_its_rights(site: Site, role: str, may_write: bool) -> None:
    async with await site.connect(site.context(role)) as client:
        assert await client.ask(POWER) == ANSWER
        reply = await client.ask(WRITE)
    if may_write:
        assert set(site.door.came) == {"modbus.tls 127.0.0.1"}
        assert reply != b"\x86\x01"
    else:
        assert reply == b"\x86\x01"


async def test_a_client_without_a_certificate(site: Site) -> None:
    entry = await site.refused(site.shows(None))
    assert entry.detail == 'reason="no certificate"'


async def test_a_client_without_a_role(site: Site) -> None:
    assert (await site.refused(site.context())).detail == 'reason="no role"'


async def test_a_client_with_an_unknown_role(site: Site) -> None:
    entry = await site.refused(site.context("engineer"))
    assert entry.detail == "reason=\"unknown role 'engineer'\""


async def test_an_expired_client(site: Site) -> None:
    entry = await site.refused(site.context("operator", days=-1))
    assert entry.detail == 'reason="expired certificate"'


async def test_a_client_of_another_authority(site: Site, tmp_path: Path) -> None:
    for name in ("another", "ca"):  # the name alone is no proof
        stranger = Authority(tmp_path, name).client("stranger", utf8_string("operator"))
        entry = await site.refused(site.shows(stranger))
        assert entry.detail == 'reason="unknown authority"'


async def test_a_server_is_no_client(site: Site) -> None:
    entry = await site.refused(site.shows(site.authority.server("other")))
    assert entry.detail == 'reason="certificate not for clients"'


async def test_a_client_that_does_not_trust_us(site: Site, tmp_path: Path) -> None:
    pair = site.authority.client("careful", utf8_string("operator"))
    context = Authority(tmp_path, "another").client_context(pair)

    def connect() -> None:
        with socket.create_connection(("127.0.0.1", site.face.port), timeout=5) as plain:
            context.wrap_socket(plain, server_hostname="127.0.0.1")

    with pytest.raises(ssl.SSLCertVerificationError):
        await asyncio.to_thread(connect)
    assert (await site.told()).detail == 'reason="the client ended it: tlsv1 alert unknown ca"'


async def spoken(site: Site, data: bytes) -> bytes:
    """Return what is answered to `data` without TLS."""
    async with await Client.open(site.face.port) as client:
        client.send(data)
        return await client.rest()


# A ClientHello of TLS 1.0 with ECDHE-ECDSA-AES128-SHA.
OLD_HELLO = bytes.fromhex("16 0301 002d 01 000029 0301" + "11" * 32 + "00 0002 c009 01 00")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (frame(POWER), "not TLS"),
        (b"GET / HTTP/1.0\r\n\r\n", "not TLS"),
        (OLD_HELLO, "wrong version"),
    ],
)
async def test_what_is_no_tls_of_ours(site: Site, data: bytes, reason: str) -> None:
    assert ANSWER not in await spoken(site, data)
    assert (await site.told()).detail == f'reason="{reason}"'


async def test_a_client_that_goes_away_in_its_handshake(site: Site) -> None:
    async with await Client.open(site.face.port) as client:
        client.send(b"\x16\x03\x01")
    assert (await site.told()).detail == 'reason="connection lost"'


async def test_a_client_that_is_slow_in_its_handshake(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "HANDSHAKE", 0.2)
    assert await spoken(site, b"") == b""
    assert (await site.told()).detail == "reason=time-out"


async def test_few_handshakes_are_under_way_at_a_time(site: Site) -> None:
    silent = [await Client.open(site.face.port) for _ in range(PER_PEER)]
    await until(lambda: len(site.face.clients) == PER_PEER)
    waiting = asyncio.create_task(site.connect(site.context("reader")))
    await until(lambda: len(site.face.clients) == PER_PEER + 1)
    elsewhere = await asyncio.open_connection(
        "127.0.0.1",
        site.face.port,
        ssl=site.context("reader"),
        local_addr=("127.0.0.9", 0),
    )
    async with Client(*elsewhere) as other:
        assert await other.ask(POWER) == ANSWER
    assert not waiting.done()
    async with silent.pop():
        pass
    async with await waiting as client:
        assert await client.ask(POWER) == ANSWER
    for each in silent:
        each.writer.close()
    await until(lambda: not site.face.clients)


async def test_who_waits_for_a_handshake_has_no_more_time_and_costs_nothing(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "HANDSHAKE", 0.1)
    begun, let_go = 0, asyncio.Event()

    async def without_end(*_: Any, **__: Any) -> None:
        nonlocal begun
        begun += 1
        while not let_go.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await let_go.wait()
        raise ConnectionAbortedError

    monkeypatch.setattr(asyncio.get_running_loop(), "connect_accepted_socket", without_end)
    clients = [await Client.open(site.face.port) for _ in range(PER_PEER + 3)]
    await until(lambda: site.face.counts.tls_refused == 3)
    assert begun == PER_PEER
    let_go.set()
    await until(lambda: not site.face.clients)
    told = [entry.detail for entry in site.audit.take()]
    assert told == ["reason=time-out", f"reason=time-out count={PER_PEER + 2}"]
    for client in clients:
        async with client:
            assert await client.rest() == b""


@pytest.mark.parametrize("data", [b"GET / HTTP/1.0\r\n\r\n", b""])
async def test_the_memory_of_a_failed_handshake_is_free_at_once(
    site: Site, data: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tls, "HANDSHAKE", 0.2)
    gc.collect()
    gc.disable()
    try:
        for _ in range(3):
            await spoken(site, data)
        await until(lambda: not site.face.clients)
        await asyncio.sleep(0.01)
        kinds = [type(each) for each in gc.get_objects()]
        assert asyncio.sslproto.SSLProtocol not in kinds
        assert Connection not in kinds
    finally:
        gc.enable()


async def test_a_suite_without_forward_secrecy(site: Site) -> None:
    context = site.context("operator")
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE-ECDSA-AES128-SHA256")  # secret for ever, but CBC
    entry = await site.refused(context)
    assert entry.detail == 'reason="no shared cipher"'


async def test_handshakes_in_flight_count_as_connections(authority: Authority) -> None:
    face = tls_face({}, authority.folder, Audit(), connections=2)
    async with serving(face):
        async with await Client.open(face.port), await Client.open(face.port):
            await until(lambda: face.counts.open == 2)
            async with await Client.open(face.port) as third:
                assert await third.rest() == b""
            assert face.counts.refused_full == 1
        await until(lambda: face.counts.open == 0)


async def test_a_refused_network_is_closed_before_tls(authority: Authority) -> None:
    audit = Audit()
    face = tls_face({}, authority.folder, audit, allow=["192.0.2.0/24"])
    async with serving(face):
        async with await Client.open(face.port) as client:
            assert await client.rest() == b""
        assert face.counts.refused_network == 1
        assert face.counts.tls_refused == 0
    assert audit.take() == []


async def test_stop_in_the_middle_of_handshakes_and_answers(site: Site) -> None:
    async with await Client.open(site.face.port), await site.connect(site.context("reader")) as one:
        assert await one.ask(POWER) == ANSWER
        await until(lambda: site.face.counts.open == 2)
        await site.face.stop()
        assert not site.face.clients
        with pytest.raises(OSError, match=r"."):
            await site.connect(site.context("reader"))


async def test_stop_before_a_handshake_has_begun(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.face.port), timeout=5):
        while not site.face.clients:
            await asyncio.sleep(0)
        await site.face.stop()
        assert not site.face.clients
        assert site.face.counts.open == 0


async def test_a_flood_of_refusals_is_counted_and_told_once(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "submeter")
    for _ in range(30):
        await spoken(site, frame(POWER))
    await until(lambda: site.face.counts.tls_refused == 30)
    entries = site.audit.take()
    assert [entry.detail for entry in entries] == ['reason="not TLS"', 'reason="not TLS" count=29']
    told = [record.getMessage() for record in caplog.records]
    assert told == ['event=tls_refused face=modbus.tls first=127.0.0.1 reason="not TLS"']


def test_reasons_of_other_failures() -> None:
    assert tls.reason(ConnectionResetError()) == "connection lost"
    assert tls.reason(ssl.SSLError(1, "x")) == "no reason given"
