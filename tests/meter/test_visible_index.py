"""Whatever an instrument, the clock and the power cuts do: the index that is shown never falls."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from submeter.meter.access import Who
from submeter.meter.feed import Dial, Feed
from submeter.meter.instant import Instant
from submeter.meter.meter import Meter
from submeter.meter.reading import Quality, Update, Value
from submeter.meter.setup import Saved, Setup
from submeter.pointmap import points

ENERGY = "Active_Energy_Import"
WH = 1000  # mWh
STEP = WH
SPAN = 1_000_000 * WH
LARGEST = 36_000  # W
OPERATOR = Who("cli", "operator")
FEED = Feed("tic", {ENERGY: Quality.MEASURED}, 20.0, {ENERGY: Dial(STEP, (SPAN,))})
POINTS = tuple(points.all_points().values())

watts = st.integers(0, LARGEST // 2)


class VisibleIndex(RuleBasedStateMachine):
    """An instrument of 1 Wh steps and six digits, a meter, and what is on the disk."""

    @initialize(first=st.integers(0, SPAN // WH - 1), initial=st.none() | st.integers(0, 10**9))
    def install(self, first: int, initial: int | None) -> None:
        self.mono, self.offset = 1000.0, 1_700_000_000.0
        self.register = first * WH  # exact mWh; what it shows are whole steps
        self.serial = 1
        self.disk = Saved()
        self.initial = initial
        self.shown: int | None = None
        # What is to be shown is the truth at a step of the register: the sum of what was shown.
        self.truth = first * WH if initial is None else initial
        self.counted_from = first * WH
        self.start()
        self.readings(2, 2.0, 0)
        self.commit()

    def start(self) -> None:
        initial = {} if self.initial is None else {ENERGY: self.initial}
        setup = Setup(initial=initial, largest_power=LARGEST)
        self.meter = Meter("one", POINTS, [FEED], setup, self.disk, start=self.now)

    @property
    def now(self) -> Instant:
        return Instant(self.mono, self.mono + self.offset)

    @property
    def face(self) -> int:
        return self.register % SPAN // STEP * STEP

    def flow(self, seconds: float, power: int) -> None:
        energy = int(power * seconds / 3.6)
        self.register += energy
        self.mono += seconds

    def send(self, reading: int) -> None:
        update = Update({ENERGY: Value(reading)}, instrument=f"serial {self.serial}")
        self.meter.update(update, self.now)

    def readings(self, count: int, every: float, power: int) -> None:
        for _ in range(count):
            self.flow(every, power)
            self.send(self.face)
            self.meter.tick(self.now)

    @rule(count=st.integers(1, 20), every=st.sampled_from([0.5, 2.0, 30.0]), power=watts)
    def run(self, count: int, every: float, power: int) -> None:
        self.readings(count, every, power)

    @rule(seconds=st.integers(10, 100_000), power=watts)
    def silence(self, seconds: int, power: int) -> None:
        # What takes more than a tenth of the dial unseen is not believed to have rolled over.
        self.flow(min(seconds, SPAN // 11 * 36 // 10 // (LARGEST // 2)), power)
        self.meter.tick(self.now)

    @rule(damaged=st.integers(0, SPAN // WH - 1))
    def glitch(self, damaged: int) -> None:
        self.readings(2, 2.0, 0)
        self.mono += 2
        self.send(damaged * WH)
        self.readings(2, 2.0, 0)

    @rule()
    def twice_and_late(self) -> None:
        late = self.face
        self.readings(2, 2.0, LARGEST // 2)
        self.send(self.face)
        self.send(late)
        self.send(self.face)

    @rule()
    def commit(self) -> None:
        draft = self.meter.draft(self.now)
        states = {point: state for point, (_, state) in draft.indexes.items()}
        self.disk = Saved(states={**self.disk.states, **states})
        self.meter.commit(draft, self.now)

    @rule(
        seconds=st.integers(1, 5000),
        power=watts,
        behind=st.integers(0, 100_000),
        count=st.integers(0, 80),
    )
    def crash(self, seconds: int, power: int, behind: int, count: int) -> None:
        """The machine comes back with the clock behind, until a time service sets it."""
        self.flow(seconds, power)
        self.offset -= behind
        self.start()
        self.readings(count, 2.0, power)
        self.offset += behind
        self.meter.clock_stepped()
        self.readings(2, 2.0, power)

    @rule(step=st.integers(-(10**8), 10**8), count=st.integers(0, 80), power=watts)
    def set_clock(self, step: int, count: int, power: int) -> None:
        """Somebody sets the clock wrong, and then right again."""
        self.offset += step
        self.meter.clock_stepped()
        self.readings(count, 2.0, power)
        self.offset -= step
        self.meter.clock_stepped()

    @rule()
    def reset(self) -> None:
        """The instrument begins anew, right after a reading; it is told from damage in a minute."""
        self.settle()
        if not SPAN // 2 < self.face < SPAN - 2000 * WH:
            return  # it could be back within a day, as if it had only seemed to fall, or roll over
        self.truth += self.register // STEP * STEP - self.counted_from
        self.register = self.counted_from = 0
        self.readings(40, 2.0, 3000)
        self.commit()

    @rule(first=st.integers(0, SPAN // WH - 1), unseen=st.integers(0, 20))
    def swap(self, first: int, unseen: int) -> None:
        """The technician notes both registers, and tells at once."""
        self.settle()
        self.flow(unseen, LARGEST // 2)
        old = self.face
        self.truth += self.register // STEP * STEP - self.counted_from
        self.register = self.counted_from = first * WH
        self.serial += 1
        self.meter.swap(ENERGY, None, old, first * WH, OPERATOR, self.now)
        self.readings(4, 2.0, 0)
        self.commit()

    def settle(self) -> None:
        """Let everything that is under way come to its end."""
        self.readings(40, 2.0, 0)

    @invariant()
    def never_falls(self) -> None:
        if not hasattr(self, "meter"):
            return
        value = self.meter.readings[ENERGY].value
        if value is None:
            return
        assert isinstance(value, int)
        assert self.shown is None or value >= self.shown
        assert value <= self.now_true(), "more than there was"
        self.shown = value

    def now_true(self) -> int:
        return self.truth + self.register // STEP * STEP - self.counted_from

    def teardown(self) -> None:
        if not hasattr(self, "meter"):
            return
        self.settle()
        self.commit()
        value, quality, _ = self.meter.readings[ENERGY]
        assert isinstance(value, int)
        assert quality is Quality.MEASURED
        assert 0 <= self.now_true() - value <= STEP


TestVisibleIndex = VisibleIndex.TestCase
TestVisibleIndex.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
