"""The OBIS code that the identifier of a text readout stands for."""

from submeter.sources.dlms import obis

_OF_NO_MEDIUM = (96, 97)


def code(identifier: str) -> str | None:
    """Return `identifier` as `A-B:C.D.E*F`; None if it is none.

    IEC 62056-6-1 annex A. Left out, A is 1 (electricity; 0 of the codes that are of no medium), B
    and E are 0, and F is 255: now, rather than a billing period that is over.

    >>> code("32.7"), code("1.8.1*16"), code("F.F")
    ('1-0:32.7.0*255', '1-0:1.8.1*16', '0-0:97.97.0*255')
    """
    found = obis.parse(identifier)
    if found is None:
        return None
    a = found.a if found.a is not None else int(found.c not in _OF_NO_MEDIUM)
    return obis.code(bytes([a, found.b or 0, *found[2:]]))
