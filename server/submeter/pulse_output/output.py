"""What drives the contact of a pulse output."""

from types import ModuleType
from typing import Any, Protocol

from submeter import gpio_line
from submeter.pulse_output.settings import PulseOutputSettings


class Output(Protocol):
    """A contact that can be closed."""

    def set(self, active: bool) -> None:
        """Close or open it; raises LinkError if it is gone."""

    def close(self) -> None:
        """Open it and give it back; may be called twice."""


class GpioOutput:
    """A line of a Linux GPIO chip, inactive at first; raises LinkError if it cannot be had."""

    def __init__(self, settings: PulseOutputSettings) -> None:
        self._settings = settings
        self._values = gpio_line.library().line.Value
        self._request: Any = gpio_line.request(settings.chip, settings.line, self._line_settings)

    def set(self, active: bool) -> None:
        """Drive the line; raises LinkError if the chip is gone."""
        value = self._values.ACTIVE if active else self._values.INACTIVE
        try:
            self._request.set_value(self._settings.line, value)
        except OSError as error:
            raise gpio_line.lost(self._settings.chip, self._settings.line, error) from None

    def close(self) -> None:
        """Give the line back; what was set last was inactive."""
        self._request.release()

    def _line_settings(self, gpiod: ModuleType) -> Any:
        return gpiod.LineSettings(
            direction=gpiod.line.Direction.OUTPUT,
            active_low=self._settings.active_low,
            output_value=gpiod.line.Value.INACTIVE,
        )
