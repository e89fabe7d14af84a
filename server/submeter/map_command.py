"""The command `submeter map`: lists for integrators, of a meter map or of a configuration."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from submeter import config as configuration
from submeter import plan, register_list
from submeter.errors import ConfigError
from submeter.pointmap import meter_map
from submeter.pointmap.meter_map import MeterMap

if TYPE_CHECKING:
    from submeter.bacnet_documents import Documents

Form = Literal["markdown", "csv", "json", "objects", "ede", "pics"]
_OF_MODBUS: dict[str, Callable[[MeterMap], str]] = {
    "markdown": register_list.document,
    "csv": lambda loaded: register_list.csv_text(register_list.rows(loaded)),
    "json": register_list.json_text,
}


def text(
    name: str | None,
    form: Form,
    maps: Path | None = None,
    config: Path | None = None,
    overrides: Sequence[str] = (),
    write: Path | None = None,
) -> str:
    """Return the list of the map `name`, or of the whole `config`, as `form`.

    With `write` the files are written into that folder, and their paths are what is returned.
    Raises ConfigError.
    """
    if (name is None) == (config is None):
        raise ConfigError("name a meter map, or give --config with a configuration")
    if form == "ede" and write is None:
        raise ConfigError("EDE is four files; say where they go, with --write FOLDER")
    if config is None and overrides:
        raise ConfigError("--set changes a configuration; give it with --config CONFIG")
    if config is not None and maps:
        raise ConfigError("a configuration names its own maps; leave out --maps")
    files = _files(name, form, maps, config, overrides)
    return "".join(files.values()) if write is None else _write(write, files)


def _write(folder: Path, files: Mapping[str, str]) -> str:
    """Write the files into `folder` and return their paths, each on a line.

    They are whole before the first of them takes the place of an old one, or of a link.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".submeter-", dir=folder) as beside:
            for file, content in files.items():
                # What the text has at the end of a line is what the file has.
                Path(beside, file).write_text(content, encoding="utf-8", newline="")
            for file in files:
                Path(beside, file).replace(folder / file)
    except OSError as error:
        raise ConfigError(f"cannot write into {folder}: {error.strerror}") from None
    return "".join(f"{folder / file}\n" for file in files)


def _files(
    name: str | None, form: Form, maps: Path | None, config: Path | None, overrides: Sequence[str]
) -> dict[str, str]:
    if config is not None:
        if form in _OF_MODBUS:
            raise ConfigError(f"--config goes with objects, ede and pics, not with {form}")
        from submeter import bacnet_documents

        loaded = configuration.load(config, overrides)
        documents = bacnet_documents.of_configuration(loaded, plan.make(loaded, plugged=False))
        return _of_bacnet(documents, form, loaded.config.site)
    mapped = _map(name or "", maps)
    if form in _OF_MODBUS:
        suffix = "md" if form == "markdown" else form
        return {f"{mapped.name}.{suffix}": _OF_MODBUS[form](mapped)}
    from submeter import bacnet_documents

    return _of_bacnet(bacnet_documents.of_map(mapped), form, mapped.title)


def _of_bacnet(documents: "Documents", form: Form, title: str) -> dict[str, str]:
    today = date.today()
    match form:
        case "ede":
            return documents.ede(today)
        case "pics":
            return {f"{documents.project}_PICS.md": documents.pics(today)}
        case _:
            return {f"{documents.project}_objects.md": documents.object_list(title)}


def _map(name: str, maps: Path | None) -> MeterMap:
    path = Path(name)
    if path.suffix == ".yaml":
        return meter_map.read(path)
    return meter_map.load(name, (maps,) if maps else ())
