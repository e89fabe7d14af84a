"""The application layer of one device: what an APDU that comes in is for."""

from collections.abc import Callable
from typing import Literal

from submeter.bacnet.answer import Confirmed, Unconfirmed
from submeter.bacnet.application import apdu as pdu
from submeter.bacnet.application.failures import Failures
from submeter.bacnet.application.outgoing import Outgoing
from submeter.bacnet.application.shares import Shares
from submeter.bacnet.application.supported import services_supported
from submeter.bacnet.application.transactions import Transactions
from submeter.bacnet.carrier import Carrier
from submeter.bacnet.objects.table import ObjectTable
from submeter.bacnet.peer import GLOBAL, Peer
from submeter.errors import FrameError

Silence = Literal["enable", "disable-initiation", "disable"]
"""What DeviceCommunicationControl leaves on (135, 16.1): all, answers only, next to nothing."""

_READ_PROPERTY, _READ_PROPERTY_MULTIPLE = 12, 14
_NEVER_SILENCED = frozenset({17, 20})  # DeviceCommunicationControl, ReinitializeDevice


class Application:
    """The device of `table`: its services by their numbers, as they are known at each request.

    `fast`, if there is one, gets whole ReadProperty and ReadPropertyMultiple requests and returns
    the answer's APDU, or None to have the service asked. `malformed` counts the APDUs that were
    dropped because they break their syntax. `shares` are what it has together with other devices.
    """

    def __init__(self, table: ObjectTable, carrier: Carrier, shares: Shares | None = None) -> None:
        self.shares = shares = shares or Shares()
        self.table = table
        self.carrier = carrier
        self.confirmed: dict[int, Confirmed] = {}
        self.unconfirmed: dict[int, Unconfirmed] = {}
        self.fast: Callable[[bytes], bytes | None] | None = None
        self.silence: Silence = "enable"
        self.malformed = 0
        self._failures = Failures()
        self.outgoing = Outgoing(carrier, self.may_initiate, self._failures, shares.stations)
        self._transactions = Transactions(
            carrier, lambda service: self.confirmed.get(service), self._failures, shares
        )

    @property
    def transactions(self) -> int:
        """How many requests to us wait for something."""
        return len(self._transactions)

    def receive(self, apdu: bytes, peer: Peer, broadcast: bool) -> None:
        """Take an APDU from the network; never raises."""
        if (
            self.fast is not None
            and not broadcast
            and len(apdu) > 3
            and apdu[0] < 4  # a confirmed request without segments
            and (apdu[3] == _READ_PROPERTY or apdu[3] == _READ_PROPERTY_MULTIPLE)
            and self.silence != "disable"
        ):
            try:
                answer = self.fast(apdu)
            except Exception as error:
                self._failures.tell("fast_answer", apdu[3], error)
                answer = None
            if answer is not None:
                self.carrier.send(answer, peer)
                return
        try:
            self._dispatch(apdu, peer, broadcast)
        except FrameError:
            self.malformed += 1

    def may_initiate(self) -> bool:
        """Tell whether we may send what nobody has asked for."""
        return self.silence == "enable"

    def send_unconfirmed(
        self, service: int, body: bytes, to: Peer, priority: int = 0, answer: bool = False
    ) -> None:
        """Send an unconfirmed request to one station; an `answer`, even if we may not initiate."""
        if answer or self.may_initiate():
            self.carrier.send(pdu.unconfirmed(service, body), to, priority=priority)

    def broadcast_unconfirmed(
        self,
        service: int,
        body: bytes,
        network: int = GLOBAL,
        priority: int = 0,
        answer: bool = False,
    ) -> None:
        """Send an unconfirmed request to all stations of `network`; see `send_unconfirmed`."""
        if answer or self.may_initiate():
            self.carrier.broadcast(pdu.unconfirmed(service, body), network, priority=priority)

    def services_supported(self) -> bytes:
        """Return Protocol_Services_Supported, application-tagged: what is served now."""
        return services_supported(self.confirmed, self.unconfirmed)

    def close(self) -> None:
        """Give up what is under way in either direction."""
        self._transactions.close()
        self.outgoing.close()

    def _dispatch(self, apdu: bytes, peer: Peer, broadcast: bool) -> None:
        kind = apdu[0] >> 4 if apdu else None
        if kind == pdu.UNCONFIRMED:
            self._unconfirmed(apdu, peer, broadcast)
        elif broadcast:
            return  # 135, 5.4.5.1: nothing else may be
        elif kind == pdu.CONFIRMED:
            request = pdu.confirmed_request(apdu)
            if self.silence != "disable" or request.service in _NEVER_SILENCED:
                self._transactions.request(request, peer)
        elif self.silence != "disable":
            self._answered(kind, apdu, peer)

    def _unconfirmed(self, apdu: bytes, peer: Peer, broadcast: bool) -> None:
        if len(apdu) < 2:
            raise FrameError("an unconfirmed request without a service")
        service = self.unconfirmed.get(apdu[1])
        if service is None or self.silence == "disable":
            return
        try:
            service(apdu[2:], peer, broadcast)
        except FrameError:
            raise
        except Exception as error:
            self._failures.tell("unconfirmed", apdu[1], error)

    def _answered(self, kind: int | None, apdu: bytes, peer: Peer) -> None:
        """Take what belongs to a request that was made before, ours or a client's."""
        if kind in (pdu.SIMPLE_ACK, pdu.COMPLEX_ACK, pdu.ERROR):
            self.outgoing.replied(pdu.reply_of(apdu), peer, heard=kind != pdu.ERROR)
        elif kind == pdu.REJECT:
            self.outgoing.ended(pdu.ending_of(apdu).invoke_id, peer)
        elif kind == pdu.ABORT:
            ending = pdu.ending_of(apdu)
            end = self.outgoing.ended if ending.server else self._transactions.abort
            end(ending.invoke_id, peer)
        elif kind == pdu.SEGMENT_ACK:
            ack = pdu.segment_ack_of(apdu)
            if not ack.server:  # ours have no segments
                self._transactions.acknowledge(ack, peer)
        else:
            raise FrameError("no kind of APDU")
