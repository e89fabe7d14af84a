"""TIC outputs whose frames a test knows: meters that stand still, in either mode."""

from dataclasses import dataclass
from typing import Protocol

from submeter.sources.tic.decoder import Group, Mode
from tooling.tic import frame


class Speaker(Protocol):
    """A model of a meter, which tells what a frame of this moment says."""

    def groups(self) -> list[Group]:
        """Return the groups."""


@dataclass
class Still:
    """A meter that says the same again and again."""

    said: bytes

    def next_frame(self) -> bytes:
        """Return the frame."""
        return self.said


def still(model: Speaker, mode: Mode = Mode.STANDARD) -> Still:
    """Return `model` as it is now."""
    return Still(frame(mode, model.groups()))


def number(model: Speaker, label: str) -> int:
    """Return what `model` says under `label`."""
    return int(next(each.data for each in model.groups() if each.label == label))


def in_historique(model: Speaker) -> Still:
    """Return a single-phase Linky of night and day after it was set to historique mode."""
    said = {each.label: each.data for each in model.groups()}
    night = said["NTARF"] == "01"
    groups = [
        Group("ADCO", said["ADSC"]),
        Group("OPTARIF", "HC.."),
        Group("ISOUSC", "30"),
        Group("HCHC", said["EASF01"]),
        Group("HCHP", said["EASF02"]),
        Group("PTEC", "HC.." if night else "HP.."),
        Group("IINST", said["IRMS1"]),
        Group("IMAX", "090"),
        Group("PAPP", said["SINSTS"]),
        Group("HHPHC", "A"),
        Group("MOTDETAT", "000000"),
    ]
    return Still(frame(Mode.HISTORIQUE, groups))
