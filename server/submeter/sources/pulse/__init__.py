"""Pulse inputs: contacts that close once for each portion of energy or volume."""
