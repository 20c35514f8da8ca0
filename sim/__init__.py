"""The deterministic simulator: the real use cases, router, records and orchestrations in memory, on virtual time.

docs/simulator.md says what it does and how to run it. It may import the whole product, but not the embedded host;
nothing imports it.
"""
