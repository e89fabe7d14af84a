"""The objects of a device, kept as they go on the wire."""
