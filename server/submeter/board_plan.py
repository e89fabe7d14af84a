"""The boards of a configuration: each has one port, whoever wants something of it."""

from submeter.source_place import Place, Ports, port_name
from submeter.sources.board.board_line import BoardLine
from submeter.sources.port import Spec
from submeter.sources.rp2040.board import Board


class BoardPlan:
    """The boards by their ports; pulse inputs and clamps of one board share them."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._lines: dict[str, BoardLine] = {}
        self._boards: dict[str, tuple[Board, str | None]] = {}  # and the number that is expected

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
        spec = place.spec(port or f"board:{uid}", *key, "port" if port else "board")
        line = self.line(spec, place, *key, "port" if port else "board")
        name = port_name(spec)
        uid = uid and uid.lower()
        board, expected = self._boards.get(name) or (Board(line, uid), uid)
        if expected != uid:
            other = f"board {expected}" if expected else "a board without a number"
            message = f"{spec} is that of {other} for another meter; name the same 'board'"
            raise place.error(message, *key, "board" if uid else "port")
        self._boards[name] = board, expected
        return board
