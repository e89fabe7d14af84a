"""A device with subscriptions, and what its notifications say."""

import asyncio
from typing import Any

import pytest
from bacpypes3.basetypes import COVSubscription
from bacpypes3.constructeddata import ListOf
from bacpypes3.pdu import PDU
from bacpypes3.primitivedata import TagList

from bacnet.stage import PEER, Stage, stage
from submeter.bacnet.answer import DONE, RefusedError
from submeter.bacnet.cov.share import CovShare
from submeter.bacnet.cov.subscriptions import Subscriptions
from submeter.bacnet.fault import Fault
from submeter.bacnet.peer import Peer
from submeter.bacnet.settings import CovSettings

AI, BI, DEVICE, MSV, ACCUMULATOR, DATETIME, LAV = 0, 3, 8, 19, 23, 44, 46
SUBSCRIBE, PROPERTY = 5, 28


class Cov:
    """A device with subscriptions."""

    def __init__(self, share: CovShare | None = None, **settings: int) -> None:
        self.stage: Stage = stage()
        share = share or CovShare(CovSettings(**settings))
        self.subscriptions = Subscriptions(self.stage.application, share)

    async def ask(self, service: int, body: bytes, peer: Peer = PEER) -> list[Any]:
        """Ask for a subscription and return the notifications that come of it."""
        assert self.subscriptions.confirmed[service](body, peer) == DONE
        assert not self.stage.carrier.sent  # the acknowledgement goes first
        await asyncio.sleep(0)
        return self.take()

    def take(self) -> list[Any]:
        """Return the notifications since the last call, as bacpypes3 reads them."""
        return [each.decoded for each in self.stage.carrier.take()]

    def refused(self, service: int, body: bytes, peer: Peer = PEER) -> Fault:
        with pytest.raises(RefusedError) as refusal:
            self.subscriptions.confirmed[service](body, peer)
        return refusal.value.fault

    def active(self) -> list[COVSubscription]:
        """Return Active_COV_Subscriptions as bacpypes3 reads it."""
        image = self.stage.application.table.device.read(152)
        assert isinstance(image, bytes)
        tags = TagList.decode(PDU(image))
        return list(ListOf(COVSubscription).decode(tags))


def values(notification: Any) -> dict[str, bytes]:
    """Return the images in the list of values by the names of their properties."""
    return {
        str(each.propertyIdentifier): bytes(each.value.tagList.encode().pduData)[1:-1]
        for each in notification.listOfValues
    }
