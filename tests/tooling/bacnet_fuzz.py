"""BACnet/IP packets by chance: good ones of every service, and what damage makes of them."""

import random
import struct
from collections.abc import Sequence

from bacnet.client import frame
from tooling import bacnet_requests
from tooling.bacnet_site import STANDARD

_BYTES = (0x00, 0x01, 0x05, 0x0C, 0x0E, 0x1E, 0x3E, 0x3F, 0x7F, 0x80, 0x91, 0xC4, 0xF9, 0xFE, 0xFF)
_LENGTHS = (0, 1, 3, 4, 6, 1497, 65535)
_LONGEST = 1497
_UNICAST, _EXPECTING, _DESTINATION = 0x0A, 0x04, 0x20
_FEW_READS = 12  # of the reads that differ in nothing but the object, one in so many


def seeds(far: bytes = b"") -> list[bytes]:
    """Return good packets, some of each service; `far` is where the meter is behind a router."""
    every = bacnet_requests.every()
    near = [
        request.datagram
        for place, request in enumerate(every)
        if place % _FEW_READS == 0 or place >= len(STANDARD.objects)
    ]
    plain = [each for each in near if each[1] == _UNICAST and not each[5] & ~_EXPECTING]
    routed = [frame(each[6:], npci=bytes((1, each[5] | _DESTINATION)) + far) for each in plain]
    return [*near, *routed] if far else near


class Damager:
    """Makes packets out of `good` ones; everything comes from `seed`."""

    def __init__(self, seed: int, good: Sequence[bytes]) -> None:
        self.dice = random.Random(seed)
        self._good = good

    def packet(self) -> bytes:
        """Return a packet: most often with damage, but of the length that it says."""
        data = bytearray(self.dice.choice(self._good))
        for _ in range(self.dice.choice((0, 1, 1, 1, 2, 3, 8))):
            data = self._damaged(data)
        data = data[:_LONGEST]
        chance = self.dice.random()
        if chance < 0.9 and len(data) >= 4:
            data[0] = 0x81
            struct.pack_into(">H", data, 2, len(data))
        elif chance < 0.95 and len(data) >= 4:
            struct.pack_into(">H", data, 2, self.dice.choice(_LENGTHS))
        if len(data) > 8 and self.dice.random() < 0.5:
            data[8] = self.dice.randrange(256)  # where the invoke id stands most often
        return bytes(data)

    def _damaged(self, data: bytearray) -> bytearray:
        if not data:
            return bytearray(self.dice.randbytes(8))
        # The link's header is four octets; damage to it is told at once, and teaches little.
        first = min(4, len(data) - 1) if self.dice.random() < 0.9 else 0
        place = self.dice.randrange(first, len(data))
        match self.dice.randrange(8):
            case 0:
                data[place] ^= 1 << self.dice.randrange(8)
            case 1:
                data[place] = self.dice.choice(_BYTES)
            case 2:
                del data[place:]
            case 3:
                del data[place : place + self.dice.choice((1, 2, 4))]
            case 4:
                data[place:place] = self.dice.randbytes(self.dice.choice((1, 2, 4, 30)))
            case 5:
                other = self.dice.choice(self._good)
                data[place:] = other[self.dice.randrange(len(other)) :]
            case 6:
                piece = data[place : place + self.dice.choice((2, 8, 40))]
                data[place:place] = piece * self.dice.choice((1, 2, 20))
            case _:
                data[first:] = self.dice.randbytes(self.dice.choice((1, 4, 12, 60, 400)))
        return data
