"""What ends a command with a message."""


class CommandError(Exception):
    """The message is for whoever typed the command."""
