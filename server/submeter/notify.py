"""Tells systemd how the service is (sd_notify(3)), without its library."""

import os
import socket


def tell(state: str) -> None:
    """Send `state`, such as READY=1, to the service manager if there is one."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.connect(address.replace("@", "\0", 1))
        channel.send(state.encode())
