"""UDP below BACnet/IP: sockets, the virtual link layer, broadcasts beyond the subnet."""
