"""Three boards, one for each phase, as one meter; and the rating of transformers while it runs."""

import math
import time
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path

from submeter.errors import Condition
from submeter.sources.rp2040.three_boards import LONGEST
from tooling.clamp_records import Load
from tooling.instruments import EXPORT, Site, Sources
from tooling.instruments_clamps import CLAMP, ClampBoard, Index, Shown
from tooling.program import eventually

PHASES = {"L1": (230.0, Load(1.0)), "L2": (225.0, Load(2.0, 60.0)), "L3": (240.0, Load(0.5, 180.0))}
"""V, and A; the sum is imported."""

PRIMARY = 1001  # holding register


def test_three_boards(tmp_path: Path) -> None:
    with ExitStack() as stack:
        boards = {
            phase: stack.enter_context(
                ClampBoard(tmp_path / phase, uid=f"e6600{phase}", volts=volts, loads=[load] * 3)
            )
            for phase, (volts, load) in PHASES.items()
        }
        places = {
            phase: {"port": board.node, "board": f"E6600{phase}"} for phase, board in boards.items()
        }
        house = {"rp2040": {"boards": places, "clamp": CLAMP, "snapshot": 0}}
        site = Site(tmp_path, 74, {"house": [house]})
        with site.running() as program:
            for board in boards.values():
                board.begin()
            see, index = Shown(site, "house"), Index(site, "house")
            live(boards.values(), 3)
            see_phases(see)
            assert "quality: measured" in site.explained("house", "Active_Power_Total")
            index.becomes(2 * watts())
            boards["L2"].unplug()
            eventually(lambda: stale(boards, see))
            see.sees("Active_Power_L1", 0.23)
            site.agrees(house=Condition.NO_DEVICE)
            assert stale(boards, see)  # who says nothing for long is lost too
            boards["L2"].plug()
            boards["L2"].meet(boards["L2"].seconds()[0])
            live([boards["L3"], boards["L1"]])  # with what L2 has said, all have
            time.sleep(LONGEST)  # what waits for another board waits no more
            live([boards["L2"], boards["L3"], boards["L1"]], 2)
            site.agrees(house=Condition.ONLINE)
            see_phases(see)
            index.becomes(sum(board.energies[0] for board in boards.values()) - watts())
            assert site.exact("house", EXPORT) == 0, "what one phase gives the others take"
            assert program.stop() == 0
        assert "event=board_lost source=house phase=L2" in program.log
        assert program.log.count("event=board_back") == 1


def live(boards: Iterable[ClampBoard], count: int = 1) -> None:
    """Let them tell so many seconds, one after the other."""
    for _ in range(count):
        for board in boards:
            board.live()
            board.await_heard()


def watts() -> float:
    """Return the power of all phases."""
    angles = ((volts * load.amperes, math.radians(load.lag)) for volts, load in PHASES.values())
    return sum(apparent * math.cos(angle) for apparent, angle in angles)


def stale(boards: dict[str, ClampBoard], see: Shown) -> bool:
    """Let two boards go on; tell whether nothing is known of the third one, and of the sum."""
    for phase in ("L1", "L3"):
        boards[phase].live()
        boards[phase].await_heard()
    time.sleep(0.15)
    return math.isnan(see.modbus("Active_Power_L2")) and math.isnan(
        see.modbus("Active_Power_Total")
    )


def see_phases(see: Shown) -> None:
    total = 0j
    for phase, (volts, load) in PHASES.items():
        angle = math.radians(load.lag)
        power = volts * load.amperes / 1000 * complex(math.cos(angle), math.sin(angle))
        total += power
        see.sees(f"Voltage_{phase}_N", volts)
        see.sees(f"Current_{phase}", load.amperes, 0.01)
        see.sees(f"Active_Power_{phase}", power.real)
        see.sees(f"Reactive_Power_{phase}", power.imag, floor=0.001)
        see.sees(f"Power_Factor_{phase}", math.cos(angle), 0.01)
    see.sees("Active_Power_Total", total.real)
    see.sees("Reactive_Power_Total", total.imag, floor=0.001)
    see.lacks("Voltage_Angle_L2", "Voltage_Angle_L3")


def test_rating_is_written_while_it_runs(tmp_path: Path) -> None:
    with ClampBoard(tmp_path / "board", loads=[Load(1.0)] * 3) as board:
        sources: Sources = {"big": [{"rp2040": {"port": board.node, "snapshot": 0}}]}
        site = Site(
            tmp_path,
            75,
            sources,
            settings={"big": {"CT_Primary_Rating": 50}},
            access={"networks": ["127.0.0.0/8"], "unlock": "none"},
        )
        with site.running() as program:
            board.begin()
            see, index = Shown(site, "big"), Index(site, "big")
            board.live(3)
            see.sees("Active_Power_Total", 0.23)
            index.becomes(2 * 230)
            site.write("big", PRIMARY, 100)
            board.live()
            see.sees("Current_L1", 2.0)
            see.sees("Active_Power_Total", 0.46)
            board.live()
            index.becomes(3 * 230 + 460)
            assert program.stop() == 0
        board.hang_up()
        with site.running() as program:
            board.meet(board.seconds()[0])
            board.live(2)
            see.sees("Active_Power_Total", 0.46)
            index.becomes(3 * 230 + 460 * 4)
            assert program.stop() == 0
