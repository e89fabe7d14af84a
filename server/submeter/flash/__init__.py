"""Installs the firmware on a board, through the interpreter that runs there."""
