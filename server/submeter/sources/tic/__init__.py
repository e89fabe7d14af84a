"""Téléinformation client: the serial output of French electricity meters."""
