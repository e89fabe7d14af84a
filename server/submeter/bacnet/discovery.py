"""Who-Is and Who-Has: how clients find the device and its objects (ASHRAE 135, 16.9, 16.10)."""

from typing import Any

from bacpypes3.apdu import IAmRequest, IHaveRequest, WhoHasRequest, WhoIsRequest
from bacpypes3.comm import ApplicationServiceElement
from bacpypes3.primitivedata import ObjectType

from submeter.bacnet.objects import ObjectTable, ServedObject
from submeter.bacnet.transactions import LARGEST_APDU
from submeter.pointmap.meter_map import LAST_INSTANCE

_HIGHEST = LAST_INSTANCE + 1


class Discovery(ApplicationServiceElement):  # type: ignore[misc]  # bacpypes3 is not typed
    """Answers the one who asks; all other unconfirmed requests are none of ours."""

    def __init__(self, device: ServedObject, table: ObjectTable, vendor_id: int) -> None:
        super().__init__()
        self._device = device
        self._table = table
        self._vendor_id = vendor_id

    async def indication(self, apdu: Any) -> None:
        """Take an unconfirmed request."""
        if isinstance(apdu, WhoIsRequest):
            limits = (apdu.deviceInstanceRangeLowLimit, apdu.deviceInstanceRangeHighLimit)
            if self._meant(*limits):
                await self._i_am(apdu.pduSource)
        elif isinstance(apdu, WhoHasRequest):
            found = self._wanted(apdu)
            if found:
                await self._i_have(found, apdu.pduSource)

    def _meant(self, low: int | None, high: int | None) -> bool:
        """Tell whether the device is in the range; half a range or a wrong one is malformed."""
        if low is None and high is None:
            return True
        if low is None or high is None or high > _HIGHEST:
            return False
        return bool(low <= self._device.instance <= high)

    def _wanted(self, apdu: Any) -> ServedObject | None:
        limits = apdu.limits
        if limits is not None and not self._meant(
            limits.deviceInstanceRangeLowLimit, limits.deviceInstanceRangeHighLimit
        ):
            return None
        wanted = apdu.object
        if wanted is None:
            return None
        if wanted.objectName is not None:
            return self._table.named(str(wanted.objectName))
        if wanted.objectIdentifier is not None:
            kind, instance = wanted.objectIdentifier
            return self._table.find(int(kind) << 22 | instance)
        return None

    async def _i_am(self, to: Any) -> None:
        await self.request(
            IAmRequest(
                iAmDeviceIdentifier=(ObjectType.device, self._device.instance),
                maxAPDULengthAccepted=LARGEST_APDU,
                segmentationSupported="segmentedBoth",
                vendorID=self._vendor_id,
                destination=to,
            )
        )

    async def _i_have(self, found: ServedObject, to: Any) -> None:
        await self.request(
            IHaveRequest(
                deviceIdentifier=(ObjectType.device, self._device.instance),
                objectIdentifier=(ObjectType(found.type), found.instance),
                objectName=found.name,
                destination=to,
            )
        )
