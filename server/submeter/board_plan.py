"""The boards of a configuration: each has one port, whoever wants something of it."""

from collections.abc import Mapping

from submeter.source_place import Place, Ports, port_name
from submeter.sources.board.board_line import BoardLine
from submeter.sources.port import Spec
from submeter.sources.rp2040.agreement import Agreement
from submeter.sources.rp2040.board import Board
from submeter.sources.rp2040.settings import Rp2040Settings
from submeter.sources.rp2040.wiring import Wiring


class BoardPlan:
    """The boards by their ports; pulse inputs and clamps of one board share them."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._lines: dict[str, BoardLine] = {}
        self._boards: dict[str, tuple[Board, str | None]] = {}  # and the number that is expected
        self._agreements: dict[Board, Agreement] = {}

    def line(self, spec: Spec, place: Place, *key: str) -> BoardLine:
        """Return the line of the board at `spec`; raises ConfigError if the port is taken."""
        name = port_name(spec)
        if name not in self._lines:
            self._ports.take(spec, place, *key)
            self._lines[name] = BoardLine(spec)
        return self._lines[name]

    def board(self, uid: str | None, port: str | None, place: Place, *key: str) -> Board:
        """Return the board with clamps that has the number `uid`, or is at `port`, or both.

        `key` is where they stand. Raises ConfigError.
        """
        key_of_port = "port" if port else "board"
        spec = place.spec(port or f"board:{uid}", *key, key_of_port, board=True)
        line = self.line(spec, place, *key, key_of_port)
        name = port_name(spec)
        uid = uid and uid.lower()
        board, expected = self._boards.get(name) or (Board(line, uid), uid)
        if expected != uid:
            other = f"board {expected}" if expected else "a board without a number"
            message = f"{spec} is that of {other} for another meter; name the same 'board'"
            raise place.error(message, *key, "board" if uid else "port")
        self._boards[name] = board, expected
        return board

    def agree(
        self,
        board: Board,
        settings: Rp2040Settings,
        wiring: Wiring,
        configured: Mapping[str, float],
        place: Place,
    ) -> None:
        """Take what a meter says of what is at the inputs of `board`; see `Agreement`.

        Raises ConfigError if another meter has it otherwise.
        """
        found = self._agreements.setdefault(board, Agreement()).add(settings, wiring, configured)
        if found:
            raise place.error(found.message, found.key)
