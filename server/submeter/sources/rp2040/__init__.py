"""Current clamps at an RP2040 board."""
