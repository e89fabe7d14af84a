"""`submeter calibrate`: clamps by hand, or against another source; show and undo it."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from submeter.plainly import plainly

if TYPE_CHECKING:
    from submeter.calibration_work import Work


def _finite(number: float | None) -> float | None:
    if number is not None and not math.isfinite(number):
        raise typer.BadParameter(f"{number} is no number to go by")
    return number


calibrate = typer.Typer(
    name="calibrate", help="Calibrate current clamps at RP2040 boards.", no_args_is_help=True
)

ConfigFile = Annotated[Path, typer.Argument(metavar="CONFIG", help="The configuration, YAML.")]
MeterName = Annotated[str, typer.Argument(metavar="METER", help="The meter with the clamps.")]
Overrides = Annotated[
    list[str],
    typer.Option("--set", metavar="KEY=VALUE", help="Override a key, as store.path=other.db."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Store without asking.")]
Seconds = Annotated[
    float,
    typer.Option("--seconds", min=10, max=3600, callback=_finite, help="How long it is measured."),
]
ClampName = Annotated[
    str | None,
    typer.Option("--clamp", metavar="L1|2", help="Conductor or number of the clamp."),
]


@calibrate.command("no-load", epilog="Example: submeter calibrate no-load config.yaml main")
def no_load(
    config: ConfigFile,
    meter: MeterName,
    seconds: Seconds = 60.0,
    yes: Yes = False,
    overrides: Overrides = [],  # noqa: B006 - typer copies it
) -> None:
    """Measure the noise of clamps that are closed around nothing, and what they show."""
    _run(config, overrides, meter, yes, lambda work: work.no_load(seconds))


@calibrate.command(epilog="Example: submeter calibrate resistive config.yaml main --clamp L1")
def resistive(
    config: ConfigFile,
    meter: MeterName,
    clamp: ClampName = None,
    seconds: Seconds = 30.0,
    yes: Yes = False,
    overrides: Overrides = [],  # noqa: B006
) -> None:
    """Find the phase of a clamp from a resistive load of 5 A or more, such as a kettle."""
    _run(config, overrides, meter, yes, lambda work: work.resistive(clamp, seconds))


@calibrate.command(
    epilog="Example: submeter calibrate known config.yaml main --power 2043 --clamp L1"
)
def known(
    config: ConfigFile,
    meter: MeterName,
    power: Annotated[
        float | None,
        typer.Option("--power", metavar="W", callback=_finite, help="Active power of the load."),
    ] = None,
    voltage: Annotated[
        float | None,
        typer.Option("--voltage", metavar="V", min=50, max=1000, callback=_finite, help="RMS."),
    ] = None,
    current: Annotated[
        float | None,
        typer.Option("--current", metavar="A", min=0.01, max=1e5, callback=_finite, help="RMS."),
    ] = None,
    clamp: ClampName = None,
    seconds: Seconds = 30.0,
    yes: Yes = False,
    overrides: Overrides = [],  # noqa: B006
) -> None:
    """Find the gain of a clamp, or of the voltage, from what another meter shows meanwhile."""
    truth = power, voltage, current
    _run(config, overrides, meter, yes, lambda work: work.known(truth, clamp, seconds))


@calibrate.command(
    epilog="Examples: submeter calibrate auto config.yaml clamps --against main/tic; "
    "submeter calibrate auto config.yaml flat --with shop --with lift --against main"
)
def auto(
    config: ConfigFile,
    meter: MeterName,
    against: Annotated[
        str,
        typer.Option("--against", metavar="METER[/SOURCE]", help="What measures the same circuit."),
    ],
    minutes: Annotated[
        float,
        typer.Option("--minutes", min=10, max=1440, callback=_finite, help="How long at most."),
    ] = 60.0,
    others: Annotated[
        list[str],
        typer.Option(
            "--with",
            metavar="METER",
            help="Another meter with clamps in the circuit; may be repeated.",
        ),
    ] = [],  # noqa: B006
    yes: Yes = False,
    overrides: Overrides = [],  # noqa: B006
) -> None:
    """Find gain, phase and polarity of every clamp from the energy of another meter.

    The first Ctrl-C ends it early: after 9 minutes or more, what there is by then is judged, and
    it is asked whether to store it, with --yes too. A second one stops that too.
    """
    _run(config, overrides, meter, yes, lambda work: work.auto(against, minutes), others, against)


@calibrate.command(epilog="Example: submeter calibrate show config.yaml main")
def show(config: ConfigFile, meter: MeterName, overrides: Overrides = []) -> None:  # noqa: B006
    """Print how the boards of a meter were calibrated, and which of it counts."""
    _run(config, overrides, meter, False, lambda work: work.show())


@calibrate.command(epilog="Example: submeter calibrate undo config.yaml main")
def undo(
    config: ConfigFile,
    meter: MeterName,
    yes: Yes = False,
    overrides: Overrides = [],  # noqa: B006
) -> None:
    """Take back the last calibration, with what was stored with it; once more the one before."""
    _run(config, overrides, meter, yes, lambda work: work.undo())


def _run(
    config: Path,
    overrides: list[str],
    meter: str,
    yes: bool,
    do: Callable[["Work"], None],
    others: Sequence[str] = (),
    against: str = "",
) -> None:
    from submeter import config as configuration
    from submeter.calibration_work import Work
    from submeter.errors import SubmeterError

    with plainly():
        _prove_text(*overrides, meter, *others, against)
        work = None
        try:
            work = Work(configuration.load(config, overrides), meter, yes, others)
            do(work)
        except KeyboardInterrupt:
            done = work.changed if work else "nothing was stored"
            raise SubmeterError(f"interrupted; {done}") from None


def _prove_text(*arguments: str) -> None:
    """Raise ConfigError for bytes that are no text: no name in a configuration has them."""
    from submeter.errors import ConfigError

    for each in arguments:
        try:
            each.encode()
        except UnicodeEncodeError:
            shown = each.encode(errors="backslashreplace").decode()
            raise ConfigError(f"'{shown}' is no text in UTF-8") from None
