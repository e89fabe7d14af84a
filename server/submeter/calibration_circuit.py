"""The meters whose clamps are calibrated together, as the configuration has them."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

from submeter import yamlfile
from submeter.config import Config, MeterEntry
from submeter.errors import ConfigError, Refusal, SubmeterError, WriteRefusedError
from submeter.sources.rp2040.settings import Rp2040Settings


class Circuit:
    """Those called `names` in `config`; raises ConfigError unless each has clamps of its own.

    `meters` are the settings of their clamps by the name of the meter.
    """

    def __init__(self, config: Config, names: Sequence[str]) -> None:
        self._entries = {entry.name: entry for entry in config.meters}
        self.meters: dict[str, Rp2040Settings] = {}
        for name in names:
            if name not in self._entries:
                hint = yamlfile.suggest(name, list(self._entries))
                raise ConfigError(f"no meter is called '{name}'; {hint}")
            if name in self.meters:
                raise ConfigError(f"meter '{name}' is named twice")
            self.meters[name] = _clamps_of(self._entries[name])
        for pair in combinations(self.meters.items(), 2):
            _prove_one_transformer(*pair)

    @property
    def counts(self) -> Mapping[str, int]:
        """How many boards each of the meters has."""
        return {name: len(each.boards or "1") for name, each in self.meters.items()}

    @property
    def known(self) -> list[str] | None:
        """The numbers of the boards; None unless the configuration has all of them."""
        found = [uid for each in self.meters.values() for uid in _uids(each)]
        return list(dict.fromkeys(uid.lower() for uid in found if uid)) if all(found) else None

    @property
    def everywhere(self) -> list[str]:
        """The numbers of all boards that the configuration names, of whatever meter."""
        every = [uid for entry in self._entries.values() for uid in _of_entry(entry)]
        return list(dict.fromkeys(uid.lower() for uid in every if uid))

    def refuse_sealed(self, uids: Iterable[str] = ()) -> None:
        """Raise WriteRefusedError if a sealed meter uses a board of theirs, or one of `uids`."""
        own = {each.lower() for each in uids}.union(*map(_boards, self.meters.values()))
        sealed = [
            name
            for name, entry in self._entries.items()
            if entry.sealed and any(own & _boards(each) for each in _all_clamps(entry))
        ]
        refuse(sealed)

    def prove_comparable(self, against: str, others: Sequence[str]) -> None:
        """Raise SubmeterError if their energy cannot be compared with the source `against`."""
        reference = against.partition("/")[0]
        if reference in others:
            raise ConfigError(
                f"meter '{reference}' is the reference: no '--with {reference}'; if clamps of its "
                "own are meant, name it first"
            )
        for name, each in self.meters.items():
            if each.voltage is None and each.boards is None:
                message = "has four clamps and no voltage: no energy to compare"
                raise SubmeterError(f"meter '{name}' {message}; use 'known --current'")


def refuse(sealed: Sequence[str]) -> None:
    """Raise WriteRefusedError if there is any meter in `sealed`."""
    if sealed:
        names = ", ".join(sealed)
        message = f"meter '{names}' is sealed: the calibration of its board cannot be changed"
        raise WriteRefusedError(Refusal.SEALED, message)


def _all_clamps(entry: MeterEntry) -> list[Rp2040Settings]:
    every = [source.settings for source in entry.sources]
    return [each for each in every if isinstance(each, Rp2040Settings)]


def _clamps_of(entry: MeterEntry) -> Rp2040Settings:
    found = _all_clamps(entry)
    if not found:
        raise ConfigError(f"meter '{entry.name}' has no clamps: no source 'rp2040'")
    return found[0]


def _of_entry(entry: MeterEntry) -> list[str | None]:
    return [uid for each in _all_clamps(entry) for uid in _uids(each)]


def _uids(settings: Rp2040Settings) -> list[str | None]:
    if settings.boards:
        return [each.board for each in settings.boards.values()]
    return [settings.board]


def _boards(settings: Rp2040Settings) -> set[str]:
    """Return the names of the boards: numbers and ports."""
    boards = settings.boards.values() if settings.boards else [settings]
    return {name.lower() for each in boards for name in (each.board, each.port) if name}


def _prove_one_transformer(
    one: tuple[str, Rp2040Settings], other: tuple[str, Rp2040Settings]
) -> None:
    shared = _boards(one[1]) & _boards(other[1])
    if shared and one[1].voltage != other[1].voltage:
        raise ConfigError(
            f"meters '{one[0]}' and '{other[0]}' share board {min(shared)}, and differ in "
            "'voltage': it has one transformer"
        )
