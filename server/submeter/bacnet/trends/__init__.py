"""Trend logs: the samples of the store as objects with a log buffer."""
