"""How the sources of a running server are, for `submeter show`.

From the local socket, which knows the reasons, or from the registers of the gateway's unit.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from pymodbus.client import ModbusTcpClient
from pymodbus.exceptions import ModbusException

from submeter import local_socket
from submeter.config import Loaded
from submeter.errors import Condition, NoAnswerError
from submeter.modbus.gateway import FIRST_SOURCE, MOST_SOURCES, SOURCE_LINES, STRIDE
from submeter.modbus.settings import GATEWAY

_NEVER = 0xFFFFFFFF
_PLACES = {line.name: (line.number - FIRST_SOURCE, line.words) for line in SOURCE_LINES}
# What the local socket says of each field of SourceState.
_KINDS = (str, str, str, str, float | None, int, int)
_WORDS = max(at + words for at, words in _PLACES.values())


class SourceState(NamedTuple):
    """How one source is; `age` in seconds since its last valid frame, None if there was none."""

    meter: str
    source: str
    condition: str
    reason: str
    age: float | None
    frames: int
    errors: int

    def __str__(self) -> str:
        reason = f" ({self.reason})" if self.reason else ""
        heard = "no frame yet" if self.age is None else f"last frame {self.age:.0f} s ago"
        return (
            f"{self.meter}/{self.source}: {self.condition}{reason}; "
            f"{heard}, {_count(self.frames, 'frame')}, {_count(self.errors, 'error')}"
        )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def ask(
    loaded: Loaded, client: ModbusTcpClient, meters: list[str], local: bool
) -> list[SourceState]:
    """Return how the sources of `meters` are, nothing where the server does not tell.

    `local` says that the server runs on this machine.
    """
    if local:
        try:
            answer = local_socket.ask(local_socket.beside(loaded.store_path), {"ask": "sources"})
        except NoAnswerError:
            answer = None
        if answer is not None and isinstance(rows := answer.get("sources"), list):
            states = map(_told, rows)
            return [state for state in states if state and state.meter in meters]
    try:
        return list(_of_gateway(loaded, client, meters))
    except (ModbusException, OSError):
        return []


def _told(row: Mapping[str, Any]) -> SourceState | None:
    """Return what the local socket says; None if it is a server that says something else."""
    try:
        told = tuple(row[name] for name in SourceState._fields)
    except (KeyError, TypeError):
        return None
    fits = all(isinstance(value, kind) for value, kind in zip(told, _KINDS, strict=True))
    return SourceState(*told) if fits else None


def _of_gateway(
    loaded: Loaded, client: ModbusTcpClient, meters: list[str]
) -> Iterator[SourceState]:
    modbus = loaded.config.modbus
    units = [
        number for number, name in ((255, modbus.unit_255), (0, modbus.unit_0)) if name == GATEWAY
    ]
    if not units:
        return
    names = [(meter.name, each.called) for meter in loaded.config.meters for each in meter.sources]
    for number, (meter, source) in enumerate(names[:MOST_SOURCES]):
        if meter not in meters:
            continue
        start = FIRST_SOURCE - 1 + STRIDE * number
        answer = client.read_holding_registers(start, count=_WORDS, device_id=units[0])
        if answer.isError():
            return
        yield _shown(meter, source, answer.registers)


def _shown(meter: str, source: str, cells: Sequence[int]) -> SourceState:
    figures = {}
    for name, (at, words) in _PLACES.items():
        figures[name] = int.from_bytes(
            b"".join(cell.to_bytes(2) for cell in cells[at : at + words])
        )
    code = figures["Condition"]
    known = code in set(Condition)
    condition = Condition(code).words if known else f"condition {code}"
    age = None if figures["Age"] == _NEVER else float(figures["Age"])
    return SourceState(meter, source, condition, "", age, figures["Frames"], figures["Errors"])
