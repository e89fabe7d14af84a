"""Runs an image of MicroPython with our files in an emulated RP2040, and prints what USB says.

It runs in an interpreter of its own that has the packages rp2040py and littlefs-python:

    python rp2040_emulator.py IMAGE.uf2 FOLDER SECONDS [SECOND:TEXT ...]

FOLDER becomes the file system, each TEXT is sent as a line at that second; `!stall 2` makes the
host read nothing for 2 s, `!open 3` opens the contact at GPIO3, `!close 3 20` closes it 20 times,
each time with bounces. `code` says what is at the inputs of the converter. Two faults of the
emulator are got round here: its round robin never leaves channel 0 (wokwi/rp2040js #141), and a
host that polls without a pause eats the processor.
"""

import asyncio
import math
import random
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

AMPLITUDES = (1500.0, 1000.0, 300.0, 20.0)
"""Peak of the voltage and of the currents of three clamps, in codes."""
ANGLES = (0.0, 30.0, 120.0, 240.0)
"""Degrees by which they lag the voltage, as seen at the inputs."""
FREQUENCY = 50.0
MIDDLE = 2066.0
STEPS = ((512, 9), (1536, 9), (2560, 9), (3584, 9))
SAMPLE_NS = 2000
STALL = b"!stall "
OPEN, CLOSE = b"!open ", b"!close "
BOUNCES_MS = ((0, 0), (1, 1), (2, 0), (3, 1), (4, 0), (44, 1), (45, 0), (46, 1))
"""Levels of a pin while its contact closes once."""
CLOSING_MS = 106


def code(channel: int, seconds: float) -> float:
    """Return what an input is at, in codes without the steps of the converter."""
    turn = 2 * math.pi * (FREQUENCY * seconds - ANGLES[channel] / 360)
    return MIDDLE + AMPLITUDES[channel] * math.sin(turn)


def raw(code: float) -> int:
    """Return what the converter says: its wide codes swallow some (RP2040-E11)."""
    told = round(code)
    for threshold, step in STEPS:
        if told > threshold:
            told = max(threshold, told - step)
    return told


def _hook_adc(device: Any) -> None:
    adc = device.mcu.adc
    clock = device.simulator.clock
    state = {"next": -1}
    noise = random.Random(1)

    def read(selected: int) -> None:
        mask = adc.cs >> 16 & 0x1F
        channel = selected if state["next"] < 0 or not mask else state["next"]
        following = (channel + 1) % 5
        while mask and not mask >> following & 1:
            following = (following + 1) % 5
        state["next"] = following if mask else -1
        # Without noise, the rounding of a small current would come back the same in each cycle.
        at = code(channel % 4, clock.nanos / 1e9) + noise.uniform(-1, 1)
        adc.channel_values[channel] = raw(at)
        adc.current_channel = channel
        adc.sample_alarm.schedule(SAMPLE_NS)

    write = adc.write_uint32

    def write_uint32(offset: int, value: int) -> None:
        if offset == 0 and not value & 8:
            state["next"] = -1
        write(offset, value)

    adc.on_adc_read = read
    adc.write_uint32 = write_uint32


def _hook_usb(device: Any) -> None:
    """Let the host wait with its reading of our input until there is some."""
    cdc = device.cdc
    usb = cdc.usb
    answer, send, reset = usb.on_endpoint_read, cdc.send_serial_byte, usb.on_reset
    wanted: list[int] = []

    def serve() -> None:
        if wanted:
            answer(cdc._out_endpoint, wanted.pop())

    alarm = device.simulator.clock.create_alarm(serve)

    def on_read(endpoint: int, size: int) -> None:
        if endpoint == cdc._out_endpoint and endpoint > 0 and cdc.tx_fifo.item_count == 0:
            wanted[:] = [size]
        else:
            answer(endpoint, size)

    def send_byte(byte: int) -> None:
        send(byte)
        if wanted:
            alarm.schedule(1000)

    def on_reset() -> None:
        wanted.clear()
        alarm.cancel()
        if reset:
            reset()

    usb.on_endpoint_read, cdc.send_serial_byte, usb.on_reset = on_read, send_byte, on_reset


def _hook_stall(device: Any) -> Callable[[float], None]:
    """Return what makes the host read nothing for so many seconds."""
    usb = device.cdc.usb
    indicate = usb._indicate_buffer_ready
    stalled = [False]
    held: list[int] = []

    def ready(endpoint: int, out: bool) -> None:
        if stalled[0] and not out and endpoint == device.cdc._in_endpoint:
            held.append(endpoint)
        else:
            indicate(endpoint, out)

    def go_on() -> None:
        stalled[0] = False
        while held:
            indicate(held.pop(0), False)

    usb._indicate_buffer_ready = ready
    over = device.simulator.clock.create_alarm(go_on)

    def stall(seconds: float) -> None:
        stalled[0] = True
        over.schedule(int(seconds * 1e9))

    return stall


def _contact(device: Any, closes: bool, pin: int, times: int = 0) -> None:
    """Open the contact at a pin, or have it close so many times."""
    change = device.mcu.gpio[pin].set_input_value
    if not closes:
        change(True)
    for k in range(times):
        for at, level in BOUNCES_MS:
            alarm = device.simulator.clock.create_alarm(partial(change, bool(level)))
            alarm.schedule(1 + 1_000_000 * (k * CLOSING_MS + at))


def _file_system(folder: Path, layout: Any, file: Path) -> None:
    from littlefs import LittleFS  # type: ignore[import-not-found]

    disk = LittleFS(
        block_size=layout.fs_blocksize, block_count=layout.fs_blockcount, disk_version=0x00020000
    )
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_dir():
            disk.mkdir(name)
        else:
            with disk.open(name, "wb") as opened:
                opened.write(path.read_bytes())
    file.write_bytes(disk.context.buffer)


async def run(image: str, folder: Path, seconds: float, said: list[tuple[float, bytes]]) -> None:
    """Run the board for so many seconds of its own time."""
    from rp2040py.boards import BOARDS, resolve_firmware  # type: ignore[import-not-found]
    from rp2040py.device import MicroPythonDevice  # type: ignore[import-not-found]

    board = resolve_firmware(BOARDS["pico"], "micropython", image)
    with tempfile.TemporaryDirectory() as room:
        disk = Path(room, "disk.img")
        _file_system(folder, board.layout, disk)
        device = MicroPythonDevice(board=board, filesystem=disk)
    _hook_adc(device)
    _hook_usb(device)
    stall = _hook_stall(device)

    def show(data: bytes) -> None:
        sys.stdout.buffer.write(bytes(data))
        sys.stdout.buffer.flush()

    device.cdc.on_serial_data = show
    over = asyncio.Event()
    clock = device.simulator.clock

    def say(text: bytes) -> None:
        if text.startswith(STALL):
            stall(float(text.removeprefix(STALL)))
            return
        if text.startswith((OPEN, CLOSE)):
            _contact(device, text.startswith(CLOSE), *map(int, text.split()[1:]))
            return
        for byte in text:
            device.cdc.send_serial_byte(byte)

    clock.create_alarm(over.set).schedule(int(seconds * 1e9))
    for at, text in said:
        clock.create_alarm(partial(say, text)).schedule(int(at * 1e9))
    device._post_boot_handshake = lambda: None
    async with device:
        await over.wait()


if __name__ == "__main__":
    told = [each.partition(":") for each in sys.argv[4:]]
    lines = [(float(at), text.encode() + b"\r\n") for at, _, text in told]
    asyncio.run(run(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]), lines))
