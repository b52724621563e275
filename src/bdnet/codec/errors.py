"""Errors of reading a video."""

from bdnet.errors import BdnetError


def encode_command(path: object, is_damaged: bool = False) -> str:
    rest = " damaged=skip" if is_damaged else ""
    return f"python -m bdnet.encode input='{path}' output=FOLDER{rest}"


class UnsupportedStream(BdnetError, ValueError):
    """A video that cannot be used as asked; the message has the reason and a remedy."""


class MissingVideo(UnsupportedStream, FileNotFoundError):
    """There is no such file."""


class NoSuchFrame(UnsupportedStream, IndexError):
    """The video has no frame of that number."""


class NoIndex(UnsupportedStream, TypeError):  # list() asks for a length, and ignores TypeErrors
    """Pictures that come one after the other, however many there are."""


class CorruptStream(UnsupportedStream):
    """A frame, or the rest of the file, could not be decoded; `index` is the frame's number."""

    def __init__(self, message: str, index: int) -> None:
        super().__init__(message)
        self.index = index

    def __reduce__(self) -> tuple[type, tuple[str, int]]:  # travels out of worker processes
        return type(self), (str(self), self.index)
