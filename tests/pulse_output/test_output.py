"""The contact at a GPIO chip."""

import errno
import sys
from collections.abc import Iterator

import pytest

from submeter.errors import Condition, LinkError
from submeter.pulse_output.output import GpioOutput
from submeter.pulse_output.settings import PulseOutputSettings
from tooling.fake_gpiod import FakeGpiod, Value

SETTINGS = PulseOutputSettings(line=22, active_low=True)


@pytest.fixture
def gpiod(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGpiod]:
    fake = FakeGpiod()
    monkeypatch.setitem(sys.modules, "gpiod", fake)
    yield fake
    fake.close()


def test_it_is_inactive_from_the_first_moment_on(gpiod: FakeGpiod) -> None:
    output = GpioOutput(SETTINGS)
    (request,) = gpiod.requests
    assert vars(request.settings) == {
        "direction": "OUTPUT",
        "active_low": True,
        "output_value": Value.INACTIVE,
    }
    output.set(True)
    output.set(False)
    assert request.driven == [Value.ACTIVE, Value.INACTIVE]
    output.close()
    output.close()
    assert request.released


def test_a_chip_that_is_gone_or_busy_is_told(gpiod: FakeGpiod) -> None:
    output = GpioOutput(SETTINGS)
    gpiod.requests[0].unplug()
    with pytest.raises(LinkError, match="line 22 of /dev/gpiochip0") as lost:
        output.set(True)
    assert lost.value.condition is Condition.NO_DEVICE
    gpiod.failure = OSError(errno.EBUSY, "busy")
    with pytest.raises(LinkError, match="another program uses it") as busy:
        GpioOutput(SETTINGS)
    assert busy.value.condition is Condition.BUSY


def test_the_real_library_takes_what_it_is_asked() -> None:
    pytest.importorskip("gpiod")
    with pytest.raises(LinkError, match="there is no such chip"):
        GpioOutput(PulseOutputSettings(chip="/dev/gpiochip-none", line=1))
