"""What the host refuses, said so that the reader knows what to change."""


class HostError(Exception):
    """The host cannot start, or refuses the app; the message names the cause and the remedy."""


class NotSupported(Exception):
    """A feature of the real runtime that this host leaves out."""
