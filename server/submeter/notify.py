"""Tells systemd how the service is (sd_notify(3)), without its library."""

import logging
import os
import socket

_log = logging.getLogger(__name__)


def tell(state: str) -> None:
    """Send `state`, such as READY=1, to the service manager if there is one that listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.setblocking(False)
            channel.connect("\0" + address[1:] if address[0] == "@" else address)
            channel.send(state.encode())
    except OSError as error:
        _log.warning('event=notify_failed state=%s reason="%s"', state, error)
