"""Lets `python -m submeter` do what the command `submeter` does."""

from submeter.cli import main

main()
