"""The product: domain, contracts, ports, use cases, channels and adapters."""
