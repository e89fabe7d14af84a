"""What the configuration says of the pulse output of a meter."""

from pydantic import BaseModel, ConfigDict, Field, field_validator

from submeter.pointmap import points


class PulseOutputSettings(BaseModel):
    """A line of a GPIO chip that drives a totaliser.

    Pulse_Constant says what a pulse is worth: Wh, varh or VAh, and L of a volume.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    chip: str = Field(default="/dev/gpiochip0", pattern="^/", description="Its device node")
    line: int = Field(ge=0, le=1023, description="Its number on the chip; on a Pi that of the GPIO")
    point: str = Field(default="Active_Energy_Import", description="The index that it follows")
    width: int = Field(default=50, ge=1, le=500, description="ms that a pulse lasts at least")
    pause: int = Field(default=50, ge=1, le=5000, description="ms between two pulses at least")
    active_low: bool = Field(default=False, description="The line is low during a pulse")
    backlog: int = Field(
        default=100_000, ge=1, le=10_000_000, description="Pulses that may wait; more are skipped"
    )

    @field_validator("point")
    @classmethod
    def _is_index(cls, name: str) -> str:
        point = points.all_points().get(name)
        if point is None or point.kind != "index":
            raise ValueError(f"'{name}' is no index; 'Active_Energy_Import' is one")
        return name
