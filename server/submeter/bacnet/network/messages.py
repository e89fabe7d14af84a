"""What networks are called and who leads to them: network layer messages (ASHRAE 135, 6.4)."""

import logging
from collections.abc import Callable
from enum import IntEnum

from submeter.bacnet.network.npdu import Npdu, encode
from submeter.bacnet.network.paced import Paced
from submeter.bacnet.peer import Peer

_log = logging.getLogger(__name__)

# A broadcast goes to many, so one who asks for it time and again gets few.
_BETWEEN_BROADCASTS = 0.1
_VIRTUAL_PORT = 1

UNKNOWN_NETWORK, UNKNOWN_MESSAGE = 1, 3
"""Reasons of Reject-Message-To-Network (6.4.4)."""


class Message(IntEnum):
    """Types of messages."""

    WHO_IS_ROUTER = 0x00
    I_AM_ROUTER = 0x01
    I_COULD_BE_ROUTER = 0x02
    REJECT = 0x03
    ROUTER_BUSY = 0x04
    ROUTER_AVAILABLE = 0x05
    INITIALIZE_ROUTING_TABLE = 0x06
    INITIALIZE_ROUTING_TABLE_ACK = 0x07
    ESTABLISH_CONNECTION = 0x08
    DISCONNECT_CONNECTION = 0x09
    WHAT_IS_NETWORK_NUMBER = 0x12
    NETWORK_NUMBER_IS = 0x13


_KNOWN = frozenset(Message)


class NumberQuality(IntEnum):
    """How a network number is known: the property Network_Number_NumberQuality."""

    UNKNOWN = 0
    LEARNED = 1
    LEARNED_CONFIGURED = 2
    CONFIGURED = 3


class Messages:
    """Answers messages, and learns the number of the IP network where none is configured.

    `number` is that number, None if unknown, `quality` how it is known; `virtual` the number of the
    virtual network that we route to, if any. `broadcast` sends an NPDU on the IP network, `answer`
    a message to one station.
    """

    def __init__(
        self,
        number: int | None,
        broadcast: Callable[[bytes], None],
        answer: Callable[[Npdu, Peer], None],
    ) -> None:
        self.number = number
        self.quality = NumberQuality.UNKNOWN if number is None else NumberQuality.CONFIGURED
        self.virtual: int | None = None
        self._broadcast = broadcast
        self._answer = answer
        self._say_router = Paced(self._i_am_router, _BETWEEN_BROADCASTS)
        self._say_number = Paced(self._network_number_is, _BETWEEN_BROADCASTS)
        self._clashed = False

    def begin(self) -> None:
        """Say who we lead to, and ask what the network is called if we do not know."""
        if self.virtual is not None:
            self._say_router()
        if self.quality is not NumberQuality.CONFIGURED:
            self._broadcast(encode(Npdu(b"", message=Message.WHAT_IS_NETWORK_NUMBER)))

    def close(self) -> None:
        """Say nothing more."""
        self._say_router.close()
        self._say_number.close()

    def take(self, npdu: Npdu, peer: Peer, broadcast: bool) -> None:
        """Take a message to us; one that is not as it must be is dropped."""
        body = npdu.body
        local = npdu.source is None and npdu.destination is None
        match npdu.message:
            case Message.WHO_IS_ROUTER if self.virtual is not None:
                if body in (b"", self.virtual.to_bytes(2, "big")):
                    self._say_router()
            case Message.I_AM_ROUTER if self.virtual is not None:
                if self.virtual in _numbers(body):
                    self.clash(peer)
            case Message.INITIALIZE_ROUTING_TABLE if self.virtual is not None and body:
                self._routing_table(body, peer)
            case Message.WHAT_IS_NETWORK_NUMBER if local:
                if self.quality is NumberQuality.CONFIGURED:
                    self._say_number()
            case Message.NETWORK_NUMBER_IS if local and broadcast and len(body) == 3:
                self._learn(int.from_bytes(body[:2], "big"), body[2] == 1, peer)
            case _ if npdu.message not in _KNOWN and not broadcast:
                self.reject(UNKNOWN_MESSAGE, self.virtual or 0, peer)

    def reject(self, reason: int, network: int, peer: Peer) -> None:
        """Tell `peer` why its packet to `network` went no further, if we are a router at all."""
        if self.virtual is not None:
            body = bytes((reason,)) + network.to_bytes(2, "big")
            self._answer(Npdu(body, message=Message.REJECT), peer)

    def clash(self, peer: Peer) -> None:
        """Tell the log, once, that another network has the number of our virtual one."""
        if not self._clashed:
            self._clashed = True
            message = "event=bacnet_network_number_taken number=%s by=%s set=bacnet.network_number"
            _log.warning(message, self.virtual, peer)

    def _i_am_router(self) -> None:
        if self.virtual is not None:
            body = self.virtual.to_bytes(2, "big")
            self._broadcast(encode(Npdu(body, message=Message.I_AM_ROUTER)))

    def _network_number_is(self) -> None:
        if self.number is not None:
            body = self.number.to_bytes(2, "big") + b"\x01"
            self._broadcast(encode(Npdu(body, message=Message.NETWORK_NUMBER_IS)))

    def _routing_table(self, body: bytes, peer: Peer) -> None:
        """Answer a query with our table; of changes take note only (6.4.7): it is our own."""
        table = b"\x00"
        if body == b"\x00" and self.virtual is not None:
            table = b"\x01" + self.virtual.to_bytes(2, "big") + bytes((_VIRTUAL_PORT, 0))
        self._answer(Npdu(table, message=Message.INITIALIZE_ROUTING_TABLE_ACK), peer)

    def _learn(self, number: int, configured: bool, peer: Peer) -> None:
        if number == self.virtual:
            self.clash(peer)
            return
        worse = self.quality is NumberQuality.LEARNED_CONFIGURED and not configured
        if self.quality is NumberQuality.CONFIGURED or worse or not 1 <= number <= 65534:
            return
        if self.number is None:
            _log.info("event=bacnet_network_number number=%d by=%s", number, peer)
        self.number = number
        self.quality = NumberQuality.LEARNED_CONFIGURED if configured else NumberQuality.LEARNED


def _numbers(body: bytes) -> set[int]:
    return {int.from_bytes(body[at : at + 2], "big") for at in range(0, len(body) - 1, 2)}
