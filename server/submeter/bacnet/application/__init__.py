"""One BACnet device: its transactions and the services that it executes."""
