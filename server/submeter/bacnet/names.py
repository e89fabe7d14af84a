"""The names of the objects that no meter map names, and that none can have besides."""

NETWORK_PORT, VIRTUAL_NETWORK_PORT = "Network_Port", "Virtual_Network_Port"
NOTIFICATION_CLASS = "Notification_Class"
UNLOCK_CODE = "Unlock_Code"

VIEW, VIEW_INSTANCE = "Meter", 1
"""Name and instance of the Structured View of a meter, before its prefix and offset."""


def trend(point: str) -> str:
    """Return the name of the Trend Log of a point, before the prefix of its meter."""
    return f"{point}_Trend"
