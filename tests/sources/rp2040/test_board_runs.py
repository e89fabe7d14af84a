"""Runs of a board, as one line after the other says them; without a port, at any time."""

import pytest

from submeter.errors import Condition
from submeter.meter.instant import Instant
from submeter.sources.rp2040.board import ANEW
from tooling.clamp_host import Host
from tooling.clamp_records import IdealBoard, Load

ONE = {"board": "e66038b713000001", "clamp": {"current": 50}, "snapshot": 0}
MWH = 2300 / 3.6  # of 10 A at 230 V in a second


class Site:
    """A host and a board, which says what it is told to; `pace` is s between its records."""

    def __init__(self, pace: float = 1.0) -> None:
        self.host, self.ideal, self.now, self.pace = Host(ONE), IdealBoard(), 1000.0, pace

    def introduce(self) -> None:
        self.say("ID", self.ideal.identity())

    def live(self, seconds: int = 1) -> None:
        for _ in range(seconds):
            self.now += self.pace
            self.say("S", self.ideal.second())

    def say(self, tag: str, content: object) -> None:
        self.host.hear(self.ideal.line(tag, content), Instant(self.now, 1.7e9 + self.now))

    def trouble(self) -> Condition | None:
        return self.host.board.trouble

    def asked(self) -> list[str]:
        """Return what the host asked since this was asked, without number and checksum."""
        sent, self.host.line.sent = self.host.line.sent, []
        return [each.partition(" ")[2].rpartition("*")[0] for each in sent]


async def test_a_board_that_tells_seldom_is_asked_at_once_and_told_to_tell_each_second() -> None:
    site = Site()
    site.ideal.period = 16
    await site.host.start()
    assert site.asked() == ["id"]
    site.introduce()
    assert site.asked() == ['cfg {"period": 1}']
    site.ideal.period = 1
    site.ideal.reset("b", "settings")
    site.introduce()
    site.live(30)
    assert site.asked() == []
    await site.host.stop()


async def test_a_late_record_of_the_run_before_is_forgotten_with_the_next_of_this_one() -> None:
    site = Site()
    await site.host.start()
    site.introduce()
    site.live(3)
    late = site.ideal.second()
    site.ideal.reset("b")
    site.introduce()
    site.live(2)
    site.say("S", late)
    site.asked()
    for _ in range(300):
        site.live()
        assert site.trouble() is None
    assert site.asked() == []
    for _ in range(5):
        site.say("S", late)
        site.live(30)
    site.asked()
    site.ideal.reset("c")
    site.live()
    assert site.asked() == ["id"], "at once"
    assert site.trouble() is None
    assert site.host.counted(0, "Active_Energy_Import") == pytest.approx(454 * MWH, abs=1)
    await site.host.stop()


async def test_a_run_is_asked_anew_to_take_what_one_refused_ten_minutes_before() -> None:
    site = Site()
    site.ideal.quarter = 25
    await site.host.start()
    site.introduce()
    site.live(60)
    assert site.trouble() is Condition.WRONG_LAYOUT
    assert site.asked() == ["id", *['cfg {"quarter": 30}'] * 3]
    site.ideal.reset("b")
    site.introduce()
    site.live(int(ANEW) - 70)
    assert site.trouble() is Condition.WRONG_LAYOUT
    assert site.asked() == []
    site.live(70)
    assert site.asked() == ['cfg {"quarter": 30}'] * 3
    site.ideal.quarter = 30
    site.ideal.reset("c")
    site.introduce()
    assert site.trouble() is None
    await site.host.stop()


async def test_a_board_that_keeps_no_settings_is_not_given_them_without_end() -> None:
    """Each time it is given them it writes its flash, and begins a new run as before."""
    site = Site()
    site.ideal.quarter = 25
    await site.host.start()
    given = 0
    for run in range(500):
        site.ideal.reset(f"r{run}", "settings")
        site.introduce()
        site.live()
        if run % 100 == 99:
            site.host.line.opened += 1
        given += sum(each.startswith("cfg") for each in site.asked())
        assert run < 20 or site.trouble() is Condition.WRONG_LAYOUT
    assert given == 3
    await site.host.stop()


async def test_what_a_board_says_neither_fills_nor_forges_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    site = Site()
    await site.host.start()
    for number in range(1200):
        site.now += 0.1
        firmware = f'{number} "\\\n\x1b[2J event=x {"y" * 90}'
        site.say("ID", site.ideal.identity() | {"v": 2, "fw": firmware})
    assert len(caplog.messages) == 2
    text = caplog.messages[0].split(" firmware=")[1].partition(" lines=")[0]
    assert text == '"0 \\"\\\\??[2J event=x ' + "y" * 46 + '"'
    caplog.clear()
    for turn in range(600):
        site.ideal.quarter = 25 + 5 * (turn % 2)
        site.ideal.reset(f"r{turn}")
        site.introduce()
        given = [each for each in site.host.line.sent if "cfg" in each]
        number = int(given[-1].split()[0]) if given else 0
        site.say("R", {"r": number, "ok": 0, "error": 'no "x"'})
        site.live()
    assert 0 < len(caplog.messages) <= 10
    assert caplog.messages[0].endswith(' reason="no \\"x\\""')
    await site.host.stop()


async def test_of_the_clocks_of_boards_only_that_of_the_one_that_is_heard_is_kept() -> None:
    site = Site()
    site.host.board._expected = site.ideal.uid
    await site.host.start()
    site.introduce()
    site.live(2)
    own = site.host.board._trim
    assert own
    assert own[0] == site.ideal.uid
    for other in range(50):
        site.ideal.uid = f"e66038b7139{other:05d}"
        site.introduce()
        site.live()
    assert site.host.board._trim is own
    await site.host.stop()


async def test_events_of_a_new_run_are_numbered_anew() -> None:
    site = Site()
    await site.host.start()
    for boot, event in (("a", 2), ("a", 1), ("a", 2), ("b", 1), ("b", 1), ("b", 2)):
        if boot != site.ideal.boot:
            site.ideal.reset(boot)
            site.introduce()
            site.live(2)
        content = {"b": boot, "q": event, "t": 1, "f": 1, "k": "dip", "v": 7, "r": 9, "d": 4096}
        site.say("E", content)
    site.live()
    assert site.host.updates[0].values["Voltage_Dips"].number == 3
    await site.host.stop()


@pytest.mark.parametrize("ppm", [-150, 150])
async def test_the_true_rate_of_a_crystal_comes_from_the_line_and_goes_into_the_energy(
    ppm: int,
) -> None:
    fast = 1 + ppm * 1e-6
    site = Site(pace=1 / fast)
    site.ideal.loads = [Load(10.0)] * 3
    await site.host.start()
    site.introduce()
    site.live(200)
    assert site.host.board.true_rate is None
    site.live(200)
    assert site.host.board.true_rate == pytest.approx(6000 * fast, rel=2e-6)
    before = site.host.counted(0, "Active_Energy_Import")
    site.live(200)
    found = site.host.counted(0, "Active_Energy_Import") - before
    assert found == pytest.approx(200 * MWH / fast, rel=1e-5)
    assert site.host.updates[0].values["Frequency"].number == pytest.approx(50 * fast, abs=2e-4)
    await site.host.stop()
