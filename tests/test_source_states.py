"""How the sources are, as `submeter show` learns it."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pymodbus.exceptions import ModbusException

from submeter import local_socket
from submeter.errors import Condition, NoAnswerError
from submeter.modbus.counts import Counts
from submeter.modbus.gateway import Figures, Gateway, SourceFigures
from submeter.modbus.tables import Registers
from submeter.source_states import SourceState, ask

SOURCES = (
    SourceFigures("linky/tic", False, 35.4, 1204, 3, Condition.NO_DEVICE),
    SourceFigures("solar/mbus", True, 2.0, 9, 0, Condition.ONLINE),
    SourceFigures("solar/pulse", False, None, 0, 70_000, Condition.STARTING),
)


def meter(name: str, *sources: str) -> SimpleNamespace:
    return SimpleNamespace(name=name, sources=[SimpleNamespace(called=each) for each in sources])


def loaded(unit_0: str = "none", unit_255: str = "gateway") -> Any:
    modbus = SimpleNamespace(unit_0=unit_0, unit_255=unit_255)
    meters = [meter("linky", "tic"), meter("sum"), meter("solar", "mbus", "pulse")]
    config = SimpleNamespace(modbus=modbus, meters=meters)
    return SimpleNamespace(config=config, store_path=Path("/nowhere/submeter.db"))


class Client:
    """Answers from the registers of a gateway's unit at `unit`."""

    def __init__(self, unit: int = 255) -> None:
        figures = Figures("1.2.3", 1.0, 3, Counts(*[0] * len(Counts._fields)), 0, SOURCES)
        found = Gateway(lambda: figures).unit.image.blocks[3]
        assert isinstance(found, Registers)
        self._block = found
        self._unit = unit
        self.asked = 0

    def read_holding_registers(self, start: int, count: int, device_id: int) -> Any:
        self.asked += 1
        if device_id != self._unit:
            return SimpleNamespace(isError=lambda: True)
        assert self._block.layout.readable(start, count)
        data = self._block.read(start, count)
        words = [int.from_bytes(data[at : at + 2]) for at in range(0, len(data), 2)]
        return SimpleNamespace(isError=lambda: False, registers=words)


@pytest.mark.parametrize(
    ("unit_0", "unit_255", "unit"), [("none", "gateway", 255), ("gateway", "auto", 0)]
)
def test_from_the_gateway(unit_0: str, unit_255: str, unit: int) -> None:
    client: Any = Client(unit)
    shown = ask(loaded(unit_0, unit_255), client, ["linky", "solar"], local=False)
    assert [str(state) for state in shown] == [
        "linky/tic: no device; last frame 35 s ago, 1204 frames, 3 errors",
        "solar/mbus: online; last frame 2 s ago, 9 frames, 0 errors",
        "solar/pulse: starting; no frame yet, 0 frames, 70000 errors",
    ]
    assert [state.source for state in ask(loaded(unit_0, unit_255), client, ["solar"], False)] == [
        "mbus",
        "pulse",
    ]


def test_without_a_gateway_nothing_is_asked() -> None:
    client: Any = Client()
    assert ask(loaded("none", "auto"), client, ["linky"], local=False) == []
    assert client.asked == 0


def test_a_server_with_another_configuration_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    client: Any = Client(7)
    assert ask(loaded(), client, ["linky"], local=False) == []

    def gone(*arguments: object, **keys: object) -> None:
        raise ModbusException("gone")

    client.read_holding_registers = gone
    assert ask(loaded(), client, ["linky"], local=False) == []


ROW = {"meter": "linky", "source": "tic", "condition": "busy", "reason": "another program uses it",
       "age": None, "frames": 0, "errors": 4, "code": 4, "identity": None}  # fmt: skip


def test_from_the_local_socket_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []

    def answer(path: Path, question: object) -> object:
        asked.append((path.parent, question))
        odd = [ROW | {"age": "x"}, ROW | {"frames": []}, ROW | {"reason": None}]
        return {"sources": [ROW, ROW | {"meter": "solar"}, {"meter": "linky"}, 7, *odd]}

    monkeypatch.setattr(local_socket, "ask", answer)
    client: Any = Client()
    shown = ask(loaded(), client, ["linky"], local=True)
    assert shown == [SourceState("linky", "tic", "busy", "another program uses it", None, 0, 4)]
    assert str(shown[0]).startswith("linky/tic: busy (another program uses it); no frame yet")
    assert asked == [(Path("/nowhere"), {"ask": "sources"})]
    assert client.asked == 0


@pytest.mark.parametrize("answer", [None, {"error": "no such question"}, NoAnswerError("may not")])
def test_without_the_local_socket_the_gateway_is_asked(
    answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reply(path: Path, question: object) -> object:
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(local_socket, "ask", reply)
    client: Any = Client()
    assert [state.condition for state in ask(loaded(), client, ["linky"], True)] == ["no device"]
