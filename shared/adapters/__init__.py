"""The world outside, by port."""
