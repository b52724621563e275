"""The open decoders of one file."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bdnet.codec.decoder import Decoder, Skip


class Decoders:
    """The decoders of one file, one per `Skip`, kept open: opening costs more than seeking.

    threads: of each, 0 for one per core
    vectors: as in Decoder; None until the first one is open
    """

    def __init__(self, path: str | Path, threads: int, vectors: bool | None = True) -> None:
        self.path, self.threads, self.vectors = path, threads, vectors
        self._idle: dict[Skip, Decoder] = {}
        self._is_closed = False

    def open(self, skip: Skip) -> Decoder:
        """The idle decoder of this kind, which stays idle; opened if there is none."""
        if skip not in self._idle:
            decoder = Decoder(self.path, skip, self.threads, self.vectors)
            skip, self.vectors = decoder.skip, decoder.vectors
            self._idle[skip] = decoder
        return self._idle[skip]

    @contextmanager
    def borrowed(self, skip: Skip) -> Iterator[Decoder]:
        """A decoder for one reading; two readings at once get two."""
        if self._is_closed:
            raise ValueError(f"{self.path}: this reader is closed; open another one")
        decoder = self._idle.pop(skip, None) or Decoder(self.path, skip, self.threads, self.vectors)
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
