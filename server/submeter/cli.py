"""The command line: one command a task, with an example in every --help."""

import os
import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from submeter import __version__
from submeter.calibrate_command import calibrate
from submeter.errors import ConfigError
from submeter.pki_command import pki
from submeter.plainly import plainly
from submeter.port_commands import register

app = typer.Typer(
    name="submeter",
    help="Make this machine a virtual electrical submeter.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

settings = typer.Typer(
    name="settings", help="Show and change the settings of the meters.", no_args_is_help=True
)
app.add_typer(settings)
app.add_typer(pki)
app.add_typer(calibrate)
register(app)

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help="The configuration, YAML.")]
Overrides = Annotated[
    list[str],
    typer.Option("--set", metavar="KEY=VALUE", help="Override a key, as modbus.tcp.port=5020."),
]

MeterName = Annotated[str, typer.Argument(metavar="METER", help="Its name in the configuration.")]


def main() -> None:
    """Run the command line; exit status 0, 2 for a usage or configuration error, 1 otherwise."""
    app()


def _version(wanted: bool) -> None:
    if wanted:
        print(f"submeter {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Make this machine a virtual electrical submeter."""


@app.command(epilog="Example: submeter run config.yaml --set modbus.tcp.port=5020")
def run(
    config: ConfigFile,
    overrides: Overrides = [],  # noqa: B006 - typer copies it
    verbose: Annotated[bool, typer.Option("--verbose", help="Log more.")] = False,
    fast: Annotated[
        bool, typer.Option("--uvloop", help="Answer faster, with the extra 'submeter[fast]'.")
    ] = False,
) -> None:
    """Read the instruments and answer as meters, until stopped."""
    from submeter import app as program
    from submeter import config as configuration
    from submeter import event_loop, log, plan

    with plainly():
        loaded = configuration.load(config, overrides)
        meters = plan.make(loaded)
        for line in loaded.unused():
            print(f"note: {line}", file=sys.stderr)
        log.start(verbose)
        again = event_loop.run(program.run(loaded, meters), fast)
    if again:
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


@app.command(epilog="Example: submeter check config.yaml")
def check(config: ConfigFile, overrides: Overrides = []) -> None:  # noqa: B006
    """Validate a configuration and its maps, and print what would be served."""
    from submeter import check as report
    from submeter import config as configuration
    from submeter import plan

    with plainly():
        loaded = configuration.load(config, overrides)
        report.show(loaded, plan.make(loaded))


@app.command("map", epilog="Example: submeter map --config config.yaml --format ede --write bms/")
def map_(
    name: Annotated[
        str | None, typer.Argument(help="A meter map, or a file that holds one.")
    ] = None,
    form: Annotated[
        Literal["markdown", "csv", "json", "objects", "ede", "pics"],
        typer.Option(
            "--format",
            help="Of the Modbus registers: markdown, csv, json. Of the BACnet objects: objects "
            "(Markdown), ede (EDE 2.3, four files), pics (conformance statement).",
        ),
    ] = "markdown",
    maps: Annotated[
        Path | None, typer.Option("--maps", help="Folder of own maps, as in the configuration.")
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", metavar="CONFIG", help="All BACnet devices of a configuration."),
    ] = None,
    overrides: Overrides = [],  # noqa: B006
    write: Annotated[
        Path | None, typer.Option("--write", metavar="FOLDER", help="Write files there.")
    ] = None,
) -> None:
    """Print what integrators want of a meter map: registers, objects, EDE, PICS."""
    from submeter import map_command

    with plainly():
        print(map_command.text(name, form, maps, config, overrides, write), end="")


@app.command(epilog="Example: submeter schema config > config.schema.json")
def schema(
    kind: Annotated[
        Literal["config", "meter-map", "source-map", "points"], typer.Argument(help="Which one.")
    ] = "config",
    write: Annotated[
        Path | None, typer.Option("--write", metavar="FOLDER", help="Write all of them there.")
    ] = None,
) -> None:
    """Print the JSON Schema of the configuration or of a kind of map, for editors."""
    from submeter import schemas

    with plainly():
        if write:
            for path in schemas.write(write):
                print(path)
        else:
            print(schemas.text(kind), end="")


@app.command(epilog="Example: submeter verify config.yaml --key site-key.pem")
def verify(
    target: Annotated[
        Path, typer.Argument(metavar="CONFIG|STORE", help="A configuration, or a store's file.")
    ],
    key: Annotated[
        str | None,
        typer.Option(
            "--key", metavar="KEY", help="The public key that must have signed: hexadecimal or PEM."
        ),
    ] = None,
) -> None:
    """Check the hash chain, the signatures and the continuity of a store, without a server."""
    from submeter import verify as report

    with plainly():
        good = report.show(target, key)
    if not good:
        raise typer.Exit(1)


@app.command(epilog="Example: submeter show config.yaml --meter linky")
def show(
    config: ConfigFile,
    overrides: Overrides = [],  # noqa: B006
    meter: Annotated[str | None, typer.Option("--meter", help="One meter; default: all.")] = None,
    host: Annotated[
        str | None, typer.Option("--host", help="Where the server runs; default: this machine.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Print the readings once and end.")] = False,
    every: Annotated[
        float, typer.Option("--every", min=0.1, metavar="SECONDS", help="Refresh period.")
    ] = 1.0,
    everything: Annotated[
        bool, typer.Option("--all", help="Also the points that are not known.")
    ] = False,
) -> None:
    """Ask a running server for its live readings over Modbus TCP, and show them in place."""
    from submeter import config as configuration
    from submeter import log
    from submeter import show as view

    log.start()
    with plainly():
        loaded = configuration.load(config, overrides)
        view.run(loaded, view.Wish(meter, host, once, every, everything))


@app.command(epilog="Example: submeter explain config.yaml main Active_Power_Total")
def explain(
    config: ConfigFile,
    meter: MeterName,
    point: Annotated[str, typer.Argument(metavar="POINT", help="As the point list names it.")],
    overrides: Overrides = [],  # noqa: B006
) -> None:
    """Say where the value of a point comes from, down to the bytes, and where it is served."""
    from submeter import config as configuration
    from submeter import explain_command

    with plainly():
        explain_command.run(configuration.load(config, overrides), meter, point)


@settings.command("list", epilog="Example: submeter settings list config.yaml --meter main")
def settings_list(
    config: ConfigFile,
    overrides: Overrides = [],  # noqa: B006
    meter: Annotated[str | None, typer.Option("--meter", help="One meter; default: all.")] = None,
) -> None:
    """Print every setting: its value, where that comes from, and what it may be."""
    from submeter import config as configuration
    from submeter import plan, settings_command

    with plainly():
        loaded = configuration.load(config, overrides)
        values = settings_command.stored(loaded.store_path)
        print(settings_command.listing(plan.make(loaded, plugged=False), values, meter))


@settings.command(
    "set", epilog="Example: submeter settings set config.yaml main Demand_Interval 10"
)
def settings_set(
    config: ConfigFile,
    meter: MeterName,
    point: Annotated[str, typer.Argument(metavar="POINT", help="A setting, as the list names it.")],
    value: Annotated[str, typer.Argument(metavar="VALUE", help="In the unit of the list.")],
    overrides: Overrides = [],  # noqa: B006
) -> None:
    """Store the value of a setting; a running server uses it at once."""
    from submeter import config as configuration
    from submeter import plan, settings_command

    with plainly():
        loaded = configuration.load(config, overrides)
        path = loaded.store_path
        values = settings_command.stored(path)
        planned = plan.make(loaded, plugged=False)
        print(settings_command.change(path, planned, values, meter, point, value))


@settings.command("reset", epilog="Example: submeter settings reset config.yaml main --all")
def settings_reset(
    config: ConfigFile,
    meter: MeterName,
    point: Annotated[
        str | None, typer.Argument(metavar="POINT", help="The setting, or else --all.")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Every setting of the meter.")] = False,
    overrides: Overrides = [],  # noqa: B006
) -> None:
    """Forget stored values: the configuration file and the defaults count again."""
    from submeter import config as configuration
    from submeter import plan, settings_command

    with plainly():
        if everything == (point is not None):
            raise ConfigError("name one setting, or give --all")
        loaded = configuration.load(config, overrides)
        path = loaded.store_path
        values = settings_command.stored(path)
        print(settings_command.reset(path, plan.make(loaded, plugged=False), values, meter, point))


@settings.command(
    "command", epilog="Example: submeter settings command config.yaml main Reset_Demand_Peak"
)
def settings_command_(
    config: ConfigFile,
    meter: MeterName,
    point: Annotated[str, typer.Argument(metavar="POINT", help="Reset_Demand_Peak or Sync_Clock.")],
    overrides: Overrides = [],  # noqa: B006
) -> None:
    """Give a command to a meter; a running server does it at once."""
    from submeter import config as configuration
    from submeter import plan, settings_command

    with plainly():
        loaded = configuration.load(config, overrides)
        planned = plan.make(loaded, plugged=False)
        print(settings_command.command(loaded.store_path, planned, meter, point))


@settings.command(epilog="Example: submeter settings swap config.yaml main --old 48211.337 --new 0")
def swap(
    config: ConfigFile,
    meter: MeterName,
    point: Annotated[
        str, typer.Option("--point", help="The energy index.")
    ] = "Active_Energy_Import",
    source: Annotated[
        str | None, typer.Option("--source", help="The source; default: the meter's first.")
    ] = None,
    old: Annotated[
        str | None,
        typer.Option(
            "--old", metavar="KWH", help="Last reading of the old instrument, in kWh or kvarh."
        ),
    ] = None,
    new: Annotated[
        str | None,
        typer.Option(
            "--new", metavar="KWH", help="First reading of the new one; default: what it says next."
        ),
    ] = None,
    overrides: Overrides = [],  # noqa: B006
) -> None:
    """Book the exchange of an instrument, so that the index goes on without a jump."""
    from submeter import config as configuration
    from submeter import plan, settings_command

    with plainly():
        loaded = configuration.load(config, overrides)
        planned = plan.make(loaded, plugged=False)
        print(
            settings_command.swap(
                loaded.store_path, planned, meter, point=point, source=source, old=old, new=new
            )
        )


@settings.command(epilog="Example: submeter settings passwd")
def passwd(
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read the code from standard input.")
    ] = False,
) -> None:
    """Ask for an unlock code and print the line that stands for it below 'access:'."""
    from submeter import password

    with plainly():
        print(password.ask(stdin))
