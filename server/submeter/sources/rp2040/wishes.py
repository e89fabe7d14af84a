"""What the meters of a board want of it, which must be one and the same."""

import json
from collections.abc import Sequence
from typing import Any

from submeter.sources.rp2040.identity import Identity, Layout

PERIOD = 1  # s between records


class Wishes:
    """Layout, lags and quarter period that a board shall sample with; it tells each second."""

    def __init__(self) -> None:
        self._layout: Layout | None = None
        self._quarter: int | None = None
        self._lags: dict[int, int] = {}
        self._inputs: dict[str, Sequence[int] | int] = {}  # order, pins, debounce

    def add(self, layout: Layout, clamp: int | None, lag: int, quarter: int) -> None:
        """Want `layout` and `quarter`, and `lag` frames at `clamp`, from 1 on.

        Raises ValueError if another meter wants it otherwise; nothing is changed then.
        """
        if self._layout not in (None, layout):
            raise ValueError("another meter has the board with a voltage, and this one without")
        if self._quarter not in (None, quarter):
            raise ValueError("another meter of the board is for another frequency of the mains")
        if clamp is not None and self._lags.get(clamp, lag) != lag:
            message = f"another meter has clamp {clamp} of the board at another phase"
            raise ValueError(message)
        self._layout, self._quarter = layout, quarter
        if clamp is not None:
            self._lags[clamp] = lag

    def add_inputs(
        self,
        order: Sequence[int] | None = None,
        pins: Sequence[int] | None = None,
        debounce: int | None = None,
    ) -> None:
        """Want the channel of each role, GPIO of pulse inputs, and their ms; None: as they are.

        Raises ValueError if another meter wants it otherwise; nothing is changed then.
        """
        given = {"order": order, "pins": pins, "debounce": debounce}
        wanted = {key: each for key, each in given.items() if each is not None}
        for key, each in wanted.items():
            if self._inputs.get(key, each) != each:
                raise ValueError(f"another meter of the board has another '{key}'")
        self._inputs |= wanted

    def fits(self, identity: Identity) -> bool:
        """Tell whether what the board samples is of the layout and the order that are wanted."""
        order = self._inputs.get("order", identity.order)
        return self._layout in (None, identity.layout) and order == identity.order

    def missing(self, identity: Identity) -> dict[str, Any]:
        """Return the settings that the board must be given, none if it has them."""
        if self._layout is None:
            return {}
        settings: dict[str, Any] = {}
        if identity.layout != self._layout:
            settings["layout"] = self._layout
        if identity.period != PERIOD:
            settings["period"] = PERIOD
        has = {"order": identity.order, "pins": identity.pins, "debounce": identity.debounce}
        for key, each in self._inputs.items():
            if each != has[key]:
                settings[key] = each
        if self._layout == "4i":
            return settings
        lags = [self._lags.get(n, old) for n, old in enumerate(identity.lags, 1)]
        if lags != list(identity.lags):
            settings["lags"] = lags
        if identity.quarter != self._quarter:
            settings["quarter"] = self._quarter
        return settings

    def command(self, identity: Identity) -> str | None:
        """Return the command that gives the board what it lacks, None if it lacks nothing."""
        settings = self.missing(identity)
        return f"cfg {json.dumps(settings)}" if settings else None
