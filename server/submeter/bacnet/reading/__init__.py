"""Reads: ReadProperty, ReadPropertyMultiple and ReadRange."""
