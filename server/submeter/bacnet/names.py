"""The names of the objects that no meter map names, and that none can have besides."""

import functools
from collections.abc import Mapping

from submeter.pointmap import points

NETWORK_PORT, VIRTUAL_NETWORK_PORT = "Network_Port", "Virtual_Network_Port"
NOTIFICATION_CLASS = "Notification_Class"
UNLOCK_CODE = "Unlock_Code"

VIEW, VIEW_INSTANCE = "Meter", 1
"""Name and instance of the Structured View of a meter, before its prefix and offset."""


def trend(point: str) -> str:
    """Return the name of the Trend Log of a point, before the prefix of its meter."""
    return f"{point}_Trend"


@functools.cache
def trend_instances() -> Mapping[str, int]:
    """Return the instance of the Trend Log of every point there is, before its meter's offset.

    It is the place in the list of all points, from 1, which never changes.
    """
    return {point: place for place, point in enumerate(points.all_points(), 1)}
