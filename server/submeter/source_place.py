"""Where the settings of one source stand in the configuration, and what they name."""

import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from submeter import gpio_line, yamlfile
from submeter.config import Loaded
from submeter.errors import ConfigError, LinkError
from submeter.pointmap import folders, meter_map, source_map
from submeter.pointmap.source_map import Kind, SourceMap
from submeter.sources import port
from submeter.sources.dlms import keys
from submeter.sources.dlms.keys import Keys
from submeter.sources.optical import password
from submeter.sources.optical.password import Password
from submeter.sources.port import Spec

_Secret = TypeVar("_Secret")


class Place:
    """Where the settings of one source stand, for messages; and what it names, looked up.

    Ports and devices need not be there if not `plugged`.
    """

    def __init__(self, loaded: Loaded, meter: str, loc: yamlfile.Loc, plugged: bool = True) -> None:
        self.meter = meter
        self.loc = loc
        self._loaded = loaded
        self._plugged = plugged

    def error(self, message: str, *key: str | int) -> ConfigError:
        """Return `message` with the position of `key`."""
        return ConfigError(self._loaded.document.fault((*self.loc, *key), message))

    def spec(self, text: str, *key: str, board: bool = False) -> Spec:
        """Return the port that `text` names; raises ConfigError if that is none, or not there.

        `board` tells that a board may be there.
        """
        try:
            spec = port.parse(text, self._loaded.folder, board=board)
        except ValueError as error:
            raise self.error(str(error), *key) from None
        self.check(spec, *key)
        return spec

    def check(self, spec: Spec, *key: str) -> None:
        """Raise ConfigError if the port is not there."""
        self._look(spec.check, *key)

    def check_chip(self, chip: str, *key: str) -> None:
        """Raise ConfigError if the GPIO chip is not there."""
        self._look(lambda: gpio_line.check(chip), *key)

    def _look(self, check: Callable[[], None], *key: str) -> None:
        if not self._plugged:
            return
        try:
            check()
        except LinkError as error:
            raise self.error(str(error), *key) from None

    def file(self, kind: str, name: str, *key: str) -> Path:
        """Return the map file `name`; raises ConfigError."""
        try:
            return folders.find(kind, name, self._loaded.own_maps)
        except ConfigError as error:
            raise self.error(str(error), *key) from None

    def map(self, name: str, kind: Kind, options: Sequence[str], *key: str) -> SourceMap:
        """Return the source map `name`, which must be of `kind`; raises ConfigError."""
        key = key or ("map",)
        self.file("sources", name, *key)
        loaded = self.load(name, options)
        if loaded.kind != kind:
            message = f"map '{name}' is for {loaded.kind}, not for {kind}; name another"
            raise self.error(message, *key)
        self.options(options, [loaded])
        return loaded

    def load(self, name: str, options: Sequence[str]) -> SourceMap:
        """Return the source map `name` with `options`; raises ConfigError."""
        return source_map.load(name, options, self._loaded.own_maps)

    def options(self, options: Sequence[str], maps: Sequence[SourceMap]) -> None:
        """Raise ConfigError for an option that none of `maps` has."""
        known = [option for each in maps for option in each.options]
        for number, option in enumerate(options):
            if option not in known:
                hint = yamlfile.suggest(option, known) if known else "it has none"
                raise self.error(f"unknown option '{option}'; {hint}", "options", number)

    def keys(self, name: str | None) -> Keys | None:
        """Return the keys in the file `name`; raises ConfigError."""
        return self._secret(name, keys.read)

    def password(self, name: str | None) -> Password | None:
        """Return the password in the file `name`; raises ConfigError."""
        return self._secret(name, password.read)

    def _secret(self, name: str | None, read: Callable[[Path], _Secret]) -> _Secret | None:
        if name is None:
            return None
        try:
            return read(self._loaded.folder / name)
        except ConfigError as error:
            raise self.error(str(error), "keys") from None

    def constants(self, path: Path, given: Mapping[str, int | float]) -> Mapping[str, int | float]:
        """Return `given` if the map at `path` has them all; raises ConfigError."""
        known = list(meter_map.read(path).constants)
        for name in given:
            if name not in known:
                hint = yamlfile.suggest(name, known) if known else "it has none"
                message = f"map '{path.stem}' has no constant '{name}'; {hint}"
                raise self.error(message, "constants", name, "@key")
        return given


def port_name(spec: Spec) -> str:
    """Return what is the same for two names of one port."""
    match spec:
        case port.Device(path):
            return os.path.realpath(path)
        case port.Socket(host, number) | port.Rfc2217(host, number):
            return f"{host} port {number}"
        case port.Numbered():
            node = spec.node()
            return os.path.realpath(node) if node else str(spec)
        case _:
            return str(spec)


class Ports:
    """The ports that are taken: each feeds one instrument, or several of one kind."""

    def __init__(self) -> None:
        self._taken: dict[str, str] = {}

    def note(self, node: str, who: str) -> None:
        """Take the device node `node` for what `who` says."""
        self._taken[os.path.realpath(node)] = who

    def take(self, spec: Spec, place: Place, *key: str) -> None:
        """Take `spec` for the meter of `place`; raises ConfigError if it is taken."""
        if isinstance(spec, port.Replay):
            return
        name = port_name(spec)
        if other := self._taken.get(name):
            raise place.error(f"{spec} {other} already; name another port", *key)
        self._taken[name] = f"feeds meter '{place.meter}'"
