"""Durable orchestrations in memory: the same generators, histories, at-least-once activities, replay after a crash."""
