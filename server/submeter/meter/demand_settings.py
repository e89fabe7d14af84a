"""What the configuration says of the demand; its interval is the setting Demand_Interval."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Window = Literal["sliding", "fixed"]


class DemandSettings(BaseModel):
    """How the demand is formed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    window: Window = Field(
        default="sliding",
        description="sliding: a window ends with every subinterval; "
        "fixed: blocks of Demand_Interval from midnight UTC on",
    )
    subinterval: Literal[1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30] = Field(
        default=1,
        description="min, by which a sliding window moves; where it does not divide "
        "Demand_Interval, their greatest common divisor",
    )
