"""The report of `submeter verify`: whether the evidence in a store is whole and signed."""

from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from submeter.errors import ConfigError
from submeter.store import key
from submeter.store.verify import Verification

_CONFIGURATIONS = {".yaml", ".yml"}
_EVERY = 256  # rows between two movements of the bar


def show(target: Path, trusted: str | None = None) -> bool:
    """Print each fault of the store at `target` and a summary; return whether there is none.

    `target` is the store, or the configuration that names it. `trusted` is the public key that
    must have signed: 64 hexadecimal digits or a PEM file. Raises ConfigError for either of them,
    StoreError if the store cannot be read.
    """
    database = _database(target)
    if not database.is_file():
        raise ConfigError(f"{database}: there is no such store; name the configuration or its .db")
    keys = _keys(trusted)
    console = Console(soft_wrap=True, highlight=False, markup=False, emoji=False)
    found = 0
    with _bar() as bar:
        verification = Verification(database, keys, _mover(bar))
        for line in verification.faults():
            # The bar is on standard error: on one terminal it has to make room for the line.
            bar.stop()
            console.print(line)
            found += 1
    rows = ", ".join(f"{count} {table} rows" for table, count in verification.rows.items())
    names = ", ".join(each.hex() for each in verification.keys) or "none"
    result = f"broken, faults: {found}" if found else "good"
    console.print(f"{database}: {result}; {rows or 'nothing read'}; signed by key {names}")
    return not found


def _database(target: Path) -> Path:
    if target.suffix not in _CONFIGURATIONS:
        return target
    from submeter import config

    return config.load(target).store_path


def _keys(trusted: str | None) -> tuple[bytes, ...]:
    try:
        return () if trusted is None else (key.public_key(trusted),)
    except ValueError as error:
        raise ConfigError(f"--key: {error}") from None


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    )


def _mover(bar: Progress) -> Callable[[str, int, int], None]:
    tasks = {}

    def move(table: str, done: int, total: int) -> None:
        if table not in tasks:
            tasks[table] = bar.add_task(table, total=total)
        if done % _EVERY == 0 or done == total:
            bar.update(tasks[table], completed=done)

    return move
