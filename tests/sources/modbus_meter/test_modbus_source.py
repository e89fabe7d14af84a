"""A polled meter over time: other meters, meters that lack something, failures."""

import asyncio
import struct
from collections.abc import Callable
from contextlib import suppress

import pytest

from submeter.errors import Condition, LinkError
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Update
from submeter.pointmap import meter_map
from submeter.sources.modbus_meter import source as modbus_source
from submeter.sources.modbus_meter.settings import ModbusMeterSettings
from submeter.sources.modbus_meter.source import ModbusSource, check
from submeter.sources.source import Health, supervise
from tooling.modbus_slave import ScriptedLine, Slave

SDM630, SUNSPEC = meter_map.load("eastron-sdm630"), meter_map.load("sunspec-213")
VOLTS, ENERGY = "Voltage_L1_N", "Active_Energy_Import"


def sdm630(serial: int = 12_345_678) -> Slave:
    """Return a meter that has voltages, currents, energies and a serial number, and no more."""
    slave = Slave({})
    for n in range(6):
        slave.put(4, 2 * n, "f", 230.0 + n)
    for n in range(4):
        slave.put(4, 0x48 + 2 * n, "f", 100.5 * (n + 1))
    slave.put(3, 64512, "I", serial)
    return slave


class Polled:
    """A source on a scripted line whose periods pass at once; `step` waits for one poll."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, slave: Slave, **more: object) -> None:
        given = {"port": "/dev/ttyUSB0", "map": "eastron-sdm630", "timeout": 0.05, "retries": 0}
        settings = ModbusMeterSettings.model_validate({**given, **more})
        chosen = meter_map.load(settings.map)
        self.line = ScriptedLine(slave.rtu)
        self.source = ModbusSource("meter", self.line, settings, chosen)
        self.updates: list[Update] = []
        monkeypatch.setattr(modbus_source, "NAMEPLATE_SECONDS", 0.0)
        monkeypatch.setattr(modbus_source, "pause", self._pause)
        self.meanwhile: list[Callable[[], None]] = []

    async def run(self, *meanwhile: Callable[[], None]) -> LinkError | None:
        """Poll, and after each poll do the next of `meanwhile`, until they are all done."""
        self.meanwhile = list(meanwhile)
        try:
            await self.source.run(lambda update, at: self.updates.append(update))
        except LinkError as error:
            return error
        except _EnoughError:
            return None

    async def _pause(self, seconds: float) -> None:
        if not self.meanwhile:
            raise _EnoughError
        self.meanwhile.pop(0)()


class _EnoughError(Exception):
    """All polls of a test are done."""


def nothing() -> None:
    """Change nothing between two polls."""


async def test_a_meter_that_has_less_than_its_map(monkeypatch: pytest.MonkeyPatch) -> None:
    slave = sdm630()
    polled = Polled(monkeypatch, slave)
    assert await polled.run(nothing, nothing) is None
    first, second, third = polled.updates
    assert first.values.keys() == {
        *(f"Voltage_L{n}_N" for n in (1, 2, 3)),
        *(f"Current_L{n}" for n in (1, 2, 3)),
        *(
            f"{kind}_Energy_{way}"
            for kind in ("Active", "Reactive")
            for way in ("Import", "Export")
        ),
    }
    assert first.values[ENERGY] == (100_500_000, Quality.MEASURED)
    assert first.absent == second.absent == frozenset()
    assert third.absent == polled.source.expected.keys() - third.values.keys()
    assert first.instrument == polled.source.identity == "12345678"
    slave.asked.clear()
    await polled.run()
    assert len(slave.asked) > 5  # it may be another meter: everything is tried anew
    slave.asked.clear()
    await polled.run(nothing)
    assert slave.asked[-3:] == [(3, 64512, 2), (4, 0, 12), (4, 72, 8)]


async def test_a_point_that_was_known_is_never_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    slave = sdm630()
    polled = Polled(monkeypatch, slave)
    lose = lambda: slave.put(4, 0, "f", float("nan"))  # noqa: E731
    await polled.run(lose, nothing, nothing, nothing, nothing)
    assert VOLTS in polled.updates[0].values
    last = polled.updates[-1]
    assert VOLTS not in {*last.values, *last.absent, *last.failed}


async def test_another_serial_number_is_another_instrument(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    slave = sdm630()
    polled = Polled(monkeypatch, slave)
    caplog.set_level("INFO")
    await polled.run(nothing, lambda: slave.put(3, 64512, "I", 87_654_321), nothing)
    names = [update.instrument for update in polled.updates]
    assert names == ["12345678", "12345678", "87654321", "87654321"]
    assert caplog.messages == ["event=meter_replaced source=meter meter=87654321"]


async def test_a_serial_number_that_is_not_said_changes_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slave = sdm630()
    polled = Polled(monkeypatch, slave)
    await polled.run(lambda: slave.put(3, 64512, "I", 0), nothing)
    assert [update.instrument for update in polled.updates] == ["12345678"] * 3


async def test_a_meter_that_is_not_the_expected_one(monkeypatch: pytest.MonkeyPatch) -> None:
    polled = Polled(monkeypatch, sdm630(), meter="87654321")
    error = await polled.run()
    assert error is not None
    assert str(error) == "the meter's serial number is 12345678, and 87654321 is expected"
    assert error.condition is polled.source.trouble is Condition.OTHER_METER
    assert polled.updates == []
    slave = sdm630(87_654_321)
    polled.line.port.reply = slave.rtu
    assert await polled.run(lambda: slave.put(3, 64512, "I", 1)) is not None
    assert [update.instrument for update in polled.updates] == ["87654321"]
    assert polled.source.trouble is Condition.OTHER_METER
    polled.line.port.reply = sdm630(87_654_321).rtu
    assert await polled.run() is None
    assert polled.source.trouble is None


async def test_the_expected_meter_may_be_written_with_zeros(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert await Polled(monkeypatch, sdm630(), meter="0012345678").run() is None
    silent = Polled(monkeypatch, sdm630(0), meter="12345678")
    assert "says no serial number" in str(await silent.run())


def sunspec(model: int = 213, length: int = 66) -> Slave:
    slave = Slave({(3, n): 0 for n in range(40_000, 40_200)})
    words = struct.unpack(">2H", b"SunS")
    slave.registers |= {(3, 40_000): words[0], (3, 40_001): words[1], (3, 40_002): 1}
    slave.registers |= {(3, 40_003): length, (3, 40_070): model, (3, 40_071): 124}
    slave.put(3, 40_082, "f", 230.5)
    return slave


async def test_registers_of_another_meter_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for slave, told in ((sunspec(203), "HR 40071 reads 203"), (sunspec(length=65), "reads 65")):
        polled = Polled(monkeypatch, slave, map="sunspec-213")
        error = await polled.run()
        assert told in str(error)
        assert polled.source.trouble is Condition.WRONG_LAYOUT
        assert polled.updates == []
    for model in (211, 213):
        polled = Polled(monkeypatch, sunspec(model), map="sunspec-213")
        assert await polled.run() is None
        assert polled.updates[0].values[VOLTS].number == 230.5


async def test_a_meter_that_refuses_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    polled = Polled(monkeypatch, Slave({}))
    error = await polled.run()
    assert "exception 02, illegal data address" in str(error)
    assert polled.source.trouble is Condition.REFUSED


async def test_a_poll_that_fails_is_no_lost_link(monkeypatch: pytest.MonkeyPatch) -> None:
    slave = sdm630()
    polled = Polled(monkeypatch, slave)

    def answer() -> None:
        polled.line.port.reply = slave.rtu

    def fall_silent() -> None:
        polled.line.port.reply = lambda frame: b""

    assert await polled.run(fall_silent, nothing, answer, nothing) is None
    assert len(polled.updates) == 3
    error = await polled.run(fall_silent, nothing, nothing, nothing)
    assert error is not None
    assert error.condition is Condition.SILENT
    assert polled.source.trouble is None
    assert len(polled.updates) == 4
    polled.line.port.reply = lambda frame: b"\x55\xaa\x13"
    error = await polled.run()
    assert error is not None
    assert error.condition is Condition.NOISE
    assert polled.source.dropped > 0


def mute(slave: Slave, *functions: int) -> Callable[[bytes], bytes]:
    """Return what does not answer requests of these functions at all."""
    return lambda frame: b"" if frame[1] in functions else slave.rtu(frame)


async def test_a_serial_number_that_is_not_answered_stops_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    slave = sdm630()
    polled = Polled(monkeypatch, slave)
    polled.line.port.reply = mute(slave, 3)
    assert await polled.run(*[nothing] * 5) is None
    assert len(polled.updates) == 6
    assert all(update.values[ENERGY].number == 100_500_000 for update in polled.updates)
    assert polled.source.identity is None
    assert len(caplog.messages) == 1
    told = "event=registers_silent source=meter function=3 address=64512 reason="
    assert caplog.messages[0].startswith(told)
    polled.line.port.reply = slave.rtu
    assert await polled.run() is None
    assert polled.updates[-1].instrument == "12345678"


async def test_a_serial_number_that_is_expected_has_to_be_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slave = sdm630()
    polled = Polled(monkeypatch, slave, meter="12345678")
    polled.line.port.reply = mute(slave, 3)
    error = await polled.run()
    assert error is not None
    assert error.condition is Condition.SILENT
    assert polled.updates == []


async def test_silence_instead_of_a_refusal_costs_only_what_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slave = sdm630()

    def reply(frame: bytes) -> bytes:
        answer = slave.rtu(frame)
        return b"" if answer[1:2] > b"\x80" else answer

    slave.holes = True
    polled = Polled(monkeypatch, slave)
    polled.line.port.reply = reply
    assert await polled.run(*[nothing] * 8) is None
    assert all(VOLTS in update.values for update in polled.updates)
    assert "Frequency" in polled.updates[-1].absent
    polled.line.port.reply = lambda frame: b""
    error = await polled.run()
    assert error is not None
    assert error.condition is Condition.SILENT


async def test_a_gateway_without_the_meter_is_a_silent_meter(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    slave = sdm630()
    slave.refuses = dict.fromkeys(range(0x10000), 11)
    polled = Polled(monkeypatch, slave)
    error = await polled.run()
    assert error is not None
    assert "the gateway says exception 0B, gateway target does not respond" in str(error)
    assert error.condition is Condition.SILENT
    slave.refuses = {64512: 11}
    assert await polled.run(nothing) is None
    assert len(polled.updates) == 2


async def test_a_server_that_closed_a_resting_connection_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    polled = Polled(monkeypatch, sdm630())
    closed = LinkError("closed", Condition.UNREACHABLE)
    assert await polled.run(lambda: polled.line.lost.append(closed)) is None
    assert len(polled.updates) == 2
    error = await polled.run(lambda: polled.line.lost.extend([closed, closed]))
    assert error is closed


async def test_its_health_is_told_while_it_is_supervised() -> None:
    settings = ModbusMeterSettings(tcp="192.0.2.7", map="eastron-sdm630", timeout=0.05)
    line = ScriptedLine(sdm630().tcp)
    source, health = ModbusSource("meter", line, settings, SDM630), Health()

    def publish(update: Update, at: Instant) -> None:
        stop.set()

    stop = asyncio.Event()
    task = asyncio.create_task(supervise(source, publish, 0.01, health))
    await asyncio.wait_for(stop.wait(), 5)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert health.condition(source.trouble) is Condition.ONLINE
    assert source.describe() == "modbus tcp 192.0.2.7 unit 1 (eastron-sdm630)"


def test_maps_that_will_not_do() -> None:
    settings = ModbusMeterSettings(port="/dev/ttyUSB0", map="pzem-004t", meter="1")
    with pytest.raises(ValueError, match="the map pzem-004t has no serial number"):
        check(settings, meter_map.load("pzem-004t"))
    check(settings, SUNSPEC)
