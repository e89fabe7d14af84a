"""Fills a ring with what the converter would say of a scene."""

from hal_sim import converter

POINTS = 8192
"""Points of a period in the tables of a scene."""

_SHIFT = 19  # of a phase of 32 bits
_TURN = 1 << 32


class Wave:
    """Plays a scene, a second at a time; noise by `seed`."""

    def __init__(self, scene, rate, seed):
        self.scene = scene
        self._rate = rate
        self._samples = converter.samples()
        self._noises = converter.noises(seed)
        self._noise = 0
        self._phase = 0
        self._left = rate  # frames of this second
        self._second = 0
        scene.advance(0)

    def fill(self, ring, at, frames, mask):
        """Write the next frames into words of the ring from `at` on."""
        while frames:
            n = min(frames, self._left)
            turn = int(self.scene.frequency * _TURN / self._rate)
            for channel in range(4):
                table = self.scene.tables[channel]
                self._play(ring, at + channel, n, mask, table, self._phase + turn * channel // 4)
            at = (at + 4 * n) & mask
            frames -= n
            self._pass(n, turn)

    def skip(self, frames):
        """Let frames pass that nobody takes."""
        while frames:
            n = min(frames, self._left)
            frames -= n
            self._pass(n, int(self.scene.frequency * _TURN / self._rate))

    def _pass(self, frames, turn):
        self._phase = (self._phase + frames * turn) % _TURN
        self._left -= frames
        if not self._left:
            self._left = self._rate
            self._second += 1
            self.scene.advance(self._second)

    def _play(self, ring, at, frames, mask, table, phase):
        samples, noises, noise = self._samples, self._noises, self._noise
        turn = int(self.scene.frequency * _TURN / self._rate)
        last, silent, most = POINTS - 1, len(noises), len(samples) - 1
        for _ in range(frames):
            value = (table[(phase >> _SHIFT) & last] + noises[noise]) >> 4
            ring[at] = samples[value if 0 <= value <= most else (0 if value < 0 else most)]
            at = (at + 4) & mask
            phase += turn
            noise += 1
            if noise == silent:
                noise = 0
        self._noise = noise
