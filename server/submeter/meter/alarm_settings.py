"""What the configuration says of states and alarms: thresholds, hysteresis and delays.

The thresholds of Overload_Alarm and Voltage_Unbalance_Alarm are settings of the meter, not of this
part of the configuration: Overload_Threshold and Voltage_Unbalance_Threshold.
"""

import datetime

from pydantic import BaseModel, ConfigDict, Field, field_validator

_MODEL = ConfigDict(extra="forbid", frozen=True, strict=True)


class PhaseLoss(BaseModel):
    """Phase_Loss_L1 to L3."""

    model_config = _MODEL

    below: float = Field(default=50, ge=5, le=80, description="% of the nominal voltage")
    hysteresis: float = Field(default=5, gt=0, le=15, description="% of the nominal voltage")
    on_delay: float = Field(default=2, ge=0, le=3600, description="s")
    off_delay: float = Field(default=5, ge=0, le=3600, description="s")


class Overload(BaseModel):
    """Overload_Alarm; its threshold is the setting Overload_Threshold."""

    model_config = _MODEL

    hysteresis: float = Field(default=5, gt=0, le=50, description="% of the rating")
    on_delay: float = Field(default=10, ge=0, le=3600, description="s")
    off_delay: float = Field(default=10, ge=0, le=3600, description="s")


class EnergyDirection(BaseModel):
    """Energy_Direction, which changes at the far side of the dead band only."""

    model_config = _MODEL

    deadband: float = Field(default=20, gt=0, le=100_000, description="W to each side of 0")
    on_delay: float = Field(default=0, ge=0, le=3600, description="s, from import to export")
    off_delay: float = Field(default=0, ge=0, le=3600, description="s, from export to import")


class VoltageUnbalance(BaseModel):
    """Voltage_Unbalance_Alarm; its threshold is the setting Voltage_Unbalance_Threshold."""

    model_config = _MODEL

    hysteresis: float = Field(default=0.5, gt=0, lt=1, description="% points of unbalance")
    on_delay: float = Field(default=30, ge=0, le=3600, description="s")
    off_delay: float = Field(default=30, ge=0, le=3600, description="s")


class CurrentUnbalance(BaseModel):
    """Current_Unbalance_Alarm."""

    model_config = _MODEL

    above: float = Field(default=50, ge=10, le=200, description="% of unbalance")
    hysteresis: float = Field(default=5, gt=0, lt=10, description="% points of unbalance")
    min_load: float = Field(
        default=10, ge=0, le=100, description="% of the rated current (of 50 A if none is given)"
    )
    on_delay: float = Field(default=30, ge=0, le=3600, description="s")
    off_delay: float = Field(default=30, ge=0, le=3600, description="s")


class PhaseSequence(BaseModel):
    """Reverse_Phase_Sequence."""

    model_config = _MODEL

    tolerance: float = Field(
        default=50, gt=0, le=59, description="degrees by which angles may differ from 120 and 240"
    )
    on_delay: float = Field(default=2, ge=0, le=3600, description="s")
    off_delay: float = Field(default=2, ge=0, le=3600, description="s")


class AlarmSettings(BaseModel):
    """States and alarms that are computed where the instrument has no bit of its own."""

    model_config = _MODEL

    phase_loss: PhaseLoss = PhaseLoss()
    overload: Overload = Overload()
    energy_direction: EnergyDirection = EnergyDirection()
    voltage_unbalance: VoltageUnbalance = VoltageUnbalance()
    current_unbalance: CurrentUnbalance = CurrentUnbalance()
    phase_sequence: PhaseSequence = PhaseSequence()


class Rating(BaseModel):
    """What the connection is made for."""

    model_config = _MODEL

    current: float | None = Field(default=None, gt=0, le=10_000, description="A per phase")
    voltage: float = Field(default=230, ge=50, le=1000, description="V, phase to neutral")
    power: float | None = Field(default=None, gt=0, le=10_000, description="kW of all phases")


class MidCertificate(BaseModel):
    """The certificate under which the feeding instrument measures (directive 2014/32/EU)."""

    model_config = _MODEL

    number: str = Field(min_length=1, description="Number of the certificate")
    expires: str = Field(
        pattern=r"^\d{4}-\d{2}-\d{2}$", description="YYYY-MM-DD: the last day on which it holds"
    )

    @field_validator("expires")
    @classmethod
    def _is_a_day(cls, expires: str) -> str:
        try:
            datetime.date.fromisoformat(expires)
        except ValueError:
            raise ValueError("no day of the calendar; write it as YYYY-MM-DD") from None
        return expires
