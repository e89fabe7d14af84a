"""Modbus master: meters that already speak Modbus, read by the maps of the Modbus face."""
