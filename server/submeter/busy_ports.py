"""Whether serial ports and GPIO lines of the configuration are free, just before the start."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from submeter import gpio_line, yamlfile
from submeter.config import Loaded, MeterEntry, SourceEntry
from submeter.errors import ConfigError, LinkError
from submeter.sources.port import Device, Numbered
from submeter.sources.pulse.settings import PulseSettings
from submeter.sources.rp2040.settings import Rp2040Settings

_Proof = Callable[[], None]


def prove(loaded: Loaded) -> None:
    """Raise ConfigError with one line for each port or GPIO line that another program has."""
    faults = []
    for index, meter in enumerate(loaded.config.meters):
        for key, is_free in _used(meter):
            try:
                is_free()
            except LinkError as error:
                faults.append(loaded.document.fault(("meters", index, *key), str(error)))
    if faults:
        raise ConfigError(*faults)


def _used(meter: MeterEntry) -> Iterator[tuple[yamlfile.Loc, _Proof]]:
    """Yield what `meter` takes for itself: its key, and what raises LinkError if it is taken."""
    for number, source in enumerate(meter.sources):
        for key, is_free in _of_source(source):
            yield ("sources", number, source.kind, *key), is_free
    if output := meter.pulse_output:
        is_free = partial(gpio_line.prove_free, output.chip, output.line)
        yield ("pulse_output", "line"), is_free


def _of_source(source: SourceEntry) -> Iterator[tuple[tuple[str, ...], _Proof]]:
    settings = source.settings
    if isinstance(settings, PulseSettings):
        if gpio := settings.gpio:
            yield ("gpio", "line"), partial(gpio_line.prove_free, gpio.chip, gpio.line)
        if settings.board:
            yield from _of_port(settings.board.port, "board", "port")
    elif isinstance(settings, Rp2040Settings):
        for phase, each in (settings.boards or {}).items():
            yield from _of_board(each.board, each.port, "boards", phase)
        yield from _of_board(settings.board, settings.port)
    else:
        yield from _of_port(getattr(settings, "port", None), "port")


def _of_board(
    uid: str | None, text: str | None, *key: str
) -> Iterator[tuple[tuple[str, ...], _Proof]]:
    if text:
        yield from _of_port(text, *key, "port")
    elif uid:
        yield (*key, "board"), Numbered(uid.lower()).prove_free


def _of_port(text: str | None, *key: str) -> Iterator[tuple[tuple[str, ...], _Proof]]:
    if text and text.startswith("/"):
        yield key, Device(Path(text)).prove_free
    elif text and text.startswith("board:"):
        yield key, Numbered(text.removeprefix("board:").lower()).prove_free
