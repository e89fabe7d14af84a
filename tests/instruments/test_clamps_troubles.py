"""Boards that are not as they should be: each has its state, and counts nothing untrue."""

import math
from contextlib import ExitStack
from pathlib import Path

from submeter.errors import Condition
from tooling.clamp_records import Load
from tooling.instruments import Site
from tooling.instruments_clamps import ClampBoard, Index, Shown, clamps
from tooling.program import eventually

LOADS = [Load(2.0), Load(1.0), Load(0.0)]
ONE, TWO = "e66038b7130000a1", "e66038b7130000b2"


def test_states(tmp_path: Path) -> None:
    with ExitStack() as stack:

        def plugged(name: str, uid: str = ONE) -> ClampBoard:
            return stack.enter_context(ClampBoard(tmp_path / name, uid=uid, loads=LOADS))

        names = "full", "lossy", "loop", "old", "free", "dead"
        boards = {name: plugged(name) for name in names}
        swapped = {"one": plugged("one", ONE), "two": plugged("two", TWO)}
        sources = {name: [clamps(board)] for name, board in boards.items()}
        for name, board in swapped.items():
            sources[name] = [clamps(board, board=board.board.uid.upper())]
        site = Site(tmp_path, 73, sources)
        with site.running() as program:
            for board in (*boards.values(), *swapped.values()):
                board.begin()
                board.live(2)
            see_full(site, boards["full"])
            see_lossy(site, boards["lossy"])
            see_loop(site, boards["loop"])
            see_old(site, boards["old"])
            see_free(site, boards["free"])
            see_dead(site, boards["dead"])
            see_swapped(site, *swapped.values())
            assert program.stop() == 0
    told = program.log
    assert "event=board_old_firmware" in told
    for state in ("saturated", "overrun", "resetting", "old firmware", "other meter"):
        assert told.count(f'condition="{state}"') == (2 if state == "other meter" else 1), told


def see_full(site: Site, board: ClampBoard) -> None:
    """More flows than the clamp can show: what is seen is less than the truth."""
    board.board.saturated[1] += 40
    board.live()
    site.agrees(full=Condition.SATURATED)
    see = Shown(site, "full")
    see.sees("Current_L1", 2.0)
    see.estimates(["Current_L1", "Active_Power_L1", "Active_Power_Total"])
    assert "quality: measured" in site.explained("full", "Voltage_L1_N")
    assert site.shown()["full/rp2040"].startswith("saturated; ")
    board.live(2)
    site.agrees(full=Condition.ONLINE)
    assert "quality: measured" in site.explained("full", "Current_L1")
    Index(site, "full").becomes(460.0 * 4)


def see_lossy(site: Site, board: ClampBoard) -> None:
    """What was lost is not made up."""
    board.board.overruns += 1
    board.board.lost += 3000
    board.live()
    site.agrees(lossy=Condition.OVERRUN)
    board.live(2)
    site.agrees(lossy=Condition.ONLINE)
    Index(site, "lossy").becomes(460.0 * 3.5)
    assert Shown(site, "lossy").modbus("Board_Overruns") == 3000


def see_loop(site: Site, board: ClampBoard) -> None:
    """A board that comes to no rest is told, and counts what it counts."""
    for boot in range(1, 6):
        board.board.reset(f"0000b00{boot}")
        board.introduce()
        board.live(1)
    site.agrees(loop=Condition.RESETTING)
    board.live(5)
    site.agrees(loop=Condition.RESETTING)
    Index(site, "loop").becomes(460.0 * 11)


def see_old(site: Site, board: ClampBoard) -> None:
    """Its lines may mean anything, until it is updated."""
    board.board.version, board.board.firmware = 2, "7.0.0"
    board.board.reset("0000c001")
    board.introduce()
    board.seconds(3)
    board.live()
    site.agrees(old=Condition.OLD_FIRMWARE)
    assert site.shown()["old/rp2040"].startswith("old firmware; ")
    board.board.version = 1
    board.board.reset("0000c002")
    board.introduce()
    board.live(3)
    site.agrees(old=Condition.ONLINE)
    Index(site, "old").becomes(460.0 * 4)


def see_free(site: Site, board: ClampBoard) -> None:
    """A clamp that is pulled off sees noise, and no watts."""
    see = Shown(site, "free")
    board.live()
    see.sees("Active_Power_Total", 0.46)
    board.board.loads[0] = Load(0.04, 70.0)
    board.live(3)
    for point in ("Active_Power_Total", "Current_L1", "Apparent_Power_L1", "Reactive_Power_Total"):
        see.sees(point, 0)
    index = Index(site, "free")
    index.becomes(460.0 * 3)
    board.live(10)
    eventually(lambda: " record 17" in site.explained("free", "Current_L1"))
    index.becomes(460.0 * 3)


def see_dead(site: Site, board: ClampBoard) -> None:
    """Where no voltage comes there may be one, for all the board knows: no power is known."""
    see = Shown(site, "dead")
    board.live()
    see.sees("Frequency", 50)
    board.board.volts = 0
    board.live(3)
    see.sees("Voltage_L1_N", 0)
    for point in ("Frequency", "Active_Power_Total", "Power_Factor_L1"):
        assert math.isnan(see.modbus(point)), point
    see.sees("Current_L1", 2)
    site.agrees(dead=Condition.NO_VOLTAGE)


def see_swapped(site: Site, one: ClampBoard, two: ClampBoard) -> None:
    """Neither counts what the other one does, and both go on when they are back."""
    indexes = Index(site, "one"), Index(site, "two")
    swap(one, two)
    site.agrees(one=Condition.OTHER_METER, two=Condition.OTHER_METER)
    swap(one, two)
    site.agrees(one=Condition.ONLINE, two=Condition.ONLINE)
    for index in indexes:
        index.becomes(460.0 * 7)


def swap(one: ClampBoard, two: ClampBoard) -> None:
    """Let each be at the port of the other one, where it counts on."""
    one.board, two.board = two.board, one.board
    for board in (one, two):
        board.meet(board.seconds()[0])
        board.live(2)
