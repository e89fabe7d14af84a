"""The RP2040: registers, pins, USB and flash, behind what core/board.py asks of a board."""
