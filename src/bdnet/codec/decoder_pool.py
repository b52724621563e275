"""The open decoders of one video."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bdnet.codec.decoded import Skip
from bdnet.codec.decoder import Decoder
from bdnet.codec.errors import UnsupportedStream
from bdnet.codec.pictures import PictureDecoder, Video, name_of, picture_decoder


class Decoders:
    """The decoders of one video, one per `Skip`, kept open: opening costs more than seeking.

    threads: of each, 0 for one per core
    vectors: as in Decoder; None until the first one is open
    timeout: seconds to wait for a URL or a camera
    track:   as in Decoder
    """

    def __init__(
        self,
        video: Video,
        threads: int,
        vectors: bool | None,
        timeout: float,
        track: int | None = None,
    ) -> None:
        self.video, self.threads, self.vectors = video, threads, vectors
        self.timeout, self.track = timeout, track
        self._idle: dict[Skip, Decoder | PictureDecoder] = {}
        self._is_closed = False

    def open(self, skip: Skip) -> Decoder | PictureDecoder:
        """The idle decoder of this kind, which stays idle; opened if there is none."""
        if skip not in self._idle:
            decoder = self._new(skip)
            skip, self.vectors = decoder.skip, decoder.vectors
            self._idle[skip] = decoder
        return self._idle[skip]

    def _new(self, skip: Skip) -> Decoder | PictureDecoder:
        pictures = picture_decoder(self.video, self.timeout)
        if pictures is None:
            assert isinstance(self.video, str | Path)
            return Decoder(self.video, skip, self.threads, self.vectors, self.timeout, self.track)
        if self.vectors:
            raise UnsupportedStream(
                f"{name_of(self.video)}: pictures, which have no motion vectors: read them with "
                "motion=auto or motion=search"
            )
        return pictures

    @contextmanager
    def borrowed(self, skip: Skip) -> Iterator[Decoder | PictureDecoder]:
        """A decoder for one reading; two readings at once get two."""
        if self._is_closed:
            raise ValueError(f"{name_of(self.video)}: this reader is closed; open another one")
        decoder = self._idle.pop(skip, None) or self._new(skip)
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
