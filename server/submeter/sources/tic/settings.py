"""What the configuration says of a TIC source."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class TicMaps(BaseModel):
    """The source maps of the modes."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    historique: str = "tic-historique"
    standard: str = "tic-standard"
    pme_pmi: str = "tic-pme-pmi"


class TicSettings(BaseModel):
    """A TIC output: Linky, older blue meter, PME-PMI."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    port: str = Field(
        description="/dev/serial/by-id/..., socket://host:port, rfc2217://host:port, replay:FILE "
        "or replay:FILE?speed=10"
    )
    baudrate: Literal["auto", 1200, 2400, 4800, 9600, 19200] = Field(
        default="auto", description="Of a device node; auto tries them until groups arrive"
    )
    format: Literal["7E1", "8N1"] = Field(
        default="7E1", description="Of a device node; 8N1 for a UART that has no parity"
    )
    maps: TicMaps = TicMaps()
    options: list[str] = Field(default_factory=list, description="Options of the source maps")
    meter: str | None = Field(
        default=None,
        pattern="^[0-9A-F]{12}$",
        description="The meter's ADSC, ADCO or ADS, in quotes; of another one nothing is taken",
    )
