"""Customers and agents: they know of the contact centre what its API tells them."""
