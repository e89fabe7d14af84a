"""What the entries of a meter map name: points, addresses, units and constants."""

from collections.abc import Mapping

from submeter import units, yamlfile
from submeter.meter.point import Point
from submeter.pointmap import address, points

Number = int | float

PRODUCT = "VA"
"""The unit of a voltage times a current."""


class Lookup:
    """Looks up names in one map, and collects in `faults` what is wrong with it, line by line."""

    def __init__(self, document: yamlfile.Document, constants: Mapping[str, Number]) -> None:
        self.points = points.all_points()
        self.constants = constants
        self.faults: list[str] = []
        self._document = document

    def fault(self, loc: yamlfile.Loc, message: str) -> None:
        """Note that `message` is wrong at `loc`."""
        self.faults.append(self._document.fault(loc, message))

    def place(self, loc: yamlfile.Loc) -> str:
        """Return `file:line` of what stands at `loc`."""
        return self._document.place(loc).rpartition(":")[0]

    def point(self, name: str, loc: yamlfile.Loc) -> Point | None:
        """Return the point `name`, which stands at `loc`; None after a fault."""
        if name not in self.points:
            hint = yamlfile.suggest(name, list(self.points))
            self.fault(loc, f"unknown point '{name}'; {hint}")
        return self.points.get(name)

    def address(self, text: str, loc: yamlfile.Loc) -> address.Address | None:
        """Return the address that `text` names; None after a fault."""
        try:
            return address.parse(text)
        except ValueError as error:
            self.fault(loc, str(error))
            return None

    def constant(self, name: str, loc: yamlfile.Loc) -> Number | None:
        """Return the constant `name`; None after a fault."""
        if name not in self.constants:
            self.fault(loc, f"unknown constant '{name}'; {known(self.constants, name)}")
        return self.constants.get(name)

    def unit(self, unit: str | None, point: Point, loc: yamlfile.Loc) -> tuple[str | None, int]:
        """Return the unit to show `point` in, and n: a reading's number times 10**n is in it.

        A power factor has no unit, and can be shown in %.
        """
        unit = unit or point.unit
        if unit is None:
            return None, 0
        if unit == "%" and is_power_factor(point):
            return unit, 2
        power = units.exponent(point.counted_in, unit) if point.counted_in else None
        if power is None:
            own = f"is in {point.unit}" if point.unit else "has no unit"
            self.fault(loc, f"{point.name} {own}, not '{unit}'; remove 'unit'")
        return unit, power or 0

    def product_unit(self, unit: str | None, loc: yamlfile.Loc) -> tuple[str, int]:
        """Return the same of a voltage times a current."""
        unit = unit or PRODUCT
        power = units.exponent(PRODUCT, unit)
        if power is None:
            self.fault(loc, f"a voltage times a current is in VA or kVA, not '{unit}'")
        return unit, power or 0


def is_power_factor(point: Point) -> bool:
    """Tell whether `point` is a power factor."""
    return "pf" in point.haystack


def known(constants: Mapping[str, Number], name: str) -> str:
    """Return a hint for an unknown constant `name`."""
    if not constants:
        return "the map has no 'constants'"
    return yamlfile.suggest(name, list(constants))
