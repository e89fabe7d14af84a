"""The commands that need a port and no configuration: capture, probe and flash."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from submeter.flash_command import flash
from submeter.plainly import plainly

if TYPE_CHECKING:
    from submeter.sources.port import Format

PortName = Annotated[
    str,
    typer.Argument(
        metavar="PORT",
        help="/dev/serial/by-id/..., socket://host:port, rfc2217://host:port or replay:FILE.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands to `app`."""
    app.command(
        epilog="Example: submeter capture /dev/ttyUSB0 linky.rec --baudrate 1200 --seconds 60"
    )(capture)
    app.command(epilog="Example: submeter probe /dev/ttyUSB0")(probe)
    app.command(epilog="Example: submeter flash /dev/ttyACM0")(flash)


def capture(
    port: PortName,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Where to record it.")],
    baudrate: Annotated[int, typer.Option("--baudrate", min=50, help="Of the line.")] = 9600,
    form: Annotated[
        str, typer.Option("--format", metavar="FORMAT", help="Of the line: 7E1, 8N1, 8E1, ...")
    ] = "7E1",
    software_parity: Annotated[
        bool,
        typer.Option("--software-parity", help="7E1 at a UART without parity: checked here."),
    ] = False,
    seconds: Annotated[
        float | None,
        typer.Option("--seconds", min=0.1, help="How long; default: until interrupted."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Record what arrives at a port, with time stamps; replay:FILE plays it as that instrument."""
    from submeter import capture_command
    from submeter.sources.port import Line

    with plainly():
        line = Line(baudrate, _format(form))
        if software_parity:
            line = Line(baudrate, "7E1", masked=True)
        wish = capture_command.Wish(port, file, line, seconds, force)
        print(capture_command.run(wish))


def probe(
    port: PortName,
    mbus: Annotated[
        bool, typer.Option("--mbus", help="Ask for M-Bus meters instead of listening.")
    ] = False,
    baudrate: Annotated[int, typer.Option("--baudrate", min=300, help="Of the M-Bus.")] = 2400,
    primary: Annotated[
        bool, typer.Option("--primary", help="Only primary addresses of the M-Bus.")
    ] = False,
    secondary: Annotated[
        bool, typer.Option("--secondary", help="Only secondary addresses of the M-Bus.")
    ] = False,
) -> None:
    """Listen at a port, or search an M-Bus, and tell what there is and how to configure it."""
    from submeter import mbus_probe_command, probe_command

    with plainly():
        if mbus:
            both = primary == secondary
            mbus_probe_command.run(port, baudrate, primary or both, secondary or both)
        else:
            probe_command.run(port)


def _format(text: str) -> "Format":
    from submeter.errors import ConfigError
    from submeter.sources.port import Format

    for form in get_args(Format):
        if text.upper() == form:
            return form  # type: ignore[no-any-return]
    raise ConfigError(f"'{text}' is no format; there are: {', '.join(get_args(Format))}")
