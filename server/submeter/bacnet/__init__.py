"""The BACnet/IP face: a meter's readings as objects of a device."""
