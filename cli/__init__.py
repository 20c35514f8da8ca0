"""The command line: checks, lints and compares configurations without a host."""
