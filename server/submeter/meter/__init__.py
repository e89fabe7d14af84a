"""The meter: one value, one quality and one instant for every point."""
