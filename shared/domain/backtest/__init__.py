"""Recorded traffic, decided again: exactly as it was, or under another policy. docs/backtest.md has the model."""
