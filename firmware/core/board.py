"""The loop of a board: drains the sampler, answers the host, sends a record each second.

It knows its hardware through one object, the HAL; hal_rp2 has that of an RP2040 and hal_sim one
that plays waveforms. A HAL has

- `uid`, hexadecimal, and `reset_cause`: `power`, `watchdog` or `soft`;
- `new_boot()`: eight random hexadecimal digits, others at each call;
- `ticks()`: microseconds from any origin, which never fall and never wrap;
- `read()`: bytes that came in, b"" if none did; never blocks;
- `write(data)`: takes as many of the first bytes as can be sent now, and returns how many; may
  block for some ms, never for more than half a second; takes all where nobody listens;
- `watchdog()`, called in each turn, and `idle()`, which waits for some ms between turns;
- `check_pulses(pins)`: ValueError, with a text, for a pin that cannot be one;
  `configure_pulses(pins, debounce)`: counts anew from 0, and so for each run; `pulses()`: how
  often each closed since;
- `load()`: the settings that were kept, {} if none, and `save(settings)`: keeps them, or OSError;
- `reset()` and `bootloader()`, which do not return on a board;
- `sampler`, which writes frames of four words, one of each channel, into a ring: `ring` is what
  viper takes as ptr16 and is written to here too, `mask` the number of its words less 1, a power
  of two; `rate` in frames a second; `rd` the word up to which frames were taken, set here;
  `start()`: begins anew at word 0 with channel 0, at any time, and sets `rd` to 0; `available()`:
  whole frames from `rd` on, asked at least once a turn; `overran()`: since the start samples were
  lost, or more waited than the ring holds less 512 frames (151 behind `rd` are needed still).
"""

import gc
from array import array

from core.commands import BadCommand, parse
from core.cycles import Cycles
from core.events import Events
from core.line import CommandLines, encode
from core.linearise import linearise, middle, table
from core.outbox import Outbox
from core.quadrants import Quadrants
from core.settings import changed, kept
from core.snapshot import MOST, Snapshot
from core.version import FIRMWARE, LINES

_SILENT = 2_000_000  # us without a sample, after which the sampler is started anew
_FAREWELL = 20  # turns in which an answer goes out before a reset
_SECOND = 1_000_000
_WRAP = 0xFFFFFFFF


class Board:
    """A board, run by `run()`, or turn by turn by `step()`."""

    def __init__(self, hal):
        self._hal = hal
        self._sampler = hal.sampler
        self._outbox = Outbox(hal.write, hal.ticks)
        self._commands = CommandLines()
        self._snapshot = Snapshot()
        self._settings = kept(hal.load())
        self._leave = None  # what is done at last, and in how many turns
        self._turns = 0
        self._untidy = False
        self._begin(hal.reset_cause)

    def run(self):
        """Work for ever."""
        while True:
            self.step()
            self._hal.idle()

    def step(self):
        """Do what there is to do now; to be called every few ms."""
        self._drain()
        for line in self._commands.feed(self._hal.read()):
            self._hear(line)
        if self._hal.ticks() >= self._due:
            self._record()
        self._send()
        self._hal.watchdog()
        if self._leave:
            self._turns -= 1
            if self._turns <= 0:
                leave, self._leave = self._leave, None
                leave()

    def _begin(self, cause):
        """Begin a run: everything counts from 0."""
        settings, rate = self._settings, self._sampler.rate
        self._cause = cause
        self._boot = self._hal.new_boot()
        self._codes = table(settings["steps"])
        self._ends = array("i", [0, 0, 0, 0])
        self._saturated = [0, 0, 0, 0]
        self._events = Events(rate, self._tell)
        self._cycles = Cycles(settings, middle(settings["steps"]), rate, self._events.piece)
        self._quadrants = Quadrants() if settings["layout"] == "v3i" else None
        self._before = (0, [])
        self._snapshot.begin()
        self._number = self._told = 0
        self._position = 0  # frames since the begin, lost ones included
        self._waited = self._overruns = self._lost = 0
        self._configure_pulses()
        self._start = self._hal.ticks()
        self._due = self._start + settings["period"] * _SECOND
        self._sample()
        self._say("ID", self._identity())

    def _configure_pulses(self):
        settings = self._settings
        try:
            self._hal.check_pulses(settings["pins"])
        except ValueError:  # kept by a board of another kind
            settings["pins"] = []
        self._hal.configure_pulses(settings["pins"], settings["debounce"])

    def _sample(self):
        """Start the sampler: what follows does not continue what was before."""
        self._sampler.start()
        self._cycles.begin()
        self._events.begin()
        self._sampled = 0  # frames of this stretch
        self._stretch = self._heard = self._hal.ticks()

    def _drain(self):
        sampler = self._sampler
        frames = sampler.available()
        if sampler.overran():
            self._overrun()
            return
        now = self._hal.ticks()
        if not frames:
            if now - self._heard > _SILENT:
                self._overrun()
            return
        self._heard = now
        self._waited = max(self._waited, frames)
        linearise(sampler.ring, sampler.rd, frames, sampler.mask, self._codes, self._ends)
        self._position += frames
        self._sampled += frames
        self._cycles.take(sampler.ring, sampler.rd, frames, sampler.mask)
        sampler.rd = (sampler.rd + 4 * frames) & sampler.mask
        if sampler.overran():
            self._overrun()
            return
        self._snapshot.look(sampler, self._sampled, self._position)

    def _overrun(self):
        """Begin a new stretch after samples were lost; how many, the crystal tells."""
        elapsed = (self._hal.ticks() - self._stretch) * self._sampler.rate // _SECOND
        lost = max(0, elapsed - self._sampled)
        self._overruns += 1
        self._lost += lost
        self._position += lost
        self._heard = self._hal.ticks()
        self._tell("overrun", lost, (("l", lost),))
        self._sample()

    def _tell(self, kind, ago, values):
        """Send an event that began `ago` frames before the end of the piece that shows it."""
        self._told += 1
        ago += self._cycles.ahead
        at = self._heard - self._start - ago * _SECOND // self._sampler.rate
        place = (
            ("b", self._boot), ("q", self._told), ("t", max(0, at)),
            ("f", max(0, self._position - ago)), ("k", kind),
        )  # fmt: skip
        self._say("E", place + values)

    def _now(self):
        return self._hal.ticks() - self._start

    def _record(self):
        while self._hal.ticks() >= self._due:
            self._due += self._settings["period"] * _SECOND
        cycles = self._cycles
        totals = cycles.totals()
        self._split(totals)
        for k in range(4):
            self._saturated[k] += self._ends[k]
            self._ends[k] = 0
        self._number += 1
        self._say("S", (
            ("uid", self._hal.uid), ("b", self._boot), ("q", self._number), ("t", self._now()),
            ("f", self._position), ("n", cycles.frames), ("c", cycles.cycles),
            ("z", cycles.length), ("s", totals),
            ("e", self._quadrants.sums if self._quadrants else []), ("x", self._saturated),
            ("m", cycles.extremes()), ("a", 1 if self._events.mains else 0),
            ("p", [count & _WRAP for count in self._hal.pulses()]), ("w", self._waited),
            ("o", self._overruns), ("l", self._lost),
        ))  # fmt: skip
        self._waited = 0

    def _split(self, totals):
        """Put what this record adds into its quadrants."""
        frames, before = self._before
        new = self._cycles.frames - frames
        if new and self._quadrants:
            before = before or [0] * len(totals)
            added = [totals[k] - before[k] for k in range(len(totals))]
            self._quadrants.take(new, added)
        self._before = (self._cycles.frames, totals)

    def _send(self):
        self._outbox.send()
        if len(self._outbox):
            return
        if self._untidy:
            self._untidy = False
            gc.collect()  # here, while nothing waits, and not in the middle of a drain
        pairs = self._snapshot.line(self._boot)
        if pairs:
            self._say("W", pairs)

    def _say(self, tag, pairs):
        self._outbox.put(encode(tag, pairs))
        self._untidy = True

    def _hear(self, line):
        try:
            command = parse(line)
        except BadCommand as bad:
            self._refuse(bad.number, bad.why)
            return
        getattr(self, "_answer_" + command.word)(command)

    def _accept(self, command, values=()):
        well = (("r", command.number), ("ok", 1))
        self._say("R", well + values)

    def _refuse(self, number, why):
        self._say("R", (("r", number), ("ok", 0), ("error", why)))

    def _identity(self):
        board = (
            ("uid", self._hal.uid), ("boot", self._boot), ("fw", FIRMWARE), ("v", LINES),
            ("fs", self._sampler.rate), ("ch", 4),
        )  # fmt: skip
        reset = (("reset", self._cause),)
        return board + _pairs(self._settings) + reset

    def _answer_id(self, command):
        self._accept(command)
        self._say("ID", self._identity())

    def _answer_time(self, command):
        self._accept(command, (("t", self._now()), ("f", self._position)))

    def _answer_snap(self, command):
        why = self._snapshot.want(command.content.get("n", MOST))
        if why:
            self._refuse(command.number, why)
        else:
            self._accept(command)

    def _answer_cfg(self, command):
        if not command.content:
            self._accept(command, _pairs(self._settings))
            return
        try:
            after = changed(self._settings, command.content)
            self._hal.check_pulses(after["pins"])
            if after != self._settings:
                self._hal.save(after)
        except (ValueError, OSError) as error:
            self._refuse(command.number, _why(error))
            return
        self._accept(command, _pairs(after))
        if after != self._settings:
            self._drain()  # to keep them may have taken some ms
            self._record()  # what was counted since the last one would be lost with the run
            self._settings = after
            self._begin("settings")

    def _answer_reset(self, command):
        self._go(command, self._hal.reset)

    def _answer_boot(self, command):
        self._go(command, self._hal.bootloader)

    def _go(self, command, leave):
        self._accept(command)
        self._leave = leave
        self._turns = _FAREWELL


def _pairs(settings):
    """Return the settings as pairs, in the order of docs/board-lines.md."""
    keys = ("layout", "order", "lags", "quarter", "steps", "period", "pins", "debounce")
    return tuple((key, settings[key]) for key in keys)


def _why(error):
    return "it cannot be kept" if isinstance(error, OSError) else str(error)
