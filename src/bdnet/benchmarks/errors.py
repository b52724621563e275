"""What cannot be measured."""

from bdnet.errors import BdnetError


class CannotMeasure(BdnetError, ValueError):
    """A measurement that makes no sense, or not on this machine; the message says what would."""
