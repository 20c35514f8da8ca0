"""Conversations as Durable orchestrations: they own the life cycle, not the messages."""
