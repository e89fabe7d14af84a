"""Meters that push or answer DLMS/COSEM: frames, ciphering, layouts, and what they say by OBIS."""
