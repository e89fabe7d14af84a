"""What the firmware asks of the module `micropython`, for CPython: viper code runs as it stands.

Its integers do not wrap there at 32 bits; the arrays that it sums into refuse what does not fit.
"""

import builtins


def viper(function):
    """Return `function` as it is."""
    return function


def const(value):
    """Return `value` as it is."""
    return value


for _name in ("ptr16", "ptr32"):
    setattr(builtins, _name, int)
