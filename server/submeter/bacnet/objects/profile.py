"""What a point means, for programs: tags and profile names."""

from bacpypes3.basetypes import NameValue
from bacpypes3.primitivedata import CharacterString

from submeter.meter.point import Point


def tags(point: Point) -> list[NameValue]:
    """Return Tags (ASHRAE 135, Annex Y): the Haystack markers, and `brick` with the class."""
    markers = [NameValue(name=marker) for marker in point.haystack]
    return [*markers, NameValue(name="brick", value=CharacterString(point.brick))]


def name(point: Point, vendor_id: int) -> str:
    """Return Profile_Name: the vendor's number, a dash and the point's name (135, 12.2 et al.)."""
    return f"{vendor_id}-{point.name}"
