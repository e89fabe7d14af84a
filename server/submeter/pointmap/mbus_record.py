"""A record of an M-Bus answer, as a source map picks it (EN 13757-3)."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Function = Literal["instantaneous", "maximum", "minimum", "error"]

_WITHOUT_UNIT = (
    "fabrication number",
    "enhanced identification",
    "customer",
    "customer location",
    "bus address",
    "error flags",
    "error mask",
    "digital output",
    "digital input",
    "tariff",
    "dimensionless",
    "credit",
    "debit",
    "access number",
    "medium",
    "manufacturer code",
    "parameter set",
    "model",
    "hardware version",
    "firmware version",
    "software version",
    "access code",
    "security key",
    "baud rate",
    "response delay",
    "retries",
    "remote control",
    "first storage",
    "last storage",
    "storage block size",
    "tariff and subunit",
    "operator data",
    "second of the time point",
    "container",
    "reset counter",
    "cumulation counter",
    "control signal",
    "day of week",
    "week number",
    "parameter activation",
    "supplier information",
    "radio level",
    "daylight saving",
    "listening window",
    "stops",
    "selected application",
    "storage interval in months",
    "storage interval in years",
    "period of tariff in months",
    "period of tariff in years",
    "duration since last cumulation in months",
    "duration since last cumulation in years",
    "battery operating time in months",
    "battery operating time in years",
    "remaining battery time in months",
    "remaining battery time in years",
    "time of day",
    "day of year",
    "any",
    "reserved",
)

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
    "temperature limit": "degC",
    "maximum power counter": "W",
    "pressure": "bar",
    "humidity": "%",
    "voltage": "V",
    "current": "A",
    "frequency": "Hz",
    "power factor": None,
    "phase angle": "deg",
    "phase angle between voltages": "deg",
    "units": None,
    "pulses": None,
    "on time": "s",
    "operating time": "s",
    "averaging duration": "s",
    "actuality duration": "s",
    "storage interval": "s",
    "duration since last readout": "s",
    "duration of tariff": "s",
    "period of tariff": "s",
    "transmission period": "s",
    "duration since last cumulation": "s",
    "battery operating time": "s",
    "remaining battery time": "s",
    "date": "UTC s",
    "time point": "UTC s",
    "start of tariff": "UTC s",
    "time of day change": "UTC s",
    "battery change": "UTC s",
    "status": None,
    "plain text": None,
    "manufacturer": None,
    **dict.fromkeys(_WITHOUT_UNIT),
}
"""What a record can be of, with the unit that its number comes in whatever its VIF scales it by.

Energies in J and calories come in Wh, flows per minute and second in m3/h, durations in s. A status
is the byte of that name in the head of the answer; its text are its eight bits, the highest first.
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
        default=None,
        description="The very bytes of the VIF and all its extensions, such as [0xFF, 0x52]",
    )
    vife: list[Annotated[int, Field(ge=0, le=127)]] | None = Field(
        default=None,
        description="The extensions, such as [0x3C] of what flows back; [] for none; not given: any"
        " that leave the meaning as it is",
    )
    unit_text: str | None = Field(
        default=None, description="Of plain text: the unit as the meter spells it, such as '%RH'"
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
    def selector(self) -> str:
        """Which record it is, for people: "energy, storage 1, tariff 2"."""
        words = [self.quantity]
        words += [self.function] if self.function != "instantaneous" else []
        words += [f"{key} {number}" for key in _PLACES if (number := getattr(self, key))]
        words += [f"in {self.unit_text!r}"] if self.unit_text is not None else []
        words += [f"{key} [{codes}]" for key in _CODES if (codes := _hex(getattr(self, key)))]
        return ", ".join(words)

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


_PLACES = ("storage", "tariff", "subunit", "nth")
_CODES = ("vif", "vife")


def _hex(codes: list[int] | None) -> str:
    return ", ".join(f"0x{code:02X}" for code in codes or ())
