"""Which properties the standard requires of an object: ASHRAE 135-2016, the tables of clause 12."""

import functools
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from bacpypes3.basetypes import PropertyIdentifier
from bacpypes3.primitivedata import ObjectType


class _Correction(NamedTuple):
    """What a table requires where bacpypes3 takes it for optional, and the other way round."""

    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()


_CORRECTIONS: Mapping[str, _Correction] = MappingProxyType(
    {
        # 12.25
        "trend-log": _Correction(frozenset({"eventState"}), frozenset({"reliability"})),
        # 12.29
        "structured-view": _Correction(frozenset({"nodeType"}), frozenset({"nodeSubtype"})),
        # 12.56; later editions require them of ports that applications can use, as ours are.
        "network-port": _Correction(
            frozenset({"networkNumber", "networkNumberQuality", "apduLength"})
        ),
    }
)


@functools.cache
def required_of(schema: Any) -> frozenset[int]:
    """Return the properties that the standard requires of an object class of bacpypes3."""
    names = {name for base in schema.__mro__ for name in getattr(base, "_required", ())}
    right = _CORRECTIONS.get(str(ObjectType(schema.objectType)), _Correction())
    wanted = (names | right.required) - right.optional
    return frozenset(int(PropertyIdentifier(name)) for name in wanted)
