"""A meter behind an optical head, over a pseudo-terminal."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from submeter.errors import Condition, LinkError
from submeter.meter.instant import Instant
from submeter.meter.reading import Update
from submeter.pointmap import source_map
from submeter.sources.optical import dlms_dialogue, source, text_dialogue
from submeter.sources.optical.association import DeniedError
from submeter.sources.optical.password import Password
from submeter.sources.optical.settings import OpticalSettings
from submeter.sources.optical.source import OpticalSource
from submeter.sources.port import Device
from tooling.dlms_meter import SERIAL, DlmsMeter
from tooling.iec_meter import E350, NAK, IecMeter, block
from tooling.pty_meter import PtyMeter

MAP = source_map.load("e350-text")
PATIENCE = 8.0
ACK = b"\x06050\r\n"


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give meters up soon, where none answers."""
    monkeypatch.setattr(text_dialogue, "REACTION", 0.2)
    monkeypatch.setattr(dlms_dialogue, "REACTION", 0.15)


def made(port: PtyMeter, password: bytes | None = None, **settings: Any) -> OpticalSource:
    values = {"port": port.node, "map": "e350-text", "timezone": "Europe/Zurich"}
    read = OpticalSettings.model_validate(values | settings)
    if "pause" not in settings:
        read = read.model_copy(update={"pause": 0.01})  # these meters wait for the speed
    secret = Password(password) if password else None
    return OpticalSource("optical", Device(Path(port.node)), read, MAP, secret)


@asynccontextmanager
async def running(
    reader: OpticalSource,
) -> AsyncIterator[tuple[list[Update], "asyncio.Task[None]"]]:
    updates: list[Update] = []

    def publish(update: Update, at: Instant) -> None:
        updates.append(update)

    task: asyncio.Task[None] = asyncio.create_task(reader.run(publish))
    try:
        yield updates, task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.01)


async def failure(reader: OpticalSource) -> LinkError:
    async with asyncio.timeout(PATIENCE), running(reader) as (_, task):
        with pytest.raises(LinkError) as caught:
            await task
    return caught.value


async def test_a_text_meter_is_read_and_the_acknowledgement_goes_out_before_the_switch() -> None:
    meter = IecMeter("LGZ5ZMF100AC.M23", echo=True)
    with meter.port as port:
        reader = made(port, pause=0.5)
        async with running(reader) as (updates, _):
            await until(lambda: updates)
    assert meter.heard == 2 * [(b"/?!\r\n", 300), (ACK, 300)]
    assert updates[0].values["Voltage_L1_N"].number == 229
    assert (reader.identity, reader.trouble, reader.dropped) == ("00417829", None, 0)
    origin = reader.origin("Voltage_L1_N")
    assert origin
    assert origin.labels == (("voltage-1 (32.7.0)", "229 V"),)
    assert origin.raw == block(E350)
    assert updates[0].values["Active_Energy_Import"].number == 1_234_567_000


@pytest.mark.usefixtures("hasty")
async def test_without_the_switch_it_stays_at_300() -> None:
    meter = IecMeter("LGZ5ZMF100AC.M23", ignored=1, device="77")
    with meter.port as port:
        async with running(made(port, switch=False, device="77", wake=3)) as (updates, _):
            await until(lambda: updates)
    request = b"\0\0\0/?77!\r\n"
    assert meter.heard[:3] == [(request, 300), (request, 300), (b"\x06000\r\n", 300)]
    assert {speed for _, speed in meter.heard} == {300}


async def test_modes_a_and_b_need_no_acknowledgement() -> None:
    for identification in ("PAFXEC3", "PAFAEC3"):
        meter = IecMeter(identification)
        with meter.port as port:
            async with running(made(port)) as (updates, task):
                await until(lambda: updates or task.done())
        assert {message for message, _ in meter.heard} == {b"/?!\r\n"}


async def test_a_damaged_readout_is_asked_for_again() -> None:
    damaged = block(E350).replace(b"229*V", b"329*V")
    meter = IecMeter("LGZ5ZMF100AC.M23", [damaged, block(E350)])
    with meter.port as port:
        reader = made(port)
        async with running(reader) as (updates, _):
            await until(lambda: updates)
    assert meter.heard[2:3] == [(NAK, 9600)]
    assert updates[0].values["Voltage_L1_N"].number == 229
    assert reader.dropped == 1


@pytest.mark.usefixtures("hasty")
async def test_readouts_that_stay_damaged_are_noise() -> None:
    meter = IecMeter("LGZ5ZMF100AC.M23", [block(E350)[:-1] + b"\x7f"])
    with meter.port as port:
        error = await failure(made(port))
    assert error.condition is Condition.NOISE
    asked = [message for message, _ in meter.heard]
    assert asked.count(NAK) == text_dialogue.READOUT_TRIES - 1, "the last one is not asked again"


@pytest.mark.usefixtures("hasty")
@pytest.mark.parametrize(
    ("answer", "condition"),
    [(b"", Condition.SILENT), (b"\x80\xff\x12", Condition.NOISE), (b"/?!\r\n", Condition.SILENT)],
)
async def test_no_meter_there(answer: bytes, condition: Condition) -> None:
    port = PtyMeter(lambda _: port.say(answer))
    with port:
        error = await failure(made(port, mode="text"))
    assert error.condition is condition
    assert "head" in str(error)


@pytest.mark.usefixtures("hasty")
async def test_a_meter_that_says_only_who_it_is() -> None:
    port = PtyMeter(lambda data: port.say(b"/LGZ5x\r\n") if b"?" in data else None)
    with port:
        error = await failure(made(port, mode="text"))
    assert error.condition is Condition.SILENT
    assert "no readout" in str(error)


async def test_mode_e_leads_to_dlms() -> None:
    dlms = DlmsMeter(password=b"12345678")
    meter = IecMeter("LGZ5\\2ZMD3104100")
    meter.binary = dlms.answer
    with meter.port as port:
        reader = made(port, b"12345678")
        async with running(reader) as (updates, _):
            await until(lambda: updates)
        assert meter.heard == [(b"/?!\r\n", 300), (b"\x06252\r\n", 300)]
        assert port.speed == 9600
    values = updates[0].values
    assert values["Active_Energy_Import"].number == 4_408_736_000
    assert values["Voltage_L1_N"].number == 234.5
    assert values["Demand_Peak_Timestamp"].number == 1_709_572_500
    assert updates[0].clock
    assert updates[0].clock.utc == 1_709_630_130
    assert updates[0].instrument == reader.identity == SERIAL
    origin = reader.origin("Voltage_L1_N")
    assert origin
    ((label, shown),) = origin.labels
    assert label == "voltage-1 (32.7.0)"
    assert shown.startswith("2345")
    assert shown.endswith(" V")
    assert origin.raw.startswith(b"\x7e\xa0")


async def test_without_a_password_a_readout_does_as_well() -> None:
    dlms = DlmsMeter(password=b"12345678")
    meter = IecMeter("LGZ5\\2ZMD3104100")
    meter.binary = dlms.answer
    with meter.port as port:
        reader = made(port)
        async with running(reader) as (updates, _):
            await until(lambda: updates)
    assert updates[0].values["Voltage_L1_N"].number == 229
    assert [message for message, _ in meter.heard][-2:] == [b"/?!\r\n", ACK]
    assert dlms.associations == 1


@pytest.mark.usefixtures("hasty")
async def test_a_meter_without_sign_on_is_asked_in_dlms_at_once() -> None:
    dlms = DlmsMeter()
    port = PtyMeter(lambda data: port.say(dlms.answer(data)))
    with port:
        reader = made(port)
        async with running(reader) as (updates, _):
            await until(lambda: updates)
    assert updates[0].values["Voltage_L1_N"].number == 234.5
    assert reader._direct


async def test_a_refused_password_is_not_tried_again_soon() -> None:
    dlms = DlmsMeter(password=b"12345678")
    port = PtyMeter(lambda data: port.say(dlms.answer(data)))
    with port:
        reader = made(port, b"wrong", mode="hdlc")
        error = await failure(reader)
        assert isinstance(error, DeniedError)
        assert error.condition is Condition.REFUSED
        async with running(reader) as (_, task):
            await asyncio.sleep(0.3)
            assert not task.done()
    assert dlms.associations == 1
    assert reader._denied_until > asyncio.get_running_loop().time() + source.PENALTY - 60


@pytest.mark.parametrize(
    ("settings", "lines", "trouble"),
    [
        ({"meter": "00417830"}, E350, Condition.OTHER_METER),
        ({"meter": "00417829"}, ("1.8.0(1*kWh)",), Condition.OTHER_METER),
        ({}, ("99.99(1)",), Condition.WRONG_LAYOUT),
        ({}, ("1.8.0(1*V)",), Condition.WRONG_LAYOUT),
    ],
)
async def test_meters_that_are_not_what_was_expected(
    settings: dict[str, Any], lines: tuple[str, ...], trouble: Condition
) -> None:
    meter = IecMeter("LGZ5ZMF100AC.M23", [block(lines)])
    with meter.port as port:
        reader = made(port, **settings)
        async with running(reader) as (updates, _):
            await until(lambda: reader.trouble)
    assert reader.trouble is trouble
    assert not updates


async def test_endless_noise_comes_to_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "LONGEST_READING", 0.5)
    port = PtyMeter(lambda _: port.say(b"/LGZ5x\r\n\x02" + b"noise" * 150))
    with port:
        error = await failure(made(port, mode="text"))
    assert error.condition in (Condition.NOISE, Condition.SILENT)
