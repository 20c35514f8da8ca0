"""Routing's decisions in words that a supervisor understands, in the language that they read.

The predicates and keys are those of docs/routing.md; docs/supervisor.md says how to read what comes of it.
"""
