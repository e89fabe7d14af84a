"""A pushing meter on a pseudo-terminal and in a recording."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest

from submeter.errors import Condition, LinkError
from submeter.meter.instant import Instant
from submeter.meter.reading import Update
from submeter.pointmap import source_map
from submeter.sources import port as ports
from submeter.sources.dlms import line_search, source
from submeter.sources.dlms.settings import DlmsSettings
from submeter.sources.dlms.source import DlmsSource
from submeter.sources.open_port import open_port
from tooling import dlms_pusher
from tooling.dlms_pusher import KEYS, Meter
from tooling.pty_pair import pty_pair

IMPORT = "Active_Energy_Import"
OPEN: list[ports.Port] = []


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_search, "PAUSE", 0.03)
    monkeypatch.setattr(source, "REST", 0.05)
    OPEN.clear()

    async def opening(spec: ports.Spec, line: ports.Line, pace: ports.Pace) -> ports.Port:
        port = await open_port(spec, line, pace)
        OPEN.append(port)
        return port

    monkeypatch.setattr(source, "open_port", opening)


@pytest.fixture
def line() -> Iterator[tuple[str, str]]:
    with pty_pair() as ends:
        yield ends


def made(port: str, **settings: object) -> DlmsSource:
    chosen = DlmsSettings.model_validate({"port": port, "map": "obis-swiss-vse", **settings})
    spec = ports.parse(port, Path("/"))
    return DlmsSource("one", spec, chosen, source_map.load(chosen.map), KEYS)


@asynccontextmanager
async def running(of: DlmsSource) -> AsyncIterator[list[Update]]:
    updates: list[Update] = []

    def publish(update: Update, at: Instant) -> None:
        updates.append(update)

    task = asyncio.create_task(of.run(publish))
    await opened()
    try:
        yield updates
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def opened() -> None:
    """Wait until the source has its port; what was sent before is not for it."""
    async with asyncio.timeout(5):
        while not OPEN:
            await asyncio.sleep(0.005)
    OPEN.clear()


async def until(updates: Sequence[Update], count: int) -> None:
    async with asyncio.timeout(5):
        while len(updates) < count:
            await asyncio.sleep(0.005)


def push(end: str, data: bytes) -> None:
    descriptor = os.open(end, os.O_WRONLY | os.O_NOCTTY)
    os.write(descriptor, data)
    os.close(descriptor)


async def test_pushes_over_a_line_become_updates(line: tuple[str, str]) -> None:
    far, near = line
    one, meter = made(near), Meter()
    assert one.describe() == f"dlms {near} (obis-swiss-vse)"
    async with running(one) as updates:
        for n in range(1, 3):
            push(far, dlms_pusher.in_blocks(meter.sealed(dlms_pusher.listed(meter))))
            await until(updates, n)
    assert updates[0].values[IMPORT].number == 4_408_736_000
    assert one.identity == meter.serial
    assert one.trouble is None
    assert one.dropped == 0
    origin = one.origin(IMPORT)
    assert origin is not None
    assert origin.labels == (("1.8.0", "4408736 Wh"),)
    assert "obis-swiss-vse.yaml:" in origin.where
    assert origin.raw.startswith(b"\x7e\xa0")


async def test_the_counter_outlives_a_restart(line: tuple[str, str]) -> None:
    far, near = line
    one, meter = made(near), Meter()
    old = dlms_pusher.in_blocks(meter.sealed(dlms_pusher.listed(meter)))
    async with running(one) as updates:
        push(far, old)
        await until(updates, 1)
    saved = one.saved()
    assert json.loads(saved)["counters"] == {dlms_pusher.TITLE.hex(): meter.counter}
    again = made(near)
    again.restore(saved)
    assert again.saved() == saved
    async with running(again) as updates:
        push(far, old)
        push(far, dlms_pusher.in_blocks(meter.sealed(dlms_pusher.listed(meter))))
        await until(updates, 1)
    assert again.dropped == 1


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"counters": 1, "ledger": {}}', '{"ledger": {}}']
)
def test_what_was_saved_and_is_damaged_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        made("/dev/null").restore(text)


async def test_a_silent_line_is_told(
    line: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(source, "SILENCE", 0.1)
    one = made(line[1])
    one.max_age = 0.1
    with pytest.raises(LinkError) as error:
        await one.run(lambda update, at: None)
    assert error.value.condition is Condition.SILENT


async def test_bytes_that_are_no_push_are_noise(line: tuple[str, str]) -> None:
    far, near = line
    one = made(near)
    task = asyncio.create_task(one.run(lambda update, at: None))
    await opened()
    for _ in range(5):
        push(far, b"\x55" * 1024)
        await asyncio.sleep(0.02)
    with pytest.raises(LinkError) as error:
        await asyncio.wait_for(task, 5)
    assert error.value.condition is Condition.NOISE


async def test_the_rest_of_a_message_is_not_waited_for(line: tuple[str, str]) -> None:
    far, near = line
    one, meter = made(near), Meter()
    stream = dlms_pusher.in_blocks(meter.sealed(dlms_pusher.listed(meter)))
    cut = stream.index(b"\x7e\x7e") + 1
    async with running(one) as updates:
        push(far, stream[:cut])
        await asyncio.sleep(0.4)
        push(far, stream[cut:])
        await asyncio.sleep(0.1)
        assert updates == []
    assert one.dropped > 0


async def test_a_recording_repeats_and_its_index_grows(tmp_path: Path) -> None:
    meter = Meter()
    stream = b""
    for _ in range(2):
        raw, scaler, unit = meter.values["1-0:1.8.0*255"]
        meter.values["1-0:1.8.0*255"] = (raw + 1, scaler, unit)
        stream += dlms_pusher.in_blocks(meter.sealed(dlms_pusher.listed(meter)))
    path = tmp_path / "push.bin"
    path.write_bytes(stream)
    one = made(f"replay:{path}?speed=1000")
    async with running(one) as updates:
        await until(updates, 4)
    numbers = [update.values[IMPORT].number for update in updates[:4]]
    assert numbers == sorted(numbers)
    assert numbers[3] - numbers[0] == 2000
    assert one.trouble is None


def test_settings_say_what_is_wrong() -> None:
    with pytest.raises(ValueError, match="unknown time zone 'Zurich'"):
        DlmsSettings(port="/dev/null", timezone="Zurich")
    zone = DlmsSettings(port="/dev/null", timezone="Europe/Zurich").zone
    assert str(zone) == "Europe/Zurich"
    assert DlmsSettings(port="/dev/null").zone is None
