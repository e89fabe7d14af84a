"""Samples the four inputs of the converter without a gap, into a ring that two DMA channels fill.

The converter goes round its inputs by itself and paces the first channel, which writes the ring;
when that has gone round, the second one writes its count anew, which starts it again. Nothing of
it needs the processor. Registers: RP2040 datasheet, 2.5 (DMA) and 4.9 (ADC).
"""

import array
import gc
import time

import machine
import rp2
import uctypes
from machine import mem32
from micropython import const

_CS = const(0x4004C000)
_FCS = const(0x4004C008)
_FIFO = const(0x4004C00C)
_DIV = const(0x4004C010)
_CS_EN = const(1)
_CS_GO = const((0xF << 16) | (1 << 3) | 1)  # RROBIN of inputs 0 to 3, AINSEL 0, START_MANY, EN
_CS_READY = const(1 << 8)
_FCS_ON = const((1 << 24) | (1 << 3) | 1)  # THRESH 1, DREQ_EN, EN
_FCS_LOST = const((1 << 11) | (1 << 10))  # OVER and UNDER; cleared by writing 1
_FCS_LEVEL = const(0xF << 16)
_CLOCK = const(48_000_000)

_DMA = const(0x50000000)
_CHANNEL = const(0x40)  # from one channel's registers to the next one's
_WRITE_ADDR = const(0x04)
_COUNT_TRIGGER = const(0x1C)  # AL1_TRANS_COUNT_TRIG
_CREDITS = const(0x800)  # DBG_CTDREQ: writing clears the requests that the channel has counted
_DREQ_ADC = const(36)
_UNPACED = const(0x3F)
_HALFWORD = const(1)
_WORD = const(2)

_RING_BITS = const(15)  # 32 KiB, the most that the DMA wraps at
_SIZE = const(1 << 15)
_FRAME = const(4)  # words
_SPARE = const(
    512
)  # frames: 151 of history are still read behind `rd`, the rest is for the draining
_FIRST_PIN = const(26)


class Sampler:
    """The ring of samples: words of 16 bits, GPIO26 to GPIO29 in turn, `rate` frames a second.

    `rd` is the word that is read next; who reads moves it on, by whole frames.
    """

    def __init__(self, rate=6000):
        for pin in range(_FIRST_PIN, _FIRST_PIN + _FRAME):
            machine.ADC(machine.Pin(pin))
        self.rate = rate
        self.mask = (_SIZE >> 1) - 1
        self.rd = 0
        self._div = _CLOCK * 256 // (rate * _FRAME) - 256
        self._most = (_SIZE >> 3) - _SPARE
        self._room = _room()
        self._base = _aligned(self._room)
        self.ring = uctypes.bytearray_at(self._base, _SIZE)
        self._count = array.array("I", [_SIZE >> 1])
        self._data = rp2.DMA()
        self._again = rp2.DMA()
        self._registers = _DMA + _CHANNEL * self._data.channel
        self._at = 0
        self._seen = 0
        self._lapped = False

    def start(self):
        """Sample from GPIO26 on, from the first word of the ring on; it may run already."""
        self.stop()
        # A conversion that is still under way would come first, and turn the inputs round.
        while not mem32[_CS] & _CS_READY:
            pass
        while mem32[_FCS] & _FCS_LEVEL:
            mem32[_FIFO]
        mem32[_FCS] = _FCS_LOST
        mem32[_DIV] = self._div
        self._arm()
        mem32[_FCS] = _FCS_ON
        self._data.active(1)
        self.rd = 0
        self._at = 0
        self._lapped = False
        self._seen = time.ticks_us()
        mem32[_CS] = _CS_GO

    def stop(self):
        """Sample no more; the DMA writes nothing after it."""
        mem32[_CS] = _CS_EN
        mem32[_FCS] = 0
        # The one that starts the other goes first; aborted with EN set it might be started again.
        for channel in (self._again, self._data):
            channel.ctrl = 0
            channel.active(0)

    def close(self):
        """Stop, and give the DMA channels back: they must not outlive the memory of the ring."""
        self.stop()
        self._again.close()
        self._data.close()

    def available(self):
        """Return the whole frames that are in the ring from `rd` on."""
        self._look()
        return ((self._at - self.rd) & self.mask) >> 2

    def overran(self):
        """Return whether samples were lost since the start, in the FIFO or by a lap of the ring."""
        self._look()
        return self._lapped or bool(mem32[_FCS] & _FCS_LOST)

    def _arm(self):
        data, again = self._data, self._again
        mem32[self._registers + _CREDITS] = 0
        again.config(
            read=uctypes.addressof(self._count),
            write=self._registers + _COUNT_TRIGGER,
            count=1,
            ctrl=again.pack_ctrl(size=_WORD, inc_read=False, inc_write=False, treq_sel=_UNPACED),
        )
        data.config(
            read=_FIFO,
            write=self._base,
            count=_SIZE >> 1,
            ctrl=data.pack_ctrl(
                size=_HALFWORD,
                inc_read=False,
                inc_write=True,
                ring_sel=True,
                ring_size=_RING_BITS,
                treq_sel=_DREQ_ADC,
                chain_to=again.channel,
            ),
        )

    def _look(self):
        """Take in where the DMA is; by the clock too, as it may have gone round unseen."""
        at = (mem32[self._registers + _WRITE_ADDR] - self._base) >> 1
        now = time.ticks_us()
        waiting = ((self._at - self.rd) & self.mask) >> 2
        came = ((at - self._at) & self.mask) >> 2
        passed = time.ticks_diff(now, self._seen) * self.rate // 1_000_000
        if waiting + max(came, passed) > self._most:
            self._lapped = True
        self._at = at
        self._seen = now


def _room():
    """Return memory with an aligned ring in it, and no more if the heap is filled upwards."""
    length = _before()
    gc.collect()
    before = bytearray(length)
    ring = bytearray(_SIZE)
    del before
    if _aligned(ring) != uctypes.addressof(ring):
        del ring
        gc.collect()
        ring = bytearray(2 * _SIZE)
    return ring


def _before():
    """Return how much memory lies before the ring where there is room for two."""
    room = bytearray(2 * _SIZE)
    return _aligned(room) - uctypes.addressof(room)


def _aligned(memory):
    return (uctypes.addressof(memory) + _SIZE - 1) & ~(_SIZE - 1)
