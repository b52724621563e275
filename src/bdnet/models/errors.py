"""Errors of networks and their settings."""

from bdnet.errors import BdnetError


class BadModel(BdnetError, ValueError):
    """A network or weights that cannot be loaded; the message has the cause and a remedy."""
