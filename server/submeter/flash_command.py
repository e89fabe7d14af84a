"""`submeter flash`: installs or updates the firmware of a board, and verifies it."""

from typing import Annotated

import typer

from submeter.plainly import plainly


def flash(
    port: Annotated[
        str, typer.Argument(metavar="PORT", help="Of the board: /dev/serial/by-id/usb-...-if00.")
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Only tell which version is there.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="Install the same version again, or in place of main.py."),
    ] = False,
) -> None:
    """Install or update the firmware of an RP2040 board with MicroPython 1.22 or later."""
    from submeter.flash import board_port, update

    with plainly():
        path = board_port.find(port)
        print(update.report(path) if check else update.update(path, force))
