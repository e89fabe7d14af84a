"""Who a meter says it is: function 43/14, function 17 and identification registers."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from submeter.modbus.exceptions import (
    ILLEGAL_ADDRESS,
    ILLEGAL_FUNCTION,
    ILLEGAL_VALUE,
    exception,
)
from submeter.pointmap.meter_file import IdentityTexts

REPORT, READ = 17, 43
"""The functions: report server id (V1.1b3, 6.13), read device identification (6.21)."""
SERVER_ID = 0x53
"""The first byte of function 17, which the standard leaves to the device: an S for submeter."""
SERIAL_NUMBER = 0x80
"""Our only object of the extended kind."""
CONFORMITY = 0x83
"""Extended identification, as a stream and one by one."""

_MEI = 14
_RUNS = 0xFF
_INDIVIDUAL = 4
_LAST = {1: 0x02, 2: 0x7F, 3: 0xFF}  # object of a stream, by its Read Device ID code
_MOST = 253 - 7  # bytes of objects in one answer, behind its head
_BASIC = 3


@dataclass(frozen=True, slots=True)
class Identification:
    """The texts of one meter; V1.1b3, 6.21: objects 0 to 6, then our own from 0x80 on."""

    vendor: str = "submeter"
    product_code: str = "SM-53"
    revision: str = ""
    url: str = ""
    product_name: str = "submeter"
    model: str = ""
    application: str = ""
    serial: str = ""

    @classmethod
    def of(
        cls,
        texts: IdentityTexts,
        given: Mapping[str, str],
        application: str = "",
        serial: str = "",
        revision: str = "",
    ) -> "Identification":
        """Return the identity of a meter called `application` whose map has `texts`.

        What is `given`, by the names of the texts, goes before the map; `serial` and `revision` are
        for where neither has one. The product name of another vendor's meter is then its model, or
        its product code. Raises TypeError for a name that is no text.
        """
        known = {name: text for name, text in texts.model_dump().items() if text is not None}
        known |= given
        if "vendor" in known:
            product = known.get("model") or known.get("product_code", "")
            known.setdefault("product_name", product)
        return cls(**{"application": application, "serial": serial, "revision": revision, **known})

    @property
    def objects(self) -> dict[int, bytes]:
        """The objects of function 43/14 by their id, in its order.

        ASCII, with ? for other characters, and no longer than one answer can hold. Only the three
        basic ones may be empty.
        """
        texts = [text.encode("ascii", "replace")[: _MOST - 2] for text in asdict(self).values()]
        ids = [*range(len(texts) - 1), SERIAL_NUMBER]
        return {
            number: text for number, text in zip(ids, texts, strict=True) if text or number < _BASIC
        }


def report(identification: Identification, pdu: bytes) -> bytes:
    """Return the answer to a request of function 17; 03 if it is longer than its function.

    Count of bytes, SERVER_ID, FF for a meter that runs, then vendor, product code and revision as
    ASCII text with a blank between them.
    """
    if len(pdu) != 1:
        return exception(REPORT, ILLEGAL_VALUE)
    objects = identification.objects
    text = b" ".join(objects[number] for number in range(_BASIC) if objects[number])
    data = bytes((SERVER_ID, _RUNS)) + text[:_MOST]
    return bytes((REPORT, len(data))) + data


def read(identification: Identification, pdu: bytes) -> bytes:
    """Return the answer to a request of function 43.

    Exceptions: 01 for another MEI type than 14; 03 for another length than 4 bytes, or a Read
    Device ID code that is not 1 to 4; 02 for an object that is asked for by itself and not there. A
    stream from such an object begins at object 0.
    """
    if len(pdu) > 1 and pdu[1] != _MEI:
        return exception(READ, ILLEGAL_FUNCTION)
    if len(pdu) != 4 or not (pdu[2] in _LAST or pdu[2] == _INDIVIDUAL):
        return exception(READ, ILLEGAL_VALUE)
    _, _, code, first = pdu
    objects = identification.objects
    if code == _INDIVIDUAL:
        if first not in objects:
            return exception(READ, ILLEGAL_ADDRESS)
        return _answer(code, {first: objects[first]})
    asked = {number: text for number, text in objects.items() if number <= _LAST[code]}
    begin = first if first in asked else 0
    return _answer(code, {number: text for number, text in asked.items() if number >= begin})


def _answer(code: int, objects: Mapping[int, bytes]) -> bytes:
    """Return the answer with as many of `objects` as it can hold, and which is the next."""
    body, count, following = b"", 0, None
    for number, text in objects.items():
        if len(body) + 2 + len(text) > _MOST:
            following = number
            break
        body += bytes((number, len(text))) + text
        count += 1
    more = (0x00, 0x00) if following is None else (0xFF, following)
    return bytes((READ, _MEI, code, CONFORMITY, *more, count)) + body
