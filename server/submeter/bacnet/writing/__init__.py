"""Writes: WriteProperty and WritePropertyMultiple."""
