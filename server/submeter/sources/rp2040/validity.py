"""Which corrections of a board count: those of clamps with other ratings now do not."""

import logging
from collections.abc import Mapping

from submeter.sources.rp2040.correction import BoardCorrection

_log = logging.getLogger(__name__)


class Validity:
    """Of the clamps of one meter at one board; tells the log of each change."""

    def __init__(self) -> None:
        self._uid = ""
        self._void: frozenset[int] = frozenset()

    def counting(
        self, uid: str, stored: BoardCorrection, ratings: Mapping[int, float]
    ) -> BoardCorrection:
        """Return what counts of that which is `stored` of the board `uid`.

        `ratings` are the A that a code of each clamp stands for, by its number.
        """
        void = stored.void(ratings)
        before = self._void if uid == self._uid else frozenset()
        for number in sorted(void.keys() - before):
            message = 'event=calibration_void board=%s clamp=%d reason="%s"'
            _log.warning(message, uid, number, void[number])
        for number in sorted(before - void.keys()):
            _log.info("event=calibration_valid board=%s clamp=%d", uid, number)
        self._uid, self._void = uid, frozenset(void)
        return stored.in_force(ratings)
