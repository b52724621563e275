"""Errors that users can correct: a sentence with the wrong value and the remedy."""


class BdnetError(Exception):
    """Base of all errors that entry points print as a message instead of a traceback."""
