"""Counterparts of Azure's services: what the official SDKs say to them is answered as the service would answer."""
