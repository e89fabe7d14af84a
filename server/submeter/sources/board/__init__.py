"""The lines of an RP2040 board, which pulse inputs and clamps share."""
