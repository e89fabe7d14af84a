"""Property values, taken apart and put together again by bacpypes3."""

from typing import Any

from bacpypes3 import object as schemas
from bacpypes3.constructeddata import Array
from bacpypes3.pdu import PDUData
from bacpypes3.primitivedata import PropertyIdentifier, TagList

from submeter.bacnet.objects.served import ServedObject

# bacpypes3 does not write as it was read the value of a tag, nor a bit string of another length
# than its own: Tags, Protocol_Object_Types_Supported, Protocol_Services_Supported.
_READ_ONLY = (486, 96, 97)


def schema_of(served: ServedObject) -> Any:
    """Return the object class of bacpypes3 that has the type of `served`."""
    typed: list[Any] = [each for each in vars(schemas).values() if hasattr(each, "objectType")]
    known = [each for each in typed if isinstance(each.objectType, int)]
    return next(each for each in known if int(each.objectType) == served.type)


def attribute(number: int) -> str:
    """Return the name that bacpypes3 gives a property."""
    return str(PropertyIdentifier(number).attr)


def decoded(served: ServedObject, number: int, index: int | None = None) -> Any:
    """Return the value of a property, or of an element of it, in its data type.

    Nothing of what is on the wire may be left over, and bacpypes3 must write the same.
    """
    octets = served.read(number, index)
    assert isinstance(octets, bytes), (attribute(number), octets)
    datatype = schema_of(served)._elements[attribute(number)]
    if index is not None:
        assert issubclass(datatype, Array)
        datatype = datatype._subtype
    tags = TagList.decode(PDUData(octets))
    value = datatype.decode(tags)
    assert not len(tags), attribute(number)
    if number not in _READ_ONLY:
        assert bytes(value.encode().encode().pduData) == octets, attribute(number)
    return value
