"""Errors that are the user's to mend: one sentence, with the value found and the fix."""


class BdnetError(Exception):
    """Base of every error that an entry point prints as a sentence instead of a traceback."""
