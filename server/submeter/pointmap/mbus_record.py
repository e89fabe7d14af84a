"""A record of an M-Bus answer, as a source map picks it (EN 13757-3)."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Function = Literal["instantaneous", "maximum", "minimum", "error"]

QUANTITIES: dict[str, str | None] = {
    "energy": "Wh",
    "reactive energy": "varh",
    "apparent energy": "VAh",
    "volume": "m3",
    "mass": "kg",
    "power": "W",
    "reactive power": "var",
    "apparent power": "VA",
    "volume flow": "m3/h",
    "mass flow": "kg/h",
    "flow temperature": "degC",
    "return temperature": "degC",
    "temperature difference": "K",
    "external temperature": "degC",
    "pressure": "bar",
    "humidity": "%",
    "voltage": "V",
    "current": "A",
    "frequency": "Hz",
    "power factor": None,
    "phase angle": "deg",
    "units": None,
    "pulses": None,
    "on time": "s",
    "operating time": "s",
    "averaging duration": "s",
    "actuality duration": "s",
    "date": "UTC s",
    "time point": "UTC s",
    "fabrication number": None,
    "enhanced identification": None,
    "customer": None,
    "bus address": None,
    "error flags": None,
    "digital output": None,
    "digital input": None,
    "tariff": None,
    "dimensionless": None,
    "manufacturer": None,
}
"""What a record can be of, with the unit that its number comes in whatever its VIF scales it by.

Energies in J and calories come in Wh, flows per minute and second in m3/h, durations in s.
"""


class MbusRecord(BaseModel):
    """Which record of an answer is meant; what is not given may be anything.

    Of several that fit, `nth` tells which, from 0 in the order in which they are sent.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    quantity: str = Field(description="energy, power, volume, flow temperature, voltage, ...")
    function: Function = "instantaneous"
    storage: int = Field(default=0, ge=0, description="0: now; others: a due date or a period")
    tariff: int = Field(default=0, ge=0, description="0: the total")
    subunit: int = Field(default=0, ge=0)
    vif: list[Annotated[int, Field(ge=0, le=255)]] | None = Field(
        default=None, description="The very bytes of the VIF and its extensions, from 0xFD on"
    )
    vife: list[Annotated[int, Field(ge=0, le=127)]] | None = Field(
        default=None,
        description="The extensions, such as [0x3C] of what flows back; [] for none; not given: any"
        " that leave the meaning as it is",
    )
    nth: int = Field(default=0, ge=0)
    text: bool = False
    largest: int | None = Field(default=None, gt=0, description="A larger number is damage")
    digits: list[Annotated[int, Field(ge=1, le=18)]] | None = Field(
        default=None, min_length=1, description="Of a register: digits, in its resolution"
    )
    resolution: int = Field(
        default=0,
        ge=-6,
        le=9,
        description="Of a register: power of ten of its last digit in Wh, varh or m3; the meter "
        "allows for that much between two readings",
    )

    @property
    def unit(self) -> str | None:
        """The unit that its number comes in."""
        return QUANTITIES.get(self.quantity)

    @property
    def is_text(self) -> bool:
        """Whether the value is no number."""
        return self.text

    @property
    def is_stamped(self) -> bool:
        """Whether the value is a time."""
        return self.unit == "UTC s"

    @property
    def spans(self) -> tuple[int, ...]:
        """The numbers at which the register may start again from 0, in units of its last digit."""
        return tuple(10**digits for digits in self.digits or ())

    @property
    def step(self) -> int:
        """One: of the last digit, which `resolution` scales."""
        return 1
