"""A DLMS client: opens an association and asks for attributes, one after the other."""

from submeter.errors import Condition, FrameError, LinkError
from submeter.sources.dlms import axdr
from submeter.sources.dlms.axdr import Data
from submeter.sources.optical import association, cosem_get
from submeter.sources.optical.cosem_get import Attribute
from submeter.sources.optical.hdlc_link import LARGEST_ANSWER, HdlcLink, Talk

MOST_BLOCKS = 4096


class Refused(int):
    """The number of a data-access-result: the meter does not give the attribute."""

    @property
    def words(self) -> str:
        """The refusal for people."""
        return cosem_get.REFUSALS.get(self, f"refusal {int(self)}")

    @property
    def no_such_object(self) -> bool:
        """Whether it says that there is no object of this class and code."""
        return self in cosem_get.NO_SUCH_OBJECT

    @property
    def lasting(self) -> bool:
        """Whether the meter will answer the same the next time."""
        return self.no_such_object or self == cosem_get.DENIED


class Client:
    """Speaks to one meter over `link`; its talks raise LinkError, and FrameError for nonsense."""

    def __init__(self, link: HdlcLink, password: bytes | None) -> None:
        self._link = link
        self._password = password
        self._invoke = 0

    def open(self) -> Talk[None]:
        """Connect and associate; DeniedError says why the meter will not."""
        yield from self._link.connect()
        answer = yield from self._link.exchange(association.request(self._password))
        association.check(answer)

    def close(self) -> Talk[None]:
        """Disconnect, which ends the association as well."""
        yield from self._link.disconnect()

    def get(self, attribute: Attribute) -> Talk[Data | Refused]:
        """Return the value of `attribute`, or the meter's refusal."""
        self._invoke = (self._invoke + 1) & 0x0F
        request = cosem_get.request(attribute, self._invoke)
        data = b""
        for number in range(1, MOST_BLOCKS):
            answer = cosem_get.parse((yield from self._link.exchange(request)), self._invoke)
            if answer.refusal is not None:
                return Refused(answer.refusal)
            if answer.block not in (None, number) or (answer.block is None and number > 1):
                raise FrameError("the blocks of an answer are out of order")
            data += answer.data
            if answer.last:
                return _value(data)
            if len(data) > LARGEST_ANSWER:
                break
            request = cosem_get.request_next(number, self._invoke)
        raise LinkError("the meter's answer has no end", Condition.NOISE)


def _value(data: bytes) -> Data | Refused:
    """Return the value; one of a form that we cannot read spoils no other."""
    try:
        value, end = axdr.decode(data)
    except FrameError:
        return Refused(cosem_get.UNREADABLE)
    return value if end == len(data) else Refused(cosem_get.UNREADABLE)
