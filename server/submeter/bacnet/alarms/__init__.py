"""Alarms by intrinsic reporting (ASHRAE 135, clause 13)."""
