"""Opens a video's container and finds its video stream; every failure is one clear sentence."""

import logging
from functools import lru_cache
from pathlib import Path

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from bdnet.codec.errors import MissingVideo, UnsupportedStream, encode_command
from bdnet.codec.limits import check_size, most_pixels

# formats that are opened; FFmpeg would also open playlists (hls, concat, sdp), and with them any
# file or address that their author has named
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "mpegts", "mpeg", "mpegvideo", "m4v", "flv",
    "asf", "ogg", "rm", "mxf", "nut", "dv", "wtv", "swf", "amv", "nsv", "h261", "h263", "h264",
    "hevc", "vvc", "vc1", "av1", "obu", "ivf", "mjpeg", "gif", "apng", "yuv4mpegpipe",
    "wav", "mp3", "flac", "aac",  # for an error that names the sound in them
)  # fmt: skip
FILE_ONLY = {"protocol_whitelist": "file", "format_whitelist": ",".join(FORMATS)}

# measured: each of these decoders exported the vectors of a known pan
MPEG = {"mpeg1video", "mpeg2video", "mpeg4", "msmpeg4v3", "msmpeg4v2", "wmv1", "wmv2"}
EXPORTS_VECTORS = frozenset({"h264", "h263", "h261", "flv1", "rv10", "rv20", *MPEG})
TIMEOUT = 30.0  # seconds without a byte from a URL

log = logging.getLogger(__name__)


def open_video(
    path: str | Path, timeout: float = TIMEOUT, track: int | None = None
) -> tuple[InputContainer, VideoStream]:
    """Opens a file, URL or device; the caller closes the container.

    A file cannot make FFmpeg open other files or addresses; a URL may.

    track: number of a video track, from 0; None: the file's default one, which is said if there are
           several
    """
    address, options = str(path), {}
    is_url = "://" in address
    if not is_url:
        _check_file(Path(path))
    if Path(path).is_file():
        # an absolute path, because FFmpeg takes a file called concat:a|b for a protocol
        address, options = str(Path(path).absolute()), FILE_ONLY
    try:
        container = av.open(
            address, options=options, timeout=timeout if is_url else None, metadata_errors="replace"
        )
    except av.error.ArgumentError as error:
        raise UnsupportedStream(
            f"{path}: not a format that is opened, or a playlist, which names other files; "
            "give the video itself, or make one of it: ffmpeg -i FILE -c copy NAME.mp4"
        ) from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        if is_url:
            raise UnsupportedStream(
                f"{path}: cannot be opened as a video ({reason(error, timeout)}); check the "
                "address and its server"
            ) from error
        raise UnsupportedStream(
            f"{path}: not a video that FFmpeg can read, or cut off before its index "
            f"({reason(error)}); copy it again from its source"
        ) from error
    try:
        stream = _chosen(path, container, track)
        context = stream.codec_context
        check_size(path, context.height, context.width)
    except UnsupportedStream:
        container.close()
        raise
    # later pictures may be larger than the first; decoders count their padding too
    context.options = {"max_pixels": str(2 * most_pixels() + 2**20)}
    return container, stream


def _chosen(path: str | Path, container: InputContainer, track: int | None) -> VideoStream:
    """A video track that can be decoded: the one of this number, or the default one."""
    tracks = video_tracks(container)
    if track is not None and not 0 <= track < len(tracks):
        raise UnsupportedStream(
            f"{path}: track={track}: no such video track; it has {len(tracks)}, counted from 0"
        )
    wanted = tracks if track is None else [tracks[track]]
    decodable = [stream for stream in wanted if _is_decodable(stream)]
    marked = [stream for stream in decodable if stream.disposition & Disposition.default]
    stream = next(iter([*marked, *decodable]), None)
    if stream is None:
        kinds = ", ".join(sorted({stream.type for stream in container.streams}))
        content = f"only {kinds}" if kinds else "no stream at all"
        if wanted:
            content = "only in a codec without a decoder here; convert it by another tool"
        raise UnsupportedStream(f"{path}: no video in it, {content}; give a file with a picture")
    if track is None and len(tracks) > 1:
        _say(str(path), tracks.index(stream), len(tracks))
    return stream


@lru_cache  # a file is opened several times
def _say(path: str, track: int, count: int) -> None:
    log.warning(
        "%s: has %d video tracks, of which track %d is read; choose with track=N",
        path,
        count,
        track,
    )


def codec_name(stream: VideoStream) -> str:
    """Name of the format (av1), not of the library that decodes it."""
    return stream.codec_context.codec.canonical_name


def require_vectors(path: str | Path, stream: VideoStream) -> None:
    """Refuses codecs whose decoders export no motion vectors."""
    name = codec_name(stream)
    if name not in EXPORTS_VECTORS:
        raise UnsupportedStream(
            f"{path}: {name} video, whose decoder exports no motion vectors; find its motion with "
            f"motion=search, or for a data set make an H.264 copy: {encode_command(path)}"
        )


def first_picture(container: InputContainer, stream: VideoStream) -> VideoFrame | None:
    """The first picture of a video that was just opened; None where it cannot be decoded."""
    try:
        return next(container.decode(stream), None)
    except (av.error.FFmpegError, OSError):
        return None


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise UnsupportedStream(
            f"{path}: a folder, not a video; make one of its images: {encode_command(path)}"
        )
    if not path.exists():
        raise MissingVideo(f"{path}: no such file (looked in {path.absolute().parent})")
    if path.is_file() and path.stat().st_size == 0:
        raise UnsupportedStream(f"{path}: an empty file (0 bytes); copy it again from its source")


def video_tracks(container: InputContainer) -> list[VideoStream]:
    """The video tracks, without the cover pictures of music files."""
    return [
        stream
        for stream in container.streams.video
        if not stream.disposition & Disposition.attached_pic
    ]


def _is_decodable(stream: VideoStream) -> bool:
    """A decoder unknown to this build has no codec context."""
    return stream.codec_context is not None


def reason(error: Exception, timeout: float = TIMEOUT) -> str:
    """Reason of an error, in FFmpeg's words."""
    if isinstance(error, av.error.ExitError):
        return f"nothing came for {timeout:g} seconds"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
