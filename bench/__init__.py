"""Benchmarks: each module here with a `run(report)` is one, and measures its peers in the same run."""
