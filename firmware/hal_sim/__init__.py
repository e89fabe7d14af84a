"""A board that is none: plays waveforms into the firmware, in MicroPython (unix) and CPython."""
