"""What the configuration says of a simulated source."""

from pydantic import BaseModel, ConfigDict, Field


class SimulatedSettings(BaseModel):
    """A household on three phases that does not exist."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    seed: int = Field(default=1, description="The same seed gives the same household")
    solar: int = Field(default=0, ge=0, le=100_000, description="Peak power of a roof on L1, in W")
