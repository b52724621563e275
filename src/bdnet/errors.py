"""Errors that users can correct: a sentence with the wrong value and the remedy."""


class BdnetError(Exception):
    """Base of all errors that entry points print as a message instead of a traceback."""


def naming(file: object, error: Exception) -> str:
    """The error's sentence, which begins with the file's name."""
    return str(error) if str(error).startswith(str(file)) else f"{file}: {error}"
