"""What the configuration says of an optical head."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from submeter.sources import secret_file
from submeter.sources.optical import local_time

_PERIODS = 2.5  # periods that a value lasts at least


class OpticalSettings(BaseModel):
    """A meter that is asked through its optical port: E350, E650, and others."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    port: str = Field(
        description="/dev/serial/by-id/..., socket://host:port, rfc2217://host:port or replay:FILE"
    )
    map: str = Field(default="obis-standard", description="The source map")
    options: list[str] = Field(default_factory=list, description="Options of the source map")
    mode: Literal["auto", "text", "hdlc"] = Field(
        default="auto",
        description="text: readout of IEC 62056-21; hdlc: DLMS at once; auto: what the meter says",
    )
    period: float = Field(default=60.0, ge=5, le=86_400, description="Seconds between readings")
    meter: str | None = Field(
        default=None, min_length=1, description="The meter's serial number; another is not read"
    )
    device: str = Field(
        default="",
        max_length=32,
        pattern=r"^[0-9A-Za-z ]*$",
        description="The address in the sign-on, where several meters share the line",
    )
    wake: int = Field(
        default=0, ge=0, le=120, description="NUL bytes before the sign-on, for sleeping meters"
    )
    switch: bool = Field(
        default=True, description="Take the speed that the meter offers; false: stay at 300 baud"
    )
    pause: float = Field(
        default=0.3, ge=0.2, le=2.0, description="Seconds from the acknowledgement to the new speed"
    )
    timezone: str | None = Field(
        default=None,
        description="Of the meter's clock in text mode: Europe/Zurich; none: that of this machine",
    )
    baudrate: Literal[300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] = Field(
        default=9600, description="Of mode hdlc, which does not sign on"
    )
    client: int = Field(
        default=16, ge=1, le=127, description="DLMS client: 16 is public, 1 the management"
    )
    server: int = Field(default=1, ge=1, le=16_383, description="DLMS logical device")
    physical: int | None = Field(
        default=None, ge=0, le=16_383, description="DLMS physical device, none: not said"
    )
    keys: secret_file.Name | None = Field(
        default=None,
        pattern=r"^[^\x00-\x1f]+$",
        description="The file with the meter's password, of mode 0600",
    )

    def max_age(self, of_map: float) -> float:
        """Return the seconds after which a value is stale that its map keeps for `of_map`."""
        return max(of_map, _PERIODS * self.period)

    @field_validator("timezone")
    @classmethod
    def _there_is_one(cls, name: str | None) -> str | None:
        local_time.zone(name)
        return name
