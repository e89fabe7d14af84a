"""Files that belong together: all of them are written, or none."""

import os
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from submeter.errors import ConfigError, SubmeterError
from submeter.store.folder import sync

PUBLIC, PRIVATE = 0o644, 0o600


@dataclass(frozen=True)
class Content:
    """What stands in the file `path`, and who may read it."""

    path: Path
    data: bytes
    mode: int = PUBLIC


def expect_free(paths: Iterable[Path]) -> None:
    """Raise ConfigError if any of `paths` is there already."""
    for path in paths:
        if os.path.lexists(path):
            raise ConfigError(f"{path} is there already; --force replaces it")


def write(files: Sequence[Content], force: bool) -> None:
    """Write every file, on the disk when this returns; after an error all is as it was before.

    All are of one folder, which is made if it is not there. While a file is replaced, the old one
    stands beside it as NAME.old. Raises ConfigError if a file is there already, unless `force`
    replaces it, and SubmeterError for what the system refuses.
    """
    there = [each.path for each in files if os.path.lexists(each.path)]
    if not force:
        expect_free(there)
    with ExitStack() as undo:
        try:
            _make_folder(files[0].path.parent, undo)
            old = [_put_aside(path, undo) for path in there]
            for each in files:
                _create(each, undo)
            sync(files[0].path.parent)
        except OSError as error:
            where = error.filename or files[0].path.parent
            raise SubmeterError(f"cannot write {where}: {error.strerror}") from None
        undo.pop_all()
    for path in old:
        path.unlink()


def _make_folder(folder: Path, undo: ExitStack) -> None:
    if not folder.exists():
        folder.mkdir(mode=0o700)
        undo.callback(folder.rmdir)


def _put_aside(path: Path, undo: ExitStack) -> Path:
    aside = path.with_name(f"{path.name}.old")
    if os.path.lexists(aside):
        raise ConfigError(f"{aside} is left from an attempt that was cut short; move it away first")
    if not path.is_file():
        raise ConfigError(f"{path} is no regular file; move it away first")
    path.rename(aside)
    undo.callback(aside.replace, path)
    return aside


def _create(content: Content, undo: ExitStack) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    descriptor = os.open(content.path, flags, content.mode)
    undo.callback(content.path.unlink)
    with open(descriptor, "wb") as file:
        try:
            file.write(content.data)
            file.flush()
            os.fsync(descriptor)
        except OSError as error:
            error.filename = str(content.path)
            raise
