"""The turns of conversations as Durable activities: at least once each, so that all of them are safe to repeat."""
