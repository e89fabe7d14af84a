"""The priority array of a commandable object (ASHRAE 135, 19.2)."""

from collections.abc import Mapping

from submeter.bacnet import encoding
from submeter.bacnet.fault import WRITE_ACCESS_DENIED
from submeter.bacnet.objects.image import Image
from submeter.bacnet.objects.point import CURRENT_COMMAND_PRIORITY, PRIORITIES, PRIORITY_ARRAY
from submeter.bacnet.objects.writable import NotWritten
from submeter.errors import Refusal

_MINIMUM_ON_OFF = 6  # 135, 19.2.3: of that algorithm, in every object


def commanded(priority: int | None) -> int:
    """Return the slot that a write without a priority, or with one, is for; raises NotWritten."""
    if priority == _MINIMUM_ON_OFF:
        raise NotWritten(WRITE_ACCESS_DENIED, Refusal.READ_ONLY, f"priority {priority}")
    return priority or PRIORITIES


def images(slots: Mapping[int, bytes]) -> dict[int, Image]:
    """Return the images of the properties that show `slots`: tagged values by priority."""
    array = tuple(slots.get(priority, encoding.NULL) for priority in range(1, PRIORITIES + 1))
    current = encoding.unsigned(min(slots)) if slots else encoding.NULL
    return {PRIORITY_ARRAY: array, CURRENT_COMMAND_PRIORITY: current}
