"""Modbus RTU: frames on a serial line that others share, and the same frames over TCP."""
