"""A board that is simulated by a program of its own: the same firmware, fed with waveforms."""

from dataclasses import dataclass
from pathlib import Path

from submeter import firmware_files
from submeter.errors import Condition, ConfigError, LinkError

PROFILES = "household", "pv", "steady", "dead", "currents"
"""What may be at its inputs; the firmware folder has them."""


@dataclass(frozen=True, slots=True)
class SimulatedBoard:
    """A board at the inputs of which is what `profile` names; `uid` is its number, "" the usual."""

    profile: str
    uid: str = ""

    def __str__(self) -> str:
        return f"simulated:{self.profile}" + (f"?uid={self.uid}" if self.uid else "")

    def program(self) -> Path:
        """Return the program that simulates it; raises LinkError if it is not there."""
        try:
            path = firmware_files.folder() / "simulate.py"
        except ConfigError as error:
            raise LinkError(str(error), Condition.NO_DEVICE) from None
        if not path.is_file():
            raise LinkError(f"there is no {path}; {self} needs it", Condition.NO_DEVICE)
        return path

    def check(self) -> None:
        """Raise LinkError with one line if the program is not there."""
        self.program()
