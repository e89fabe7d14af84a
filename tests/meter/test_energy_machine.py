"""Whatever befalls a register, its index never falls and ends at the truth."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from submeter.meter.energy import Energy
from submeter.meter.feed import Dial, Feed
from submeter.meter.instant import Instant
from submeter.meter.reading import Quality, Update, Value

WH = 1000
KWH = 1000 * WH
POWER = 36_000.0
IMPORT = "Active_Energy_Import"
STEP = WH
SPAN = 100_000 * KWH
FEED = Feed("tic", {IMPORT: Quality.MEASURED}, 10.0, {IMPORT: Dial(STEP, (SPAN,))})
FAR = 20_000 * KWH  # more than all the time of one run could bring

loads = st.sampled_from([0.0, 0.3, 1.0])
# Readings of a new register: near the end of its dial, and far from either end.
bases = st.sampled_from([SPAN - 2 * KWH, SPAN - 3 * WH, 30_000 * KWH, 50_000 * KWH])


class Register(RuleBasedStateMachine):
    """An instrument with one register, its line, and the clocks of the machine that reads it."""

    def __init__(self) -> None:
        super().__init__()
        self.mono, self.utc = 1000.0, 1_700_000_000.0
        self.error = 0.0  # of the UTC clock
        self.name = 0
        self.raw = 0
        self.truth = 0  # what the registers of all instruments showed, from the first reading on
        self.sent: list[int] = []
        self.last: int | None = None  # the reading before a silence, until one after it is accepted
        self.mark = 0  # the truth then
        self.seen = 0
        self.damages = 0
        self.energy = self.made({})

    def made(self, saved: dict[str, str]) -> Energy:
        return Energy([FEED], [IMPORT], {}, POWER, self.now(), saved)

    def now(self) -> Instant:
        return Instant(self.mono, self.utc + self.error)

    @property
    def shown(self) -> int:
        return self.raw // STEP * STEP

    def send(self, reading: int, name: int | None = None) -> None:
        instrument = str(self.name if name is None else name)
        update = Update({IMPORT: Value(reading)}, instrument=instrument)
        self.energy.take("tic", update, self.now())
        self.energy.book({IMPORT: "tic"})
        self.check()

    def read(self) -> None:
        self.send(self.shown)
        self.sent = [*self.sent, self.shown][-3:]
        if self.seen > self.mark:
            self.last = None

    def wait(self, seconds: float, load: float) -> None:
        self.mono += seconds
        self.utc += seconds
        before = self.shown
        self.raw += int(POWER * load * seconds / 3.6)
        self.truth += self.shown - before
        self.raw %= SPAN

    def begin_silence(self) -> None:
        if self.last is None:
            self.last, self.mark = self.sent[-1], self.truth

    def settle(self, load: float = 0.0) -> None:
        """Read quietly, with the clock right, until whatever was doubtful is settled."""
        self.error = 0.0
        self.last = None
        for _ in range(8):
            self.wait(15, load)
            self.read()
        self.read()
        self.read()
        assert self.energy.totals[IMPORT] == self.truth

    def check(self) -> None:
        total = self.energy.totals[IMPORT]
        if total is not None:
            assert self.seen <= total <= self.truth
            self.seen = total

    @initialize(base=bases)
    def begin(self, base: int) -> None:
        self.raw = self.truth = base
        self.read()
        self.read()

    @rule(count=st.integers(1, 6), every=st.sampled_from([0.5, 2.0, 20.0]), load=loads)
    def run(self, count: int, every: float, load: float) -> None:
        for _ in range(count):
            self.wait(every, load)
            self.read()

    @rule(seconds=st.integers(1, 6 * 3600), load=loads)
    def fall_silent(self, seconds: int, load: float) -> None:
        self.begin_silence()
        self.wait(seconds, load)

    @rule(pick=st.integers(0, 2), count=st.integers(1, 2), every=st.sampled_from([0.0, 30.0]))
    def send_again(self, pick: int, count: int, every: float) -> None:
        """Send earlier readings; after a silence the last one, as a gateway that caches does."""
        late = self.sent[pick % len(self.sent)] if self.last is None else self.last
        for _ in range(count):
            self.wait(every, 0.1)
            self.send(late)
        self.run(2, 1.0, 0.1)  # else the copies could stand long enough to be believed

    @rule(
        count=st.integers(1, 4),
        every=st.sampled_from([0.0, 5.0, 30.0]),
        far=st.sampled_from([FAR, 2 * FAR, -FAR]),
        step=st.sampled_from([0, WH]),
    )
    def damage(self, count: int, every: float, far: int, step: int) -> None:
        """Send what physics forbids, up to four times."""
        self.damages += 1  # another reading each time, none of which follows from the one before
        wrong = (self.shown + far - self.damages * 300 * KWH) % SPAN
        for place in range(count):
            self.wait(every, 0.1)
            self.send(wrong + place * step)
        self.run(2, 1.0, 0.5)

    # While good readings are refused two such would bear each other out.
    @precondition(lambda self: self.last is None)
    @rule(near=st.sampled_from([WH, 5 * WH, 10 * KWH, -WH, -10 * KWH]))
    def damage_once(self, near: int) -> None:
        """Send what physics may allow: nothing but the next reading tells."""
        self.run(2, 1.0, 0.1)
        self.send((self.shown + near) % SPAN)
        self.run(3, 1.0, 0.1)

    @rule()
    def damage_the_name(self) -> None:
        self.send(self.shown, name=77)
        self.run(2, 1.0, 0.1)

    @rule(load=loads)
    def rest(self, load: float) -> None:
        self.settle(load)

    # Near the end of the dial a reset cannot be told from a roll-over.
    @precondition(lambda self: FAR < self.raw < SPAN - FAR)
    @rule(load=loads)
    def reset(self, load: float) -> None:
        self.settle()
        self.raw = 0
        self.settle(load)

    @rule(base=bases, announced=st.booleans(), delay=st.integers(0, 20), load=loads)
    def exchange(self, base: int, announced: bool, delay: int, load: float) -> None:
        self.settle()
        if announced:
            self.wait(delay, load)
            self.energy.swap(IMPORT, "tic", self.shown, base, self.now())
        self.name += 1
        self.raw, self.sent = base, [base]
        self.settle(load if announced else 0.0)

    @precondition(lambda self: self.error == 0.0)
    @rule(pause=st.integers(0, 7200), load=loads, stands=st.booleans())
    def restart(self, pause: int, load: float, stands: bool) -> None:
        """Restart, with a new monotonic clock; a UTC clock without battery stands meanwhile."""
        saved = self.energy.saved(everything=True)
        self.begin_silence()
        self.wait(pause, load)
        self.error = -float(pause) if stands else 0.0
        self.mono = float(pause % 7)
        self.energy = self.made(saved)
        assert self.energy.totals[IMPORT] in (None, self.seen)

    @precondition(lambda self: self.error != 0.0)
    @rule()
    def hear_of_the_time(self) -> None:
        self.error = 0.0
        self.run(1, 1.0, 0.1)

    @rule(step=st.sampled_from([-1e7, -60.0, 60.0, 1e7]), load=loads)
    def step_the_clock(self, step: float, load: float) -> None:
        before, self.error = self.error, self.error + step
        self.run(3, 2.0, load)
        self.error = before
        self.run(2, 2.0, load)

    @invariant()
    def never_falls(self) -> None:
        self.check()

    def teardown(self) -> None:
        if self.sent:
            self.settle()


Register.TestCase.settings = settings(max_examples=200, stateful_step_count=25, deadline=None)
TestRegister = Register.TestCase
