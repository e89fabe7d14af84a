"""What the configuration says of an M-Bus meter."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from submeter.sources.mbus import address
from submeter.sources.mbus.address import Address, Secondary
from submeter.sources.mbus.answer import MOST_TELEGRAMS
from submeter.sources.port import Line

_AGES = 3  # periods that a value lasts at least


class MbusSettings(BaseModel):
    """A meter on an M-Bus line, of which we are the master."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    port: str = Field(
        description="/dev/serial/by-id/..., socket://host:port, rfc2217://host:port or replay:FILE"
    )
    address: Annotated[int, Field(ge=0, le=250)] | str = Field(
        description='Primary address 0 to 250, or secondary "12345678" or "12345678-ABB-02-04", '
        "F for any digit"
    )
    map: str = Field(description="Source map, such as mbus-electricity, mbus-water or abb-delta")
    options: list[str] = Field(default_factory=list, description="Options of the source map")
    meter: str | None = Field(
        default=None,
        description="The meter that must answer, as a secondary address; no other is believed",
    )
    period: float = Field(
        default=60.0, ge=1, le=86_400, description="Seconds from one reading to the next"
    )
    baudrate: Literal[300, 600, 1200, 2400, 4800, 9600, 19200, 38400] = Field(
        default=2400, description="Of the line, behind a converter too: the time-outs follow it"
    )
    format: Literal["8E1", "8N1"] = "8E1"
    timeout: float | None = Field(
        default=None,
        ge=0.05,
        le=30,
        description="Seconds until an answer begins; default: 1.5 times those of EN 13757-2, "
        "1 at least behind a converter",
    )
    retries: int = Field(default=2, ge=0, le=10, description="Of each request that is not answered")
    pause: float = Field(
        default=0.0, ge=0, le=10, description="Seconds of silence before each request, if longer"
    )
    reset: bool = Field(
        default=False,
        description="Send an application reset before each reading, for meters that would go on "
        "with the telegram after the last one",
    )
    telegrams: int = Field(
        default=MOST_TELEGRAMS, ge=1, le=100, description="Telegrams of a reading at most"
    )

    @field_validator("address")
    @classmethod
    def _is_address(cls, value: int | str) -> int | str:
        address.parse(value)
        return value

    @field_validator("meter")
    @classmethod
    def _is_meter(cls, value: str | None) -> str | None:
        if value is not None:
            address.parse_secondary(value)
        return value

    @property
    def where(self) -> Address:
        """The address."""
        return address.parse(self.address)

    @property
    def expected_meter(self) -> Secondary | None:
        """The meter that must answer, None if it may be any."""
        return address.parse_secondary(self.meter) if self.meter else None

    @property
    def line(self) -> Line:
        """How the line is set."""
        return Line(self.baudrate, self.format)

    def max_age(self, of_map: float) -> float:
        """Return the seconds after which a value is stale that its map keeps for `of_map`."""
        return max(of_map, _AGES * self.period)
