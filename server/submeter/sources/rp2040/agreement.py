"""What the meters of one board say of what is at its inputs: that must be one and the same."""

import math
from collections.abc import Mapping
from typing import NamedTuple

from submeter.sources.rp2040.rating import PRIMARY, SECONDARY, Rating
from submeter.sources.rp2040.settings import Phase, Rp2040Settings, Transformer
from submeter.sources.rp2040.wiring import Wiring


class Fault(NamedTuple):
    """What is wrong, and the key in the settings that it is about."""

    key: str
    message: str


class Agreement:
    """Of one board; transformer, phases, and ratings of the clamps, as the first meter has them."""

    def __init__(self) -> None:
        self._transformer: Transformer | None = None
        self._phases: list[tuple[Phase, bool]] = []  # and whether it is only a name
        self._clamps: dict[int, float] = {}  # A for each V

    def add(
        self, settings: Rp2040Settings, wiring: Wiring, configured: Mapping[str, float]
    ) -> Fault | None:
        """Take what a meter says, with the settings of the meter that are `configured`.

        Returns what another one has otherwise, None if nothing.
        """
        return (
            self._transformers(settings)
            or self._voltages(wiring)
            or self._ratings(settings, wiring, configured)
        )

    def _transformers(self, settings: Rp2040Settings) -> Fault | None:
        given = settings.voltage
        before = self._transformer = self._transformer or given
        if before and given and before != given:
            has = f"{before.volts:g} V of {before.mains:g} V"
            return Fault("voltage", f"another meter of the board has {has}; make both the same")
        return None

    def _voltages(self, wiring: Wiring) -> Fault | None:
        """Prove the phase: of meters with one phase, that of the voltage, it is only a name."""
        at = wiring.voltage_at
        if at is None:
            return None
        named = not wiring.estimated  # then the clamp is at the phase of the voltage
        for other, is_name in self._phases:
            if other != at and not (named and is_name):
                message = f"another meter has the voltage of the board at {other}; make both agree"
                return Fault("voltage_at", message)
        self._phases.append((at, named))
        return None

    def _ratings(
        self, settings: Rp2040Settings, wiring: Wiring, configured: Mapping[str, float]
    ) -> Fault | None:
        rating = Rating(settings)
        rating.rate(configured.get(PRIMARY), configured.get(SECONDARY))
        if rating.scale is None:
            return None
        amperes = rating.scale.current
        for each in wiring.clamps:
            before = self._clamps.setdefault(each.clamp, amperes)
            if not math.isclose(before, amperes):
                has = f"{before:g} A for each V"
                message = f"another meter has clamp {each.clamp} of the board at {has}, and this "
                return Fault("clamp", f"{message}one at {amperes:g} A; make both the same")
        return None
