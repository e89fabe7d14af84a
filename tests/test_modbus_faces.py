"""The Modbus listeners of a configuration, with real meters behind them."""

import asyncio
import os
import struct
import termios
import tty
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from submeter import __version__, config, modbus_faces, plan, restore
from submeter.errors import ConfigError
from submeter.meter.access import Access, Who
from submeter.meter.audit import Audit
from submeter.meter.instant import Instant
from submeter.modbus.gateway import SourceFigures
from submeter.modbus.identification import read as identify
from submeter.modbus.identification import report
from submeter.modbus_faces import ModbusFaces
from submeter.pointmap import folders, points
from submeter.pointmap.register import Identity
from submeter.restore import ServedMeter
from submeter.store.store import Store
from tooling.certificates import Authority
from tooling.free_port import free_port
from tooling.modbus_client import Poller, Refused
from tooling.program import write
from tooling.serial_line import SerialLine, ask, sealed
from tooling.unplugged import unplug

TEXT = """
site: Park
store: {path: park.db, commit: 1}
meters:
  - {name: one, unit_id: 1, sources: [simulated: {seed: 1}]}
  - {name: two, unit_id: 2, sources: [simulated: {seed: 2}]}
modbus:
  tcp: {host: 127.0.0.1, port: 1502}
bacnet: {device_id: 1, address: 127.0.0.1/8}
"""
OPERATOR = Who("cli", "test")


class Site:
    """The faces of a configuration, and the meters behind them."""

    def __init__(self, folder: Path, *overrides: str) -> None:
        text = TEXT.replace(
            "two, unit_id: 2,",
            "two, unit_id: 2, bacnet: {instance_offset: 1000, name_prefix: two.},",
        )
        path = write(folder / "config.yaml", text)
        self.loaded = config.load(path, [f"modbus.tcp.port={free_port()}", *overrides])
        planned = plan.make(self.loaded)
        audit = Audit()
        access = Access(self.loaded.config.access, audit)
        self.store = Store.open(self.loaded.store_path, list(points.all_points().values()))
        self.meters: list[ServedMeter]
        self.meters, _ = restore.meters(self.loaded, planned, self.store, audit, access, {})
        self.modbus = ModbusFaces(self.loaded, self.meters, access, audit, _sources)

    @property
    def port(self) -> int:
        assert self.loaded.config.modbus.tcp
        return self.loaded.config.modbus.tcp.port

    async def __aenter__(self) -> "Site":
        for face in self.modbus.faces.values():
            await face.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        for face in self.modbus.faces.values():
            await face.stop()
        await self.store.close()

    async def address(self, unit: int) -> float:
        """Return the setting Modbus_Address as `unit` shows it on TCP."""

        def ask() -> float:
            with Poller(self.port) as poller:
                return poller.value(unit, 41009)

        return await asyncio.to_thread(ask)

    async def refusal(self, unit: int) -> int:
        with pytest.raises(Refused) as caught:
            await self.address(unit)
        return caught.value.code

    def set(self, meter: int, point: str, value: int) -> None:
        self.meters[meter].meter.write(point, value, OPERATOR, Instant.now())


def _sources(now: Instant) -> list[SourceFigures]:
    return [SourceFigures("one/simulated", True, 1.0, 7, 0)]


MAPS = sorted(path.stem for path in (folders.shipped() / "meters").glob("*.yaml"))


@contextmanager
def line() -> Iterator[tuple[int, str]]:
    """Yield the master's end of a serial line and the device node of ours."""
    master, slave = os.openpty()
    tty.setraw(slave)
    try:
        yield slave, os.ttyname(slave)
    finally:
        unplug(master, slave)


async def test_with_several_meters_nobody_is_unit_0_or_255(tmp_path: Path) -> None:
    async with Site(tmp_path) as site:
        assert await site.address(1) == 1
        assert await site.address(2) == 2
        assert await site.refusal(0) == 0x0B
        assert await site.refusal(255) == 0x0B


async def test_the_only_meter_is_unit_0_and_255(tmp_path: Path) -> None:
    one = "meters=[{name: one, unit_id: 7, sources: [{simulated: {seed: 1}}]}]"
    async with Site(tmp_path, one) as site:
        assert await site.address(0) == await site.address(255) == await site.address(7) == 7


async def test_unit_0_and_255_by_name(tmp_path: Path) -> None:
    async with Site(tmp_path, "modbus.unit_0=two", "modbus.unit_255=gateway") as site:
        assert await site.address(0) == 2
        assert await site.refusal(255) == 0x02, "the gateway has no such register"
        site.modbus.refresh()

        def ask() -> tuple[bytes, bytes]:
            with Poller(site.port) as poller:
                return poller.read(255, 4, 18, 2), poller.read(255, 3, 100, 24)

        meters, name = await asyncio.to_thread(ask)
        assert meters == b"\0\0\0\2"
        assert name.rstrip(b"\0") == b"one/simulated"


async def test_none_is_nobody(tmp_path: Path) -> None:
    one = "meters=[{name: one, unit_id: 7, sources: [{simulated: {seed: 1}}]}]"
    async with Site(tmp_path, one, "modbus.unit_0=none") as site:
        assert await site.refusal(0) == 0x0B


async def test_the_address_setting_is_that_of_serial_lines_only(tmp_path: Path) -> None:
    port = free_port()
    async with Site(tmp_path, f"modbus.rtu_tcp={{host: 127.0.0.1, port: {port}}}") as site:
        face = site.modbus.faces["modbus.rtu_tcp"]
        assert sorted(face.line.units) == [1, 2]  # type: ignore[union-attr]
        site.set(0, "Modbus_Address", 9)
        assert sorted(face.line.units) == [2, 9]  # type: ignore[union-attr]
        assert await site.address(1) == 9


async def test_the_line_follows_the_settings_of_any_meter(tmp_path: Path) -> None:
    with line() as (slave, node):
        async with Site(tmp_path, f"modbus.rtu={{port: {node}, parity: none}}") as site:
            assert termios.tcgetattr(slave)[4] == termios.B19200
            site.set(1, "Modbus_Baudrate", 38_400)
            async with asyncio.timeout(3):
                while termios.tcgetattr(slave)[4] != termios.B38400:
                    await asyncio.sleep(0.01)
            assert site.meters[0].meter.settings.value("Modbus_Baudrate") == 38_400


async def test_each_meter_has_a_serial_number_of_its_own(tmp_path: Path) -> None:
    async with Site(tmp_path, "meters.1.identity={serial: SN-5}") as site:
        numbers = [unit.identification.serial for unit in site.modbus.units.values()]
    assert len(numbers[0]) == 7
    assert numbers[0].isdecimal()
    assert numbers[1] == "SN-5"
    async with Site(tmp_path) as again:
        assert again.modbus.units["one"].identification.serial == numbers[0]
        assert again.modbus.units["two"].identification.serial not in numbers


@pytest.mark.parametrize("name", MAPS)
async def test_every_shipped_map_has_a_whole_identity(tmp_path: Path, name: str) -> None:
    async with Site(tmp_path, f"meters.0.map={name}") as site:
        unit = site.modbus.units["one"]
    objects = unit.identification.objects
    vendor, code, revision = (objects[number].decode() for number in range(3))
    assert vendor
    assert code
    assert revision == __version__
    product = objects[4].decode()
    assert product
    assert (product == "submeter") is (vendor == "submeter")
    assert f"{vendor} {code} {revision}".encode() in report(unit.identification, b"\x11")
    assert objects[2] in identify(unit.identification, b"\x2b\x0e\x01\x00")
    for register in site.meters[0].plan.map.registers:
        if isinstance(register.content, Identity):
            block = unit.image.blocks[register.table.function]
            data = block.read(register.wire, register.words)
            assert any(data), register.at
            assert data != b"\xff" * len(data), register.at


async def test_the_gateway_tells_of_the_serial_line_too(tmp_path: Path) -> None:
    def shown(port: int) -> tuple[bytes, bytes]:
        with Poller(port) as poller:
            return poller.read(255, 3, 34, 6), poller.read(255, 3, 44, 6)

    async with Site(tmp_path, "modbus.unit_255=gateway") as site:
        _, serial = await asyncio.to_thread(shown, site.port)
        assert serial == b"\xff" * 6 + b"\0\0" + b"\xff" * 4
    with closing(SerialLine()) as line:
        rtu = f"modbus.rtu={{port: {line.path}, parity: none}}"
        async with Site(tmp_path, rtu, "modbus.unit_255=gateway") as site:

            def exchange() -> None:
                good = ask(1, 3, 20, 2)
                for request in (good, sealed(b"\x01\x41"), good[:-1] + b"\0"):
                    line.put(request)
                    line.drain(0.2)

            await asyncio.to_thread(exchange)
            site.modbus.refresh()
            assert await asyncio.to_thread(shown, site.port) == (
                struct.pack(">III", 2, 1, 1),
                struct.pack(">IHHI", 1, 1, 0, 0),
            )


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        (
            "modbus.rtu={port: /dev/ttyUSB77}",
            "cannot use /dev/ttyUSB77: there is no such device; is the adapter plugged in?",
        ),
        (
            "modbus.tls={certificate: s.crt, key: s.key, authority: ca.crt}",
            "No such file or directory",
        ),
    ],
)
def test_what_a_listener_lacks_is_told_before_the_start(
    tmp_path: Path, override: str, expected: str
) -> None:
    loaded = config.load(write(tmp_path / "config.yaml", TEXT), [override])
    with pytest.raises(ConfigError, match=expected):
        modbus_faces.prove(loaded)


def test_a_certificate_that_has_ended_is_noted(tmp_path: Path) -> None:
    Authority(tmp_path).server(days=-1)
    override = "modbus.tls={certificate: server.crt, key: server.key, authority: ca.crt}"
    loaded = config.load(write(tmp_path / "config.yaml", TEXT), [override])
    modbus_faces.prove(loaded)
    (line,) = modbus_faces.warnings(loaded)
    assert line.startswith("event=certificate_expired file=")
