"""The Structured View object: the objects of one meter under one name (ASHRAE 135, 12.29)."""

from collections.abc import Sequence

from bacpypes3 import object as schemas

from submeter.bacnet import encoding
from submeter.bacnet.objects.image import Image
from submeter.bacnet.objects.served import ServedObject, property_number
from submeter.bacnet.objects.table import DEVICE

_DESCRIPTION = 28
_EQUIPMENT = 6  # BACnetNodeType (135, clause 21)


def structured_view(
    instance: int,
    name: str,
    description: str,
    device_instance: int,
    members: Sequence[ServedObject],
    annotations: Sequence[str] | None = None,
) -> ServedObject:
    """Return the view of `members` of the device.

    Each has its text in `annotations`; without these it is what the member has as Description.
    """
    if annotations is None:
        texts = tuple(map(_description, members))
    else:
        texts = tuple(map(encoding.text, annotations))
    device = encoding.context(0, encoding.identifier_content(DEVICE, device_instance))
    listed = (encoding.identifier_content(each.type, each.instance) for each in members)
    images: dict[str, Image] = {
        "description": encoding.text(description),
        "nodeType": encoding.enumerated(_EQUIPMENT),
        "nodeSubtype": encoding.text("electrical submeter"),
        "subordinateList": tuple(device + encoding.context(1, each) for each in listed),
        "subordinateAnnotations": texts,
    }
    numbered = {property_number(attribute): value for attribute, value in images.items()}
    return ServedObject(schemas.StructuredViewObject, instance, name, numbered)


def _description(member: ServedObject) -> bytes:
    found = member.read(_DESCRIPTION)
    return found if isinstance(found, bytes) else encoding.text("")
