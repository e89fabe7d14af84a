"""Current clamps at RP2040 boards as a source: one board, or one for each of three phases."""

import asyncio
import json
import logging
from collections.abc import Mapping
from functools import partial

from submeter.errors import Condition, LinkError
from submeter.meter import saved as taken
from submeter.meter.feed import Dial
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Update, Value
from submeter.sources.origin import Origin
from submeter.sources.rp2040 import layout, values
from submeter.sources.rp2040.board import Board
from submeter.sources.rp2040.board_ear import BoardEar, Corrections
from submeter.sources.rp2040.correction import BoardCorrection
from submeter.sources.rp2040.energy_count import EnergyCount
from submeter.sources.rp2040.netting import Netting
from submeter.sources.rp2040.origins import origin
from submeter.sources.rp2040.rating import Rating, check
from submeter.sources.rp2040.raw import RawBoard
from submeter.sources.rp2040.settings import PhaseBoard, Rp2040Settings
from submeter.sources.rp2040.share import Share
from submeter.sources.rp2040.three_boards import Round, Rounds
from submeter.sources.rp2040.wiring import wirings
from submeter.sources.source import FIRST_PAUSE, LONGEST_PAUSE, Publish

__all__ = ["MAX_AGE", "Rp2040Source", "check"]

MAX_AGE = 5.0  # s; a board sends a record a second

_log = logging.getLogger(__name__)


class Rp2040Source:
    """The clamps of one meter; see `Source`, `Remembering` and `Rated`.

    `boards` has one board as "", or three by their phases, as `settings` have it; other meters may
    share them. Raises ValueError if what it wants of a board is not what others want.
    """

    max_age = MAX_AGE

    def __init__(
        self,
        name: str,
        boards: Mapping[str, Board],
        settings: Rp2040Settings,
        calibration: Corrections,
    ) -> None:
        self.name = name
        self.expected = layout.expected(settings)
        self._indexes = layout.indexes(settings)
        self.dials = {point: Dial() for point in self._indexes}
        self._settings = settings
        self._calibration = calibration
        self._rating = Rating(settings)
        wired = wirings(settings)
        self._ears = {
            key: BoardEar(name, boards[key], wiring, settings, self._rating, calibration)
            for key, wiring in wired.items()
        }
        phases = sum(len(wiring.phases) for wiring in wired.values())
        self.largest_power = phases * self._rating.most
        self._rounds = Rounds(wired)
        self._netting = Netting(wired, alone=phases == 1)
        self._energies = EnergyCount()
        self._lost: dict[str, Condition] = {}  # boards of several, until they are heard again
        self._down: set[str] = set()  # those that failed in this run

    @property
    def dropped(self) -> int:
        """Lines of the boards that were damaged or made no sense."""
        return sum(ear.board.dropped for ear in self._ears.values())

    @property
    def trouble(self) -> Condition | None:
        """That of the first board that has one; that a board of several is lost is one."""
        for key, ear in self._ears.items():
            if found := self._lost.get(key) or ear.trouble:
                return found
        return None

    @property
    def identity(self) -> str | None:
        """The unique numbers of the boards, once all are known."""
        known = [ear.board.identity for ear in self._ears.values()]
        return "+".join(each.uid for each in known if each) if all(known) else None

    def describe(self) -> str:
        """Return the boards and what their clamps are around."""
        told = (f"{self._place(key)} ({_wired(ear)})" for key, ear in self._ears.items())
        return f"rp2040 {', '.join(told)}"

    def origin(self, point: str) -> Origin | None:
        """Return the sums of the last record, waveform or event; there are no bytes of one line."""
        return origin(self._ears.values(), point) if point in self.expected else None

    def rate(self, primary: float | None, secondary: float | None) -> None:
        """Go by these ratings of current transformers in A from the next record on."""
        self._rating.rate(primary, secondary)

    def raw(self) -> tuple[RawBoard, ...]:
        """Return what each board has measured since the start, of those that were heard."""
        return tuple(ear.raw for ear in self._ears.values() if ear.raw)

    def correction(self, uid: str) -> BoardCorrection:
        """Return what is stored of the board `uid`; at other ratings it may not count."""
        return self._calibration.current(uid)

    def saved(self) -> str:
        """Return what was counted, and up to which record of which board, as JSON."""
        state = {
            "boards": {key: ear.saved() for key, ear in self._ears.items()},
            "energies": self._energies.saved(),
            "waiting": self._netting.saved(),
        }
        return json.dumps(state, sort_keys=True)

    def restore(self, text: str) -> None:
        """Go on from `saved`; raises ValueError if it is damaged."""
        state = json.loads(text)
        if not isinstance(state, dict):
            raise ValueError("what clamps remember is a table")
        boards = taken.table(state, "boards")
        self._energies.restore(taken.table(state, "energies"))
        self._netting.restore(taken.table(state, "waiting"))
        for key in boards.keys() & self._ears.keys():
            self._ears[key].restore(taken.table(boards, key))

    async def run(self, publish: Publish) -> None:
        """Listen until the board is lost, or all of several are: raises LinkError."""
        for key, ear in self._ears.items():
            ear.tell = partial(self._take, publish, key)
        if len(self._ears) == 1:
            (ear,) = self._ears.values()
            await ear.board.listen(ear)
        else:
            await self._listen_to_all()

    def _place(self, key: str) -> str:
        """Return where a board is, as the configuration has it."""
        at: PhaseBoard | Rp2040Settings = self._settings
        for phase, board in (self._settings.boards or {}).items():
            at = board if phase == key else at
        return at.port or f"board:{at.board}"

    async def _listen_to_all(self) -> None:
        self._down.clear()
        tasks = [asyncio.create_task(self._keep(*each)) for each in self._ears.items()]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _keep(self, key: str, ear: BoardEar) -> None:
        """Listen to one board of several, again and again, while there is another one."""
        pause = FIRST_PAUSE
        while True:
            try:
                await ear.board.listen(ear)
            except LinkError as error:
                if key not in self._lost:
                    pause = FIRST_PAUSE
                    message = 'event=board_lost source=%s phase=%s reason="%s"'
                    _log.warning(message, self.name, key, error)
                self._lost[key] = error.condition
                self._down.add(key)
                if len(self._down) == len(self._ears):
                    raise
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    def _take(self, publish: Publish, key: str, share: Share, at: Instant) -> None:
        self._down.discard(key)
        if self._lost.pop(key, None):
            _log.info("event=board_back source=%s phase=%s", self.name, key)
        self._netting.add(key, share)
        ended = self._rounds.take(key, share, at)
        if ended:
            publish(self._update(ended), ended.at)

    def _update(self, ended: Round) -> Update:
        """Return what a round says: what is of now, and if it is whole sums and indexes."""
        present = {key: share for key, share in ended.shares.items() if share.present}
        said: dict[str, Value | None] = {}
        for share in present.values():
            said.update(values.of_board(share))
        if len(present) == len(self._ears):
            said.update(values.together(present.values()))
        found = {point: value for point, value in said.items() if value is not None}
        failed = said.keys() - found.keys()
        for key in present:
            known = self._ears[key].distortions.known(ended.at.mono, self._settings.snapshot)
            found.update(known.values)
            failed |= known.failed
        if present and self._settings.voltage:
            frequency = values.frequency(present.values())
            found.update(frequency)
            failed |= {layout.FREQUENCY} - frequency.keys()
        if ended.whole:
            found.update(self._counted())
        for point in layout.COUNTS & self.expected.keys():
            found[point] = Value(sum(ear.counts[point] for ear in self._ears.values()))
        # No instrument: the count is ours, and goes on whichever board is there.
        return Update(found, failed=frozenset(failed))

    def _counted(self) -> dict[str, Value]:
        """Return the indexes with what all boards counted since they last did."""
        counted = self._netting.take()
        self._energies.take(counted.quadrants, counted.apparent)
        quality = Quality.ESTIMATED if counted.estimated else Quality.MEASURED
        totals = self._energies.counted
        return {point: Value(totals[point], quality) for point in self._indexes}


def _wired(ear: BoardEar) -> str:
    wiring = ear.wiring
    clamps = ", ".join(f"{each.conductor}: {each.clamp}" for each in wiring.clamps)
    at = f"voltage of {wiring.voltage_at}" if wiring.voltage_at else "no voltage"
    return f"clamps {clamps}, {at}"
