"""Errors of data sets and their settings."""

from bdnet.errors import BdnetError


class BadData(BdnetError, ValueError):
    """A data set, or a file of it, that cannot be used; the message names it and the remedy."""


def check_whole(least: int, **values: object) -> None:
    """Refuses settings that are not whole numbers of at least `least`."""
    for name, value in values.items():
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise BadData(f"{name}={value}: a whole number from {least} on")


def check_choice(*choices: str, **values: object) -> None:
    """Refuses settings that are none of the choices."""
    for name, value in values.items():
        if value not in choices:
            raise BadData(f"{name}={value}: use {' or '.join(choices)}")
