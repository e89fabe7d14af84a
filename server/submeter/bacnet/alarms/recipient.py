"""One who is told of alarms, and what it is still to be told."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from submeter.bacnet import encoding
from submeter.bacnet.alarms.sender import Sender
from submeter.bacnet.objects.notification_class import flags
from submeter.bacnet.peer import Peer
from submeter.bacnet.settings import RecipientSettings, place

CONFIRMED, UNCONFIRMED = 2, 3  # services
MOST_WAITING = 5000
AT_ONCE = 32  # unconfirmed notifications, for a receiver's buffer is small
PAUSE = 0.05  # s after those
AGAIN = 1.0  # s, when no confirmed request can be sent just now

_log = logging.getLogger(__name__)


class _Notice(NamedTuple):
    """What follows the process identifier; `again` if it was sent in vain to where it was."""

    content: bytes
    priority: int
    again: bool = False


class Recipient:
    """Sends the notifications for `settings`, in the order of the events.

    Confirmed ones go one after the other, so that none is overtaken; one that is not acknowledged
    in spite of its retries is given up. If the recipient is a device `lost` is called, to look for
    it, and the notification is sent once more when it is found. Of what waits, the oldest goes when
    there is too much. While clients have silenced the device nothing is sent, nor later.
    """

    def __init__(
        self, sender: Sender, settings: RecipientSettings, lost: Callable[[], None] | None = None
    ) -> None:
        self.device = settings.device
        self.peer = Peer(place(settings.address)) if settings.address else None
        self._sender = sender
        self._settings = settings
        self._lost = lost
        self._wanted = flags(settings.transitions)
        self._process = encoding.context_unsigned(0, settings.process)
        self._waiting: deque[_Notice] = deque()
        self._under_way: _Notice | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._silent = False
        self._flooded = False

    def tell(self, transition: int, notification: bytes, priority: int) -> None:
        """Send what follows the process identifier, unless this transition is not wanted.

        `priority` is the network's. It waits until the device is found.
        """
        if not self._wanted[transition] or not self._sender.may_initiate():
            return
        if len(self._waiting) >= MOST_WAITING:
            self._waiting.popleft()
            if not self._flooded:
                self._flooded = True
                _log.warning("event=bacnet_alarms_dropped recipient=%s", self)
        self._waiting.append(_Notice(notification, priority))
        self._send()

    def found(self, peer: Peer) -> None:
        """Take note that the device is there, and send what waits."""
        self.peer = peer
        self._send()

    def close(self) -> None:
        """Send nothing any more."""
        self._waiting.clear()
        self._lost = None
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def __str__(self) -> str:
        return self._settings.address or f"device-{self.device}"

    def _send(self) -> None:
        if not self._sender.may_initiate():
            self._waiting.clear()
        if self.peer is None or self._timer:
            return
        if self._settings.confirmed:
            self._send_confirmed(self.peer)
        else:
            self._send_unconfirmed(self.peer)
        if not self._waiting:
            self._flooded = False

    def _send_confirmed(self, peer: Peer) -> None:
        if self._under_way or not self._waiting:
            return
        notice = self._under_way = self._waiting.popleft()
        body = self._process + notice.content
        if not self._sender.outgoing.request(CONFIRMED, body, peer, self._done, notice.priority):
            self._under_way = None
            self._waiting.appendleft(notice)
            self._send_in(AGAIN)

    def _send_unconfirmed(self, peer: Peer) -> None:
        for _ in range(min(AT_ONCE, len(self._waiting))):
            notice = self._waiting.popleft()
            body = self._process + notice.content
            self._sender.send_unconfirmed(UNCONFIRMED, body, peer, notice.priority)
        if self._waiting:
            self._send_in(PAUSE)

    def _done(self, acknowledged: bool) -> None:
        notice, self._under_way = self._under_way, None
        if acknowledged == self._silent:
            self._silent = not acknowledged
            word = "answers" if acknowledged else "silent"
            _log.warning("event=bacnet_alarm_recipient state=%s recipient=%s", word, self)
        if not acknowledged and self.device is not None and self._lost:
            self.peer = None
            self._keep(notice)
            self._lost()
        self._send()

    def _keep(self, notice: _Notice | None) -> None:
        """Let `notice` be the first once the device is found, unless it was so already."""
        if notice and not notice.again and len(self._waiting) < MOST_WAITING:
            self._waiting.appendleft(notice._replace(again=True))

    def _send_in(self, seconds: float) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        self._timer = None
        self._send()
