"""Pulse output: drives a totaliser that counts contacts from the index of a meter."""
