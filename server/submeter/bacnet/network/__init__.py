"""The network layer: who a packet is for, and the virtual network behind our router."""
