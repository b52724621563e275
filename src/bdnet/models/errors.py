"""What can be wrong with a network's settings."""

from bdnet.errors import BdnetError


class BadModel(BdnetError, ValueError):
    """A network, or weights for it, that cannot be had; the message names it and the remedy."""
