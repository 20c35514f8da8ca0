"""`make demo`: simulated customers and the sample's agents play against a running host, so that the screens live."""
