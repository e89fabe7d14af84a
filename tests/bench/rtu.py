"""The turn-around of Modbus RTU on a pseudo-terminal: from a request's last byte to the answer.

Beside it stands t3.5, the silence before which no answer may come. The peer is the serial server
of pymodbus, as it comes. Run as a script, this file is that server: DEVICE BAUDRATE.
"""

import asyncio
import logging
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # as the tests have it

from tooling.serial_line import SerialLine, ask, silence, words

from .modbus_servers import OURS, STOCK, UNIT, devices, submeter

BAUDRATES = (9600, 19200, 38400)
EXCHANGES, QUICK_EXCHANGES = 100, 20
_REQUEST = ask(UNIT, 3, 7, 2)
_ANSWER = words(UNIT, 3, (7, 8))
_MODULE = f"{__package__}.{Path(__file__).stem}"


def run(quick: bool = False) -> None:
    """Print a row for each baud rate and server."""
    count = QUICK_EXCHANGES if quick else EXCHANGES
    print(f"Modbus RTU turn-around on a pseudo-terminal, {count} exchanges")
    print("  baud rate  server           p50 ms  p99 ms  fastest   t3.5  too early  unanswered")
    for baudrate in BAUDRATES:
        for name, server in ((OURS, _ours), (STOCK, _stock)):
            line = SerialLine(baudrate)
            with server(line):
                _row(name, line, count)
            line.close()


def _row(name: str, line: SerialLine, count: int) -> None:
    found, lost = [], 0
    for _ in range(count):
        sent = line.put(_REQUEST)
        first, at = line.get()
        answer = first + line.drain(0.005)
        line.pause(20)
        if not answer:
            lost += 1
        elif answer != _ANSWER:
            sys.exit(f"{name}: a wrong answer: {answer.hex()}")
        else:
            found.append((at - sent) * 1000)
    least = silence(line.baudrate) * 1000
    early = sum(each < least for each in found)
    found = sorted(found) or [float("nan")]
    p99 = found[len(found) * 99 // 100]
    print(
        f"  {line.baudrate:9}  {name:15}  {median(found):6.2f}  {p99:6.2f}"
        f"  {found[0]:7.2f}  {least:5.2f}  {early:9}  {lost:10}"
    )


@contextmanager
def _ours(line: SerialLine) -> Iterator[None]:
    more = f"  rtu: {{port: {line.path}, baudrate: {line.baudrate}, parity: none}}\n"
    with TemporaryDirectory() as folder, submeter(Path(folder), more=more):
        yield


@contextmanager
def _stock(line: SerialLine) -> Iterator[None]:
    command = [sys.executable, "-m", _MODULE, line.path, str(line.baudrate)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            process.stdout.readline()
            yield
        finally:
            process.kill()


async def _serve(device: str, baudrate: int) -> None:
    from pymodbus.server import ModbusSerialServer

    logging.disable()
    server = ModbusSerialServer([devices()], port=device, baudrate=baudrate)
    await server.serve_forever(background=True)
    await asyncio.sleep(0.2)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], int(sys.argv[2])))
