"""What the configuration says of a meter that pushes DLMS."""

from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, field_validator

from submeter.sources import secret_file
from submeter.sources.port import Format


class DlmsSettings(BaseModel):
    """The customer interface of an electricity meter that pushes DLMS: E450 and many others."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    port: str = Field(
        description="/dev/serial/by-id/..., socket://host:port, rfc2217://host:port, replay:FILE "
        "or replay:FILE?speed=10"
    )
    map: str = Field(
        default="obis-standard", description="Source map: the codes or the layout of the utility"
    )
    baudrate: Literal["auto", 300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200] = (
        Field(
            default=2400,
            description="Of a device node; auto tries 2400 8E1, 9600 8N1 and 115200 8N1",
        )
    )
    format: Format = Field(default="8E1", description="Of a device node, where baudrate is no auto")
    keys: secret_file.Name | None = Field(
        default=None,
        pattern=r"^[^\x00-\x1f]+$",
        description="File with the keys from the utility, readable by its owner only",
    )
    meter: str | None = Field(
        default=None, description="Serial number or system title; another meter is not taken"
    )
    options: list[str] = Field(default_factory=list, description="Options of the source map")
    timezone: str | None = Field(
        default=None,
        description="Such as Europe/Zurich, for a meter clock that does not say how far UTC is",
    )
    check_counter: bool = Field(
        default=True,
        description="Refuse ciphered messages whose counter does not grow; false only to begin "
        "anew after the meter was reset",
    )

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str | None) -> str | None:
        if name is not None:
            try:
                ZoneInfo(name)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                raise ValueError(f"unknown time zone '{name}'; write Europe/Zurich") from None
        return name

    @property
    def zone(self) -> ZoneInfo | None:
        """The zone of the meter's clock, if the configuration gives it."""
        return ZoneInfo(self.timezone) if self.timezone else None
