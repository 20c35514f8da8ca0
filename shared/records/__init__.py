"""Typed records over the documents of the store."""
