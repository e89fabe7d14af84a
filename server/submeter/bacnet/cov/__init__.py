"""Change of value: who is told what (ASHRAE 135, 13.1)."""
