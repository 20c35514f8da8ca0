"""Frozen values and pure functions; the time is an argument. Standard library only."""
