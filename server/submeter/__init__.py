"""A virtual electrical submeter: instruments in, Modbus and BACnet out."""

__version__ = "0.1.0"
