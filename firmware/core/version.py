"""Which firmware this is."""

FIRMWARE = "1.0.0"
LINES = 1
"""The version of docs/board-lines.md that it speaks."""
