"""What can be wrong with a data set."""

from bdnet.errors import BdnetError


class BadData(BdnetError, ValueError):
    """A data set, or a file of it, that cannot be used; the message names it and the remedy."""
