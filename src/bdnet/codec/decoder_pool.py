"""The decoders of one file that wait to be used again."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bdnet.codec.decoder import Decoder, Skip


class Decoders:
    """One per way of skipping, kept open between runs: opening costs more than seeking.

    threads: of each, 0 for one per core
    """

    def __init__(self, path: str | Path, threads: int) -> None:
        self.path, self.threads = path, threads
        self._idle: dict[Skip, Decoder] = {}
        self._is_closed = False

    def open(self, skip: Skip) -> Decoder:
        """The one that waits, or a new one, which waits from now on."""
        if skip not in self._idle:
            self._idle[skip] = Decoder(self.path, skip, self.threads)
        return self._idle[skip]

    @contextmanager
    def borrowed(self, skip: Skip) -> Iterator[Decoder]:
        """A decoder for one run: two runs at once, such as a clip amid an iteration, get two."""
        if self._is_closed:
            raise ValueError(f"{self.path}: this reader is closed; open another one")
        decoder = self._idle.pop(skip, None) or Decoder(self.path, skip, self.threads)
        try:
            yield decoder
        finally:
            if self._is_closed or skip in self._idle:
                decoder.close()
            else:
                self._idle[skip] = decoder

    def close(self) -> None:
        self._is_closed = True
        for decoder in self._idle.values():
            decoder.close()
        self._idle.clear()
