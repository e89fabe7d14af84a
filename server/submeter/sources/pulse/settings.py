"""What the configuration says of a pulse input."""

from fractions import Fraction
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from submeter.meter.point import Point
from submeter.pointmap import points
from submeter.sources.pulse import powers, weight
from submeter.sources.pulse.weight import Weight

Bias = Literal["pull-up", "pull-down", "none"]

_LONGEST_CLOSED = 60.0  # s; S0 closes for less than 1 s, while the magnet of a water meter may rest
_FASTEST = 1000.0  # pulses/s of a board


class GpioInput(BaseModel):
    """A line of a Linux GPIO chip."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    chip: str = Field(
        default="/dev/gpiochip0", pattern=r"^/[^\x00-\x1f]*$", description="Its device node"
    )
    line: int = Field(ge=0, le=1023, description="Its number on the chip; on a Pi that of the GPIO")
    active_low: bool = Field(default=True, description="A closed contact pulls the line to ground")
    bias: Bias = Field(default="pull-up", description="Resistor of the chip at the line")
    debounce: int = Field(
        default=20,
        ge=0,
        le=1000,
        description="ms for which a state must last: 5 to 10 of an electronic output, 20 to 50 of "
        "a reed contact; shorter than pulse and pause",
    )


class BoardInput(BaseModel):
    """An input of an RP2040 board that counts by itself."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    port: str = Field(description="/dev/serial/by-id/..., socket://host:port or replay:FILE")
    input: int = Field(ge=1, le=16, description="Which input of the board")


class PulseSettings(BaseModel):
    """A contact that closes once for each portion of energy or volume: S0, reed, Cyble."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    gpio: GpioInput | None = None
    board: BoardInput | None = None
    point: str = Field(default="Active_Energy_Import", description="The index that it counts")
    weight: str = Field(description="Of a pulse: 1 Wh, 1000 imp/kWh, 2.5 kvarh, 10 L, 1/3 Wh")
    initial: Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)] | int = Field(
        default=0.0, description="What the totaliser shows at the first start, in kWh, kvarh or m3"
    )
    power: str | None = Field(
        default="auto",
        description="The point that the interval of the pulses gives; null: none; auto: "
        "the usual one of the index, if there is one",
    )
    idle: int = Field(default=600, ge=1, le=86_400, description="s without a pulse: power is 0")
    stuck: float | None = Field(
        default=None,
        ge=0,
        le=604_800,
        description="s after which a closed contact is a fault; 0: never; default: 60 for "
        "energies, never for volumes",
    )
    largest_power: float | None = Field(
        default=None,
        gt=0,
        le=1e12,
        description="W (var, VA, L/h) that can be; default: the fastest pulses that can be told",
    )
    meter: str | None = Field(
        default=None,
        min_length=1,
        description="Serial number of the meter; of a board its own, which it must say",
    )

    @model_validator(mode="after")
    def _fits(self) -> "PulseSettings":
        if (self.gpio is None) == (self.board is None):
            raise ValueError("a pulse input has one of 'gpio' and 'board'")
        if not 0 <= self.initial <= 1e9:
            raise ValueError("'initial' is from 0 to 1000000000")
        known = points.all_points()
        unit = self.each.unit
        index = known.get(self.point)
        if index is None or index.kind != "index":
            raise ValueError(f"'{self.point}' is no index; 'Active_Energy_Import' is one")
        if index.unit != unit:
            raise ValueError(
                f"{self.point} is in {index.unit}, and the weight '{self.weight}' is not"
            )
        if self.power_point:
            _check_power(known.get(self.power_point), self.power_point, powers.RATES[unit])
        return self

    @property
    def each(self) -> Weight:
        """What a pulse stands for; raises ValueError."""
        return weight.parse(self.weight)

    @property
    def face(self) -> int:
        """`initial` in what the index is counted in: mWh, mvarh, mVAh, mL."""
        # By its decimal digits: 0.1 is a tenth.
        return int(Fraction(str(self.initial)) * 1_000_000)

    @property
    def power_point(self) -> str | None:
        """The point of the power, None if it has none."""
        return powers.USUAL.get(self.point) if self.power == "auto" else self.power

    @property
    def stuck_seconds(self) -> float | None:
        """After how many s a closed contact is a fault; None: never."""
        if self.stuck is None:
            return None if self.each.unit == "m3" else _LONGEST_CLOSED
        return self.stuck or None

    @property
    def most(self) -> float:
        """The power in W (var, VA, L/h) that the input can carry at most."""
        if self.largest_power is not None:
            return self.largest_power
        rate = _FASTEST
        if self.gpio and self.gpio.debounce:
            rate = 500 / self.gpio.debounce
        return self._power_of_one * rate

    @property
    def fastest(self) -> float:
        """The pulses in a second at `most`."""
        return self.most / self._power_of_one

    @property
    def _power_of_one(self) -> float:
        """The power in W (var, VA, L/h) of a pulse each second."""
        return float(self.each.each) * 3.6


def _check_power(point: Point | None, name: str, unit: str) -> None:
    if point is None or point.kind != "analog" or point.unit != unit:
        raise ValueError(f"'{name}' is no power in {unit}; leave 'power' out, or write null")
