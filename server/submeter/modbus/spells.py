"""Troubles that peers can cause without end, told once when they begin and once when they end."""

import logging
from collections.abc import Callable

_log = logging.getLogger(__name__)

QUIET = 60  # seconds: what begins again sooner is not told again
MOST = 16  # of one event, told at a time; peers can be many


class _Spell:
    __slots__ = ("age", "is_over", "lasts", "over")

    def __init__(self, over: str, is_over: Callable[[int], bool]) -> None:
        self.over = over
        self.is_over = is_over
        self.age = 0
        self.lasts = True


class Spells:
    """The spells of one listener; `face` stands in the log lines.

    Whatever peers do, there are at most MOST spells of an event and two lines a minute of each.
    """

    def __init__(self, face: str) -> None:
        self._face = face
        self._spells: dict[tuple[str, str], _Spell] = {}

    def begin(
        self,
        event: str,
        detail: str,
        over: str,
        is_over: Callable[[int], bool],
        peer: str = "",
    ) -> None:
        """Tell `event`, unless it lasts already or was told within QUIET seconds.

        The event `over` is told once `is_over` says so, which `tick` asks with the age of the spell
        in seconds. With `peer` the spell is that peer's own.
        """
        if (event, peer) in self._spells or [each for each, _ in self._spells].count(event) >= MOST:
            return
        whose = f" peer={peer}" if peer else ""
        _log.warning("event=%s face=%s%s %s", event, self._face, whose, detail)
        told = f"event={over} face={self._face}{whose}"
        self._spells[event, peer] = _Spell(told, is_over)

    def tick(self) -> None:
        """Another second is over."""
        for key, spell in list(self._spells.items()):
            spell.age += 1
            if spell.lasts and spell.is_over(spell.age):
                spell.lasts = False
                _log.info("%s", spell.over)
            if not spell.lasts and spell.age >= QUIET:
                del self._spells[key]


def quiet(count: Callable[[], int]) -> Callable[[int], bool]:
    """Return a test that is true once `count` has stood still for QUIET seconds."""
    seen, since = count(), 0

    def is_over(age: int) -> bool:
        nonlocal seen, since
        if count() != seen:
            seen, since = count(), age
        return age - since >= QUIET

    return is_over
