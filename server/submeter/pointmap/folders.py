"""Where the maps are: in the package, in a checkout, and in folders of the user's own."""

import difflib
import re
from collections.abc import Sequence
from pathlib import Path

import submeter
from submeter.errors import ConfigError

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")


def shipped() -> Path:
    """Return the folder `pointmaps` of this installation or checkout."""
    package = Path(submeter.__file__).resolve().parent
    for folder in (package / "pointmaps", package.parents[1] / "pointmaps"):
        if (folder / "points.yaml").is_file():
            return folder
    raise ConfigError(f"{package}: the folder 'pointmaps' is missing; install submeter again")


def find(kind: str, name: str, own: Sequence[Path] = ()) -> Path:
    """Return the file of the map `name`; `kind` is `meters` or `sources`.

    The user's own folders come first, so that a map of ours can be replaced. Raises ConfigError
    that names the maps there are.
    """
    if not _NAME.fullmatch(name):
        raise ConfigError(f"'{name}' is no name of a map; write it without folder and .yaml")
    folders = [*own, shipped()]
    for folder in folders:
        path = folder / kind / f"{name}.yaml"
        try:
            path.stat()
        except FileNotFoundError:
            continue
        except OSError as error:
            raise ConfigError(f"cannot read {path}: {error.strerror}") from None
        return path
    names = sorted({path.stem for folder in folders for path in (folder / kind).glob("*.yaml")})
    close = difflib.get_close_matches(name, names, 1)
    hint = f"did you mean '{close[0]}'?" if close else f"there are: {', '.join(names)}"
    raise ConfigError(f"no map '{name}' in {kind}/; {hint}")
