"""Azure services, through the official SDKs."""
