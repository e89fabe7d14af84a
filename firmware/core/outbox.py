"""Lines that wait to be sent, while sampling goes on."""

_MOST = 16  # lines
_SLOW = 20_000  # us of a turn that sending may take, before it goes on in the next


class Outbox:
    """Sends lines piece by piece with `write(data) -> taken`; where too many wait the oldest go.

    Nothing is lost by that but events and answers: a record contains all the ones before it.
    """

    def __init__(self, write, ticks):
        self._write = write
        self._ticks = ticks
        self._lines = []
        self._sent = 0  # bytes of the first one

    def __len__(self):
        return len(self._lines)

    def put(self, line):
        """Add a line, bytes with its end."""
        if len(self._lines) == _MOST:
            self._lines.pop(1)  # the first one may be half way out
        self._lines.append(line)

    def send(self):
        """Send as much as is taken now, and in a short time."""
        began = self._ticks()
        while self._lines and self._ticks() - began < _SLOW:
            line = self._lines[0]
            taken = self._write(memoryview(line)[self._sent :])
            self._sent += taken
            if self._sent == len(line):
                self._lines.pop(0)
                self._sent = 0
            elif not taken:
                return
