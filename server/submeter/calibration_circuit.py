"""The meters whose clamps are calibrated together, as the configuration has them."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from submeter import yamlfile
from submeter.config import Config, MeterEntry
from submeter.errors import ConfigError, Refusal, SubmeterError, WriteRefusedError
from submeter.source_place import port_name
from submeter.sources import port
from submeter.sources.board.found import Numbered
from submeter.sources.rp2040.settings import PhaseBoard, Rp2040Settings


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
        return {name: len(_each_board(each)) for name, each in self.meters.items()}

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
        """Raise WriteRefusedError if a sealed meter uses a board of theirs, or one of `uids`.

        A board may be named by its number, or by any name of its port. What the configuration
        cannot tell, the program can: see `refuse`.
        """
        named = [_names(uid, None) for uid in uids]
        own = self._every_name(set().union(*named, *map(_boards, self.meters.values())))
        sealed = [
            name
            for name, entry in self._entries.items()
            if entry.sealed and any(own & _boards(each) for each in _all_clamps(entry))
        ]
        refuse(sealed)

    def _every_name(self, names: set[str]) -> set[str]:
        """Return `names` and what else the configuration calls these boards."""
        settings = [each for entry in self._entries.values() for each in _all_clamps(entry)]
        boards = [_names(one.board, one.port) for each in settings for one in _each_board(each)]
        found = set(names)
        while more := set().union(*(board for board in boards if board & found)) - found:
            found |= more
        return found

    def prove_comparable(self, against: str, others: Sequence[str]) -> None:
        """Raise SubmeterError if their energy cannot be compared with `against`.

        That is a meter with an instrument other than clamps, or `METER/SOURCE`.
        """
        reference, slash, source = against.partition("/")
        if reference in others:
            raise ConfigError(
                f"meter '{reference}' is the reference: no '--with {reference}'; if clamps of its "
                "own are meant, name it first"
            )
        self._prove_reference(reference, source if slash else None)
        for name, each in self.meters.items():
            if each.voltage is None and each.boards is None:
                message = "has four clamps and no voltage: no energy to compare"
                raise SubmeterError(f"meter '{name}' {message}; use 'known --current'")

    def _prove_reference(self, name: str, source: str | None) -> None:
        if name not in self._entries:
            raise ConfigError(
                f"no meter is called '{name}'; {yamlfile.suggest(name, list(self._entries))}"
            )
        sources = self._entries[name].sources
        called = [each.called for each in sources if not isinstance(each.settings, Rp2040Settings)]
        if not called:
            raise ConfigError(f"meter '{name}' has no instrument but clamps: it is no reference")
        if source is not None and source not in called:
            hint = yamlfile.suggest(source, called)
            raise ConfigError(f"meter '{name}' has no source '{source}' to compare with; {hint}")


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


def _each_board(settings: Rp2040Settings) -> Sequence[Rp2040Settings | PhaseBoard]:
    return list(settings.boards.values()) if settings.boards else [settings]


def _uids(settings: Rp2040Settings) -> list[str | None]:
    return [each.board for each in _each_board(settings)]


def _boards(settings: Rp2040Settings) -> set[str]:
    """Return the names of the boards: numbers and ports."""
    return set().union(*(_names(each.board, each.port) for each in _each_board(settings)))


def _names(uid: str | None, at: str | None) -> set[str]:
    """Return the names of the board with the number `uid`, or at the port `at`, or both.

    Ports are named as in `port_name`.
    """
    found = _numbered(uid) if uid else set()
    if not at:
        return found
    try:
        spec = port.parse(at, Path(), board=True)
    except ValueError:
        return found | {at}  # no port at all, as the program says at its start
    return found | (_numbered(spec.uid) if isinstance(spec, Numbered) else {port_name(spec)})


def _numbered(uid: str) -> set[str]:
    """Return the number of a board, and its port if it is plugged in here."""
    board = Numbered(uid.lower())
    return {board.uid, port_name(board)} if board.node() else {board.uid}


def _prove_one_transformer(
    one: tuple[str, Rp2040Settings], other: tuple[str, Rp2040Settings]
) -> None:
    shared = _boards(one[1]) & _boards(other[1])
    if shared and one[1].voltage != other[1].voltage:
        # A number is the plainest of the names: it starts with no "/".
        raise ConfigError(
            f"meters '{one[0]}' and '{other[0]}' share board {max(shared)}, and differ in "
            "'voltage': it has one transformer"
        )
