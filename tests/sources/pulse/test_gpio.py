"""A contact at a GPIO chip, with a library that stands in for gpiod."""

import asyncio
import errno
import sys
from collections.abc import Iterator
from datetime import timedelta
from types import ModuleType

import pytest

from submeter import gpio_line
from submeter.errors import Condition, LinkError
from submeter.sources.pulse.counting import Edge
from submeter.sources.pulse.gpio import GpioContact
from submeter.sources.pulse.settings import GpioInput
from tooling.fake_gpiod import FakeGpiod

SETTINGS = GpioInput(line=17)


@pytest.fixture
def gpiod(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGpiod]:
    fake = FakeGpiod()
    monkeypatch.setitem(sys.modules, "gpiod", fake)
    yield fake
    fake.close()


def test_the_line_is_asked_for_as_configured(gpiod: FakeGpiod) -> None:
    GpioContact(GpioInput(chip="/dev/gpiochip4", line=17, bias="none", debounce=35))
    (request,) = gpiod.requests
    assert request.rest["path"] == "/dev/gpiochip4"
    assert request.rest["consumer"] == "submeter"
    assert request.rest["event_buffer_size"] >= 1000
    assert vars(request.settings) == {
        "direction": "INPUT",
        "edge_detection": "BOTH",
        "bias": "DISABLED",
        "active_low": True,
        "debounce_period": timedelta(milliseconds=35),
        "event_clock": "MONOTONIC",
    }


async def test_edges_come_with_kernel_time_and_number(gpiod: FakeGpiod) -> None:
    contact = GpioContact(SETTINGS)
    (request,) = gpiod.requests
    assert not contact.closed
    waiting = asyncio.create_task(contact.edges())
    await asyncio.sleep(0)
    request.edge(True, 1_000)
    assert await waiting == [Edge(1_000, 1, True)]
    request.edge(False, 2_000, lost=3)
    request.edge(True, 3_000)
    assert await contact.edges() == [Edge(2_000, 5, False), Edge(3_000, 6, True)]
    contact.close()
    contact.close()
    assert request.released


async def test_who_stops_waiting_loses_no_edge(gpiod: FakeGpiod) -> None:
    contact = GpioContact(SETTINGS)
    waiting = asyncio.create_task(contact.edges())
    await asyncio.sleep(0)
    gpiod.requests[0].edge(True, 1_000)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    assert await contact.edges() == [Edge(1_000, 1, True)]


async def test_a_chip_that_is_unplugged_is_a_lost_link(gpiod: FakeGpiod) -> None:
    contact = GpioContact(SETTINGS)
    gpiod.requests[0].unplug()
    with pytest.raises(LinkError, match="line 17 of /dev/gpiochip0: it is no GPIO chip") as lost:
        await contact.edges()
    assert lost.value.condition is Condition.NO_DEVICE


def test_a_contact_may_be_closed_at_first(gpiod: FakeGpiod) -> None:
    gpiod.closed_at_first = True
    assert GpioContact(SETTINGS).closed


@pytest.mark.parametrize(
    ("failure", "condition", "told"),
    [
        (OSError(errno.EBUSY, "busy"), Condition.BUSY, "another program uses it"),
        (PermissionError(errno.EACCES, "no"), Condition.NO_PERMISSION, "group 'gpio'"),
        (FileNotFoundError(errno.ENOENT, "no"), Condition.NO_DEVICE, "there is no such chip"),
        (OSError(errno.ENOTTY, "no"), Condition.NO_DEVICE, "it is no GPIO chip"),
        (OSError(errno.EIO, "broken"), Condition.NO_DEVICE, "broken"),
        (ValueError("line offset of out range"), Condition.NO_DEVICE, "has no line 17"),
    ],
)
def test_each_failure_has_its_condition(
    gpiod: FakeGpiod, failure: Exception, condition: Condition, told: str
) -> None:
    gpiod.failure = failure
    with pytest.raises(LinkError, match=told) as refused:
        GpioContact(SETTINGS)
    assert refused.value.condition is condition


def test_a_missing_or_old_library_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "gpiod", None)
    with pytest.raises(LinkError, match="gpiod is missing; pip install"):
        GpioContact(SETTINGS)
    monkeypatch.setitem(sys.modules, "gpiod", ModuleType("gpiod"))
    with pytest.raises(LinkError, match="gpiod is of version 1"):
        GpioContact(SETTINGS)


def test_the_real_library_takes_what_it_is_asked() -> None:
    pytest.importorskip("gpiod")
    with pytest.raises(LinkError, match="there is no such chip") as refused:
        GpioContact(GpioInput(chip="/dev/gpiochip-none", line=3))
    assert refused.value.condition is Condition.NO_DEVICE
    with pytest.raises(LinkError, match="it is no GPIO chip"):
        gpio_line.prove_free("/dev/null", 3)
    with pytest.raises(LinkError, match="cannot use /dev/gpiochip-none: there is no such chip"):
        gpio_line.check("/dev/gpiochip-none")
    with pytest.raises(LinkError, match="cannot use /dev/null: it is no GPIO chip") as refused:
        gpio_line.check("/dev/null")
    assert refused.value.condition is Condition.NO_DEVICE
