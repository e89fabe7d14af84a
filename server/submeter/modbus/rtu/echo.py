"""Our own answers, which some adapters let us hear."""

import logging

_log = logging.getLogger(__name__)

_LATE = 0.02  # s that an adapter may hold an echo back


class Echo:
    """Knows the copy of what was sent last: the answer to a write looks like the request.

    With `expected` the adapter is known to do this. Without, nobody else can have sent a copy that
    is over before a request could be; as long as the line has not shown that it has no echo, a late
    adapter is reckoned with too. Times are in seconds; `where` is for the log.
    """

    def __init__(self, expected: bool, where: str) -> None:
        self._told = self._expected = expected
        self._where = where
        self._absent = False
        self._sent = b""
        self._until = 0.0

    def sent(self, frame: bytes, soonest: float, latest: float) -> None:
        """Note that `frame` is sent.

        At `soonest` a request that begins t3.5 after it can be over, if it is as long; by `latest`
        an echo has come.
        """
        self._sent = frame
        if self._expected:
            self._until = latest
        else:
            self._until = soonest if self._absent else soonest + _LATE

    def takes(self, frame: bytes, over: float) -> bool:
        """Tell whether `frame`, which was `over` then, is the copy of what was sent."""
        sent, self._sent = self._sent, b""
        if not sent:
            return False
        if sent == frame and over < self._until:
            if not self._told:
                _log.warning("event=rtu_echo where=%s set=modbus.rtu.echo", self._where)
            self._told = True
            return True
        self._absent |= sent != frame and not self._expected
        return False
