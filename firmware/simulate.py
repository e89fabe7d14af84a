"""A simulated board: the firmware, at waveforms, on standard input and output.

Runs in CPython and in MicroPython for unix; ends when its input does. `--state` keeps settings.
"""

import os
import sys

_FOLDER = __file__.rpartition("/")[0] or "."
sys.path.insert(0, _FOLDER)
if sys.implementation.name != "micropython":
    sys.path.insert(0, _FOLDER + "/cpython")

from core.board import Board  # noqa: E402
from hal_sim.clock import RealClock  # noqa: E402
from hal_sim.hal import Hal, Restart  # noqa: E402
from hal_sim.scenes import PROFILES  # noqa: E402
from hal_sim.terminal import Terminal  # noqa: E402

_USAGE = """\
python firmware/simulate.py [household|pv|steady|dead|currents] [--uid HEX] [--seed N]
                            [--state FILE]"""
_DIGITS = "0123456789"
_UID = "e660000000000001"


def main(arguments):
    """Run until the input ends; returns 2 for arguments that are none."""
    options = _parse(arguments)
    if options is None:
        print(_USAGE, file=sys.stderr)
        return 2
    uid, seed, state = options["--uid"], int(options["--seed"]), options["--state"]
    luck = int.from_bytes(os.urandom(4), "little")
    hal = Hal(options["profile"], Terminal(), RealClock(), uid, seed, state, luck)
    while True:
        try:
            Board(hal).run()
        except Restart:
            hal.reset_cause = "soft"


def _parse(arguments):
    """Return the options by name, None if they make no sense."""
    options = {"profile": "household", "--uid": _UID, "--seed": "1", "--state": None}
    words = list(arguments)
    while words:
        word = words.pop(0)
        if word in ("--uid", "--seed", "--state") and words:
            options[word] = words.pop(0)
        elif word in PROFILES:
            options["profile"] = word
        else:
            return None
    seed = _is_of(options["--seed"], 9, _DIGITS)
    uid = _is_of(options["--uid"], 32, _DIGITS + "abcdefABCDEF")
    return options if seed and uid else None


def _is_of(text, longest, characters):
    return 0 < len(text) <= longest and all(each in characters for each in text)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(0)
