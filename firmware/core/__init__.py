"""The firmware of a board with current clamps, without its hardware: arithmetic and protocol.

Runs unchanged in MicroPython (1.22 or later) and in CPython with the module of cpython/.
"""
