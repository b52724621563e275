"""What can be wrong with runs that are to stand in one table."""

from bdnet.errors import BdnetError


class BadRuns(BdnetError, ValueError):
    """FinishedRun folders that make no table or figure; the message names them and the remedy."""
