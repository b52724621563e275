"""Writes a clean stream, in which every P-frame refers to the frame before it."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import numpy as np
from av.container import OutputContainer
from av.video.frame import PictureType, VideoFrame
from av.video.stream import VideoStream

from bdnet.codec.encoding import Encoding, WriteError
from bdnet.codec.index import read_index
from bdnet.codec.pixels import Image
from bdnet.system.files import partial_path, remove_abandoned

HIGHEST_FPS = 1000
OF_SETTINGS = (av.error.ArgumentError, av.error.ExternalError)  # of encoders


class VideoWriter:
    """Writes images to a clean stream; the file appears under its name only when it is complete.

        with VideoWriter("clip.mp4", fps=25) as writer:
            for image in images:
                writer.write(image)

    An error in the block leaves no file. Odd sizes and lossless RGB are stored at full
    chroma resolution, since 4:2:0 has no odd sizes in H.264.

    keyframes: frames that become codec keyframes besides those of the encoding's interval
    """

    def __init__(
        self,
        path: str | Path,
        fps: float | Fraction = 25,
        encoding: Encoding | None = None,
        metadata: dict[str, str] | None = None,
        keyframes: Collection[int] = (),
    ) -> None:
        if not 0 < fps <= HIGHEST_FPS:
            raise WriteError(f"fps={fps}: frames per second, above 0 and at most {HIGHEST_FPS}")
        self.path, self.encoding = Path(path), encoding or Encoding()
        self.fps = Fraction(fps).limit_denominator(1001 * 60)
        self.metadata, self.keyframes = metadata or {}, frozenset(keyframes)
        self.frames = 0
        self.partial = partial_path(self.path)
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None

    def write(self, image: Image | VideoFrame) -> None:
        """Appends an RGB image, uint8 [H, W, 3], or a decoded picture."""
        picture = image if isinstance(image, VideoFrame) else _picture(image)
        container = self._container or self._open(picture)
        stream = self._stream
        assert stream is not None
        if (picture.height, picture.width) != (stream.height, stream.width):
            raise WriteError(
                f"{self.path}: frame {self.frames} is {picture.height}x{picture.width} (height x "
                f"width), those before are {stream.height}x{stream.width}; resize them to one size"
            )
        picture = picture.reformat(format=stream.pix_fmt)
        picture.pts, picture.time_base = self.frames, 1 / self.fps
        # mostly the encoder chooses, whatever the source's frame was
        is_key = self.frames in self.keyframes
        picture.pict_type = PictureType.I if is_key else PictureType.NONE
        self.frames += 1
        self._mux(container, picture)

    def close(self) -> None:
        """Finishes the file, reads its frame count back, and gives it its name."""
        if self._container is None:
            raise WriteError(f"{self.path}: no frame was written; a video needs at least one")
        self._mux(self._container, None)
        with self._write_errors():
            self._container.close()
        self._container = None
        count = len(read_index(self.partial))
        if count != self.frames:
            raise WriteError(
                f"{self.path}: {self.frames} frames were written and {count} read back; "
                "is the disk full?"
            )
        self.partial.replace(self.path)

    def discard(self) -> None:
        """Throws away what was written."""
        if self._container is not None:
            with suppress(av.error.FFmpegError, OSError):
                self._container.close()
            self._container = None
        self.partial.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            if kind is None:
                self.close()
        finally:
            self.discard()

    def _open(self, first: VideoFrame) -> OutputContainer:
        with self._write_errors():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            remove_abandoned(self.path)
        encoder, pixels = self.encoding.encoder(first)
        with self._write_errors():
            self._container = av.open(str(self.partial), "w")
        self._container.metadata.update(self.metadata)
        try:
            stream = self._container.add_stream(encoder, rate=self.fps)
        except ValueError as error:
            raise WriteError(f"{self.path}: {error}; end its name in .mp4 or .mkv") from error
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = first.width, first.height, pixels
        context = stream.codec_context
        context.options = self.encoding.options()
        context.thread_count = self.encoding.threads
        if not first.format.is_rgb:  # YUV values keep their meaning
            context.colorspace, context.color_range = first.colorspace, first.color_range
            context.color_primaries, context.color_trc = first.color_primaries, first.color_trc
        if self.encoding.bitrate:
            context.bit_rate = self.encoding.bitrate
        self._stream = stream
        return self._container

    def _mux(self, container: OutputContainer, picture: VideoFrame | None) -> None:
        assert self._stream is not None
        with self._write_errors():
            for packet in self._stream.encode(picture):
                container.mux(packet)

    @contextmanager
    def _write_errors(self) -> Iterator[None]:
        try:
            yield
        except (av.error.FFmpegError, OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            if isinstance(error, OF_SETTINGS):
                raise WriteError(
                    f"{self.path}: the encoder refuses its settings ({reason}): {self.encoding}; "
                    "change them, or the size of the pictures"
                ) from error
            raise WriteError(
                f"{self.path}: cannot be written after {self.frames} frames ({reason}); check the "
                "disk's free space, the folder's permissions and the file's ending (.mp4, .mkv)"
            ) from error


def _picture(image: Image) -> VideoFrame:
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3:
        raise WriteError(
            f"an image must be uint8 RGB [H, W, 3], not {image.dtype} {list(image.shape)}"
        )
    return VideoFrame.from_ndarray(np.ascontiguousarray(image), format="rgb24")
