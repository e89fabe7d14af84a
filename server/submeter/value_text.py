"""Values and bytes as people read them."""

import math
import time

from submeter.meter.point import Point

_MILLION = 1_000_000
_ROW = 16


def value_text(point: Point, value: int | float | None) -> str:
    """Return a number as in `Reading` with its unit: an index with all of its digits.

    >>> from submeter.pointmap import points
    >>> value_text(points.all_points()["Active_Energy_Import"], 1_002_345_678)
    '1002.345678 kWh'
    """
    if value is None or not math.isfinite(value):
        return "unknown"
    if point.kind == "timestamp":
        return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(value))
    if point.states:
        state = int(value)
        return f"{state} ({point.states[state]})" if state in point.states else str(state)
    if point.kind == "index":
        whole, rest = divmod(int(value), _MILLION)
        text = f"{whole}.{rest:06d}"
    else:
        text = f"{value:.9g}"
    return f"{text} {point.unit}" if point.unit else text


def bytes_text(data: bytes, most: int = 1024) -> list[str]:
    """Return `data` as lines of 16 bytes: where, in hexadecimal, and as text where it is some."""
    lines = []
    for start in range(0, min(len(data), most), _ROW):
        row = data[start : min(start + _ROW, most)]
        text = "".join(chr(each) if 0x20 <= each < 0x7F else "." for each in row)
        lines.append(f"{start:04x}  {row.hex(' '):<47}  {text}")
    if len(data) > most:
        lines.append(f"... and {len(data) - most} bytes more")
    return lines
