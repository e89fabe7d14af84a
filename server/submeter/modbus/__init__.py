"""The Modbus face: a meter's readings as registers and bits."""
