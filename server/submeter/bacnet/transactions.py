"""Confirmed requests: bacpypes3's server transactions, with our services behind them.

What is overridden here is what bacpypes3 0.0.110 does against ASHRAE 135, clause 5.4.5, or does
not bear: a request that cannot be decoded is never answered and blocks its invoke id, segments are
longer than the client's limit, bad windows raise, and nothing bounds a segmented request.
"""

from typing import Any

from bacpypes3.apdu import (
    APDU,
    AbortPDU,
    AbortReason,
    ComplexAckPDU,
    ConfirmedRequestPDU,
    ErrorPDU,
    RejectPDU,
    SegmentAckPDU,
)
from bacpypes3.app import DeviceInfoCache
from bacpypes3.appservice import (
    ABORTED,
    AWAIT_RESPONSE,
    COMPLETED,
    IDLE,
    SEGMENTED_RESPONSE,
    ApplicationServiceAccessPoint,
    ServerSSM,
)
from bacpypes3.basetypes import Segmentation
from bacpypes3.pdu import Address

from submeter.bacnet import services
from submeter.bacnet.objects import ObjectTable
from submeter.bacnet.services import Overflow, Refusal
from submeter.bacnet.tags import Rejected

LARGEST_APDU = 1476  # bytes: the most that BACnet/IP carries (135, annex J.1.1)
MOST_SEGMENTS = 16
SEGMENT_TIMEOUT = 1000  # ms
APDU_TIMEOUT = 3000  # ms
RETRIES = 3
MOST_TRANSACTIONS = 256
MOST_OF_ONE = 16  # of the same client
_HEADER, _SEGMENT_HEADER = 3, 5  # bytes of a Complex-ACK before its parameters (135, 20.1.5)
_SIZES = 6  # codes of Max-APDU-Length-Accepted that mean something (135, 20.1.2.5)
_NUMBERS = 256  # a segment's sequence number has eight bits
_WINDOWS = range(1, 128)
_BROADCASTS = frozenset(
    {Address.localBroadcastAddr, Address.remoteBroadcastAddr, Address.globalBroadcastAddr}
)


class Transactions(ApplicationServiceAccessPoint):  # type: ignore[misc]  # bacpypes3 is not typed
    """The access point that answers confirmed requests from `table`."""

    def __init__(self, table: ObjectTable) -> None:
        super().__init__(None, DeviceInfoCache())
        self.table = table
        self.maxApduLengthAccepted = LARGEST_APDU
        self.segmentationSupported = Segmentation.segmentedBoth
        self.maxSegmentsAccepted = MOST_SEGMENTS
        self.segmentTimeout = SEGMENT_TIMEOUT
        self.apduTimeout = APDU_TIMEOUT
        self.numberOfApduRetries = RETRIES

    def close(self) -> None:
        """Give up the transactions that wait for segments."""
        for transaction in list(self.serverTransactions):
            transaction.set_state(ABORTED)

    async def confirmation(self, pdu: Any) -> None:
        """Take a packet from the network layer."""
        if pdu.pduData and pdu.pduData[0] >> 4 == ConfirmedRequestPDU.pduType:
            await self._confirmed_request(pdu)
        else:
            await super().confirmation(pdu)

    async def _confirmed_request(self, pdu: Any) -> None:
        if pdu.pduDestination.addrType in _BROADCASTS:
            return  # 135, 5.4.5.1: only unconfirmed requests may be broadcast
        request = APDU.decode(pdu)
        if request.apduMaxResp >= _SIZES:
            request.apduMaxResp = 0  # reserved: the client gets the size that all can take
        transaction = self._running(request)
        if transaction is None:
            if reason := self._unacceptable(request):
                await self.request(_abort(request, reason))
                return
            transaction = _Transaction(self, request.pduSource)
            self.serverTransactions.append(transaction)
        try:
            await transaction.indication(request)
        finally:
            if transaction.state in (IDLE, AWAIT_RESPONSE):
                transaction.set_state(ABORTED)

    def _running(self, request: Any) -> "_Transaction | None":
        for transaction in self.serverTransactions:
            if (transaction.invokeID, transaction.pdu_address) == (
                request.apduInvokeID,
                request.pduSource,
            ):
                return transaction  # type: ignore[no-any-return]
        return None

    def crowded(self, client: Any, besides: Any = None) -> bool:
        """Tell whether none but `besides` can wait for segments any more, of `client` or at all.

        One that takes and gives a single packet waits for nothing, and is always served.
        """
        others = [each for each in self.serverTransactions if each is not besides]
        own = sum(each.pdu_address == client for each in others)
        return own >= MOST_OF_ONE or len(others) >= MOST_TRANSACTIONS

    def _unacceptable(self, request: Any) -> str | None:
        """Return why a new transaction cannot begin with this request."""
        if request.apduSeg and self.crowded(request.pduSource):
            return "outOfResources"
        if request.apduSeg and request.apduSeq != 0:
            return "invalidApduInThisState"
        if request.apduSeg and request.apduWin not in _WINDOWS:
            return "windowSizeOutOfRange"
        return None


class _Transaction(ServerSSM):  # type: ignore[misc]
    """One confirmed request and its answer, either of which may be segmented."""

    async def request(self, apdu: Any) -> None:
        """Answer a request that is complete."""
        if isinstance(apdu, AbortPDU):
            return  # what the client gave up needs no undoing
        try:
            answer = services.answer(self.ssmSAP.table, apdu.apduService, bytes(apdu.pduData))
        except Rejected as rejected:
            await self.confirmation(RejectPDU(reason=int(rejected.reason), context=apdu))
            return
        except Overflow:
            await self.response(self.abort(AbortReason.bufferOverflow))
            return
        if isinstance(answer, Refusal):
            await self.confirmation(_filled(ErrorPDU(context=apdu), answer.body))
            return
        await self._acknowledge(_filled(ComplexAckPDU(context=apdu), answer.body))

    async def _acknowledge(self, apdu: Any) -> None:
        size = len(apdu.pduData)
        if _HEADER + size > self.maxApduLengthAccepted:
            if self.ssmSAP.crowded(self.pdu_address, besides=self):
                await self.response(self.abort(AbortReason.outOfResources))
                return
            # The library cuts at this length and only then puts the header before each piece.
            self.maxApduLengthAccepted -= _SEGMENT_HEADER
        if size > self.maxApduLengthAccepted * _NUMBERS:
            await self.response(self.abort(AbortReason.bufferOverflow))
            return
        await self.confirmation(apdu)
        if self.state == SEGMENTED_RESPONSE:
            self.actualWindowSize = 1  # 135, 5.4.5.3: until the client names another

    async def segmented_request(self, apdu: Any) -> None:
        """Take a further segment of a request."""
        if isinstance(apdu, AbortPDU):
            self.set_state(COMPLETED)
        elif self.lastSequenceNumber >= MOST_SEGMENTS - 1:
            await self.response(self.abort(AbortReason.bufferOverflow))
        else:
            await super().segmented_request(apdu)

    async def segmented_response(self, apdu: Any) -> None:
        """Take what the client says to the segments it got."""
        if isinstance(apdu, AbortPDU):
            self.set_state(COMPLETED)
        elif not isinstance(apdu, SegmentAckPDU):
            return  # the request once more: its answer is under way
        elif apdu.apduWin not in _WINDOWS:
            await self.response(self.abort(AbortReason.windowSizeOutOfRange))
        elif not self.in_window(apdu.apduSeq, self.initialSequenceNumber):
            self.restart_timer(self.segmentTimeout)
        else:
            await super().segmented_response(apdu)


def _filled(apdu: Any, body: bytes) -> Any:
    apdu.put_data(body)
    return apdu


def _abort(request: Any, reason: str) -> Any:
    return AbortPDU(
        srv=True,
        invoke_id=request.apduInvokeID,
        reason=reason,
        destination=request.pduSource,
    )
