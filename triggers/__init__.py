"""One blueprint per ingress family: parse and authenticate, call one use case, answer."""
