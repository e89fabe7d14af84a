"""What an M-Bus meter measures, as the head of its answer says it (EN 13757-3, table 3)."""

NOT_TOLD = 0xFF

MEDIA = {
    0x00: "other",
    0x01: "oil",
    0x02: "electricity",
    0x03: "gas",
    0x04: "heat (outlet)",
    0x05: "steam",
    0x06: "warm water",
    0x07: "water",
    0x08: "heat cost allocator",
    0x09: "compressed air",
    0x0A: "cooling (outlet)",
    0x0B: "cooling (inlet)",
    0x0C: "heat (inlet)",
    0x0D: "heat and cooling",
    0x0E: "bus or system",
    0x15: "hot water",
    0x16: "cold water",
    0x17: "hot and cold water",
    0x18: "pressure",
    0x19: "analog input",
    0x1A: "smoke detector",
    0x1B: "room sensor",
    0x1C: "gas detector",
    0x20: "breaker",
    0x21: "valve",
    0x25: "customer unit",
    0x28: "waste water",
    0x29: "garbage",
    0x2B: "carbon dioxide",
    0x31: "communication controller",
    0x36: "radio converter",
    0x37: "radio converter",
}
"""The words for each medium; maps name them, and people read them."""


def words(medium: int) -> str:
    """Return what a meter measures, for people."""
    return MEDIA.get(medium, f"medium {medium:02X}")
