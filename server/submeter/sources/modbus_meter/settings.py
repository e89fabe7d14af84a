"""What the configuration says of a meter that is read over Modbus."""

from pathlib import Path
from typing import Literal, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

from submeter.sources import port
from submeter.sources.port import Format, Line, Replay, Spec

LEAST_MAX_AGE = 20.0  # s
_TCP_PORT = 502


class ModbusMeterSettings(BaseModel):
    """A meter that speaks Modbus: on a serial line, behind a converter, or on TCP."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    port: str | None = Field(
        default=None,
        description="Modbus RTU: /dev/serial/by-id/..., socket://host:port or rfc2217://host:port",
    )
    tcp: str | None = Field(default=None, description="Modbus TCP: host:port, or a host alone")
    unit: int = Field(default=1, ge=0, le=255, description="Its address; 1 to 247 on a line")
    map: str = Field(description="Meter map, a file of pointmaps/meters/")
    constants: dict[str, int | float] = Field(
        default_factory=dict,
        description="Instead of constants of the map, such as TotWh_SF: 3 of sunspec-203",
    )
    period: float = Field(default=5.0, ge=1, le=3600, description="Seconds from poll to poll")
    baudrate: Literal[1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] = 9600
    parity: Literal["none", "even", "odd"] = "none"
    stop_bits: Literal[1, 2] = 1
    timeout: float = Field(
        default=1.0, ge=0.05, le=30, description="Seconds that an answer may take to begin"
    )
    retries: int = Field(default=2, ge=0, le=10, description="Times that a request is repeated")
    largest_power: float = Field(
        default=1_000_000, gt=0, le=1e12, description="W; an index that grows faster is refused"
    )
    meter: str | None = Field(
        default=None, min_length=1, description="Its serial number; no other meter is believed"
    )

    @model_validator(mode="after")
    def _one_way(self) -> "ModbusMeterSettings":
        if (self.port is None) == (self.tcp is None):
            raise ValueError("write one of 'port' (a serial line) and 'tcp' (host:port)")
        if isinstance(self.spec(Path()), Replay):
            raise ValueError("a recording answers no questions; name a line or a converter")
        if self.port is not None and not 1 <= self.unit <= 247:
            raise ValueError(f"unit {self.unit} is no address on a line; they go from 1 to 247")
        if self.parity != "none" and self.stop_bits == 2:
            raise ValueError("a character with parity has one stop bit; remove 'stop_bits: 2'")
        return self

    @property
    def max_age(self) -> float:
        """Seconds after which a value that was not read again is stale."""
        return max(LEAST_MAX_AGE, 3 * self.period)

    @property
    def line(self) -> Line:
        """How the serial line is set; without meaning on TCP."""
        return Line(self.baudrate, cast("Format", f"8{self.parity[0].upper()}{self.stop_bits}"))

    def spec(self, folder: Path) -> Spec:
        """Return where the line or the server is; raises ValueError that says what is right."""
        if self.tcp is None:
            return port.parse(self.port or "", folder)
        alone = (self.tcp.startswith("[") and self.tcp.endswith("]")) or ":" not in self.tcp
        try:
            return port.parse(f"socket://{self.tcp}" + (f":{_TCP_PORT}" if alone else ""), folder)
        except ValueError:
            raise ValueError(f"'{self.tcp}' is no address; write host:port") from None
