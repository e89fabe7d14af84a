"""Whether the serial ports of the sources are free, just before the start."""

from collections.abc import Iterator
from pathlib import Path

from submeter import yamlfile
from submeter.config import Loaded, SourceEntry
from submeter.errors import ConfigError, LinkError
from submeter.sources.port import Device
from submeter.sources.pulse.settings import PulseSettings


def prove(loaded: Loaded) -> None:
    """Raise ConfigError with one line for each port that another program has."""
    faults = []
    for index, meter in enumerate(loaded.config.meters):
        for number, source in enumerate(meter.sources):
            for key, path in _devices(source):
                try:
                    Device(path).prove_free()
                except LinkError as error:
                    loc: yamlfile.Loc = ("meters", index, "sources", number, source.kind, *key)
                    faults.append(loaded.document.fault(loc, str(error)))
    if faults:
        raise ConfigError(*faults)


def _devices(source: SourceEntry) -> Iterator[tuple[tuple[str, ...], Path]]:
    """Yield the device nodes of `source`, each with its key."""
    settings = source.settings
    if isinstance(settings, PulseSettings):
        text = settings.board.port if settings.board else ""
        key: tuple[str, ...] = ("board", "port")
    else:
        text, key = getattr(settings, "port", None) or "", ("port",)
    if text.startswith("/"):
        yield key, Path(text)
