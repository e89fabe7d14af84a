"""What the configuration says of the cross-check of two sources of one circuit."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator


class CrossCheckSettings(BaseModel):
    """Two sources of a meter whose energies are compared."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    sources: list[str] = Field(
        min_length=2, max_length=2, description="Names of the reference and of the one it checks"
    )
    point: Literal[
        "Active_Energy_Import",
        "Active_Energy_Export",
        "Reactive_Energy_Import",
        "Reactive_Energy_Export",
    ] = "Active_Energy_Import"
    window: float = Field(
        default=15.0,
        ge=1,
        le=1440,
        description="Minutes over which energies are compared; take sixty times the period at "
        "which the slower source is read, or more",
    )
    limit: float = Field(
        default=5.0, gt=0, le=100, description="% of the reference beyond which there is an alarm"
    )
    hysteresis: float = Field(
        default=1.0, ge=0, description="% by which the difference falls below the limit to end it"
    )
    least: float = Field(
        default=100.0, gt=0, description="Wh (varh) in the window below which nothing is judged"
    )

    @model_validator(mode="after")
    def _agree(self) -> "CrossCheckSettings":
        if self.sources[0] == self.sources[1]:
            raise ValueError(f"source '{self.sources[0]}' cannot check itself; name two sources")
        if self.hysteresis >= self.limit:
            raise ValueError("an alarm could never end: hysteresis must be below limit")
        return self
