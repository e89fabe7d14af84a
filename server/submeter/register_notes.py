"""What stands above a register list: what holds for the whole map, in words."""

import textwrap
from collections.abc import Iterator

from submeter.pointmap.address import Table
from submeter.pointmap.meter_file import Fallback
from submeter.pointmap.meter_map import MeterMap
from submeter.pointmap.register import Constant, Order, Register
from submeter.pointmap.register_codec import encode

FALLBACKS: dict[Fallback, str] = {
    "invalid": "reads as its invalid value",
    "last": "reads as the last good value",
    "failure": "is exception 04",
    "no-answer": "is exception 0B",
    "silence": "gets no answer",
}
"""What a poller gets instead of a value, by the map's word for it."""
_ORDERS: dict[Order, str] = {
    "ABCD": "most significant word first",
    "CDAB": "least significant word first",
    "BADC": "most significant word first, and the bytes of each word swapped",
    "DCBA": "least significant byte first",
}
_SAMPLE = 1_234_567_890


def notes(meter_map: MeterMap) -> list[str]:
    """Return the paragraphs, in Markdown."""
    paragraphs = [_addresses(meter_map), _reads(meter_map), _writes(meter_map)]
    if meter_map.document:
        paragraphs.insert(0, f"After: {meter_map.document}")
    return [textwrap.fill(each, 100, break_on_hyphens=False) for each in paragraphs]


def _addresses(meter_map: MeterMap) -> str:
    text = (
        "The address counts from 1 inside its table, as the trade writes it, or is in hexadecimal "
        "as on the wire, where it counts from 0."
    )
    return " ".join([text, *_orders(meter_map)])


def _orders(meter_map: MeterMap) -> Iterator[str]:
    """Describe each order that values of several registers have, with a worked example."""
    long = [each for each in meter_map.registers if each.words > 1 and each.type != "string"]
    used = sorted({register.order for register in long})
    for order in used:
        sample = Register("", Table.HOLDING, 0, 2, "uint32", Constant(_SAMPLE), order=order)
        data, _ = encode(_SAMPLE, sample)
        which = "Values" if len(used) == 1 or order == "ABCD" else f"Those marked {order}"
        yield (
            f"{which} of several registers come {_ORDERS[order]} ({order}): "
            f"{_SAMPLE} = 0x{_SAMPLE:08X} reads as {data.hex(' ', 2).upper()}."
        )


def _reads(meter_map: MeterMap) -> str:
    parts = []
    if meter_map.shared:
        parts.append("Functions 3 and 4 read the same registers.")
    if meter_map.functions is not None:
        listed = ", ".join(map(str, sorted(meter_map.functions)))
        parts.append(f"Other functions than {listed} are exception 01.")
    if meter_map.holes == "zero":
        parts.append("Undefined addresses beside defined ones read as 0; a read of nothing but")
        parts.append("undefined ones is exception 02.")
    else:
        parts.append("A read of an undefined address is exception 02.")
    cut = "is exception 02" if meter_map.clipped == "refuse" else "gets the registers it asks for"
    parts.append(f"A read that cuts through a value {cut}.")
    parts.append(_unknown(meter_map))
    parts.append("So does a value that its type cannot hold." if _plain(meter_map) else _TOO_LARGE)
    return " ".join(parts)


_TOO_LARGE = "A value that its type cannot hold reads as its invalid value."


def _plain(meter_map: MeterMap) -> bool:
    return set(meter_map.when_stale.model_dump().values()) == {"invalid"}


def _unknown(meter_map: MeterMap) -> str:
    if _plain(meter_map):
        return f"A value that is not known {FALLBACKS['invalid']}."
    when = meter_map.when_stale
    by_fallback: dict[Fallback, list[str]] = {}
    for quality, fallback in (
        ("stale", when.stale),
        ("failed", when.failed),
        ("absent", when.absent),
    ):
        by_fallback.setdefault(fallback, []).append(quality)
    parts = [f"{' or '.join(names)} {FALLBACKS[each]}" for each, names in by_fallback.items()]
    return f"A value that is {'; one that is '.join(parts)}."


def _writes(meter_map: MeterMap) -> str:
    if not any(register.writable for register in meter_map.registers):
        return "Nothing can be written."
    return "What has W as access can be written, from where the configuration opens it (`access`)."
