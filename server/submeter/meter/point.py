"""A point: one named quantity of the standard list, or a diagnostic or extension beyond it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Group = Literal["measurement", "command", "status", "configuration", "diagnostic", "extension"]
"""An extension point is one that only some instruments have; no other meter shows it."""
Kind = Literal["index", "analog", "timestamp", "binary", "multistate"]

INDEX_UNITS = {"kWh": "mWh", "kvarh": "mvarh", "kVAh": "mVAh", "m3": "mL"}
"""What an index may be in -> what it is counted in, a millionth of it.

In s, 1 W and 1 L/h both make 1/3.6 of that: so the bound of a growth is the same number.
"""


class Range(BaseModel):
    """The values that are to be expected, both ends included, in the point's unit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    min: float
    max: float


class Point(BaseModel):
    """What its list says of one point; its name is the key in the list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    group: Group
    description: str
    description_fr: str
    kind: Kind = Field(
        description="index: cumulative energy or volume; analog: a number; timestamp: UTC seconds; "
        "binary: two states; multistate: several states"
    )
    unit: str | None = Field(default=None, description="kWh, kvarh, kW, kvar, kVA, V, A, Hz, ...")
    range: Range | None = None
    limits: Range | None = Field(
        default=None, description="What can be measured at all, if more is than is to be expected"
    )
    cov: float = Field(
        default=0,
        ge=0,
        allow_inf_nan=False,
        description="COV increment of its BACnet objects, in its unit; 0: any change",
    )
    states: dict[int, str] = Field(
        default_factory=dict, description="Texts of the states, in the order of their BACnet states"
    )
    states_fr: dict[int, str] = Field(default_factory=dict)
    default: float | None = Field(
        default=None, description="Of a configuration point, in its unit; without one it is absent"
    )
    poll: str | None = Field(default=None, description="Recommended polling period, such as 5-15s")
    access: Literal["R", "W", "R/W"] = "R"
    haystack: list[str]
    brick: str

    def __hash__(self) -> int:
        # The states are a dictionary, which has no hash; names are unique.
        return hash(self.name)

    @property
    def bounds(self) -> tuple[float, float] | None:
        """The least and the largest value that can be true, in the point's unit."""
        widest = self.limits or self.range
        return (widest.min, widest.max) if widest else None

    @property
    def counted_in(self) -> str | None:
        """The unit of the numbers in readings: an index is counted in millionths of its unit."""
        if self.kind != "index":
            return self.unit
        return INDEX_UNITS.get(self.unit or "")
