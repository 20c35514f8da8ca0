"""Customers and agents who use the API over HTTP, for benchmarks, the demo and tests; cheap, to share a machine."""
