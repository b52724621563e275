"""Opening a video: its container, its video stream, and a sentence for all that can be wrong."""

from pathlib import Path

import av
from av.container import InputContainer
from av.video.stream import VideoStream

from bdnet.codec.errors import MissingVideo, UnsupportedStream, encode_command

# what a file may be; beyond these FFmpeg opens rarities, and playlists (hls, concat, sdp), which
# make it open whatever other files and addresses their author has written into them
FORMATS = (
    "mov,mp4,m4a,3gp,3g2,mj2", "matroska,webm", "avi", "mpegts", "mpeg", "mpegvideo", "m4v", "flv",
    "asf", "ogg", "rm", "mxf", "nut", "dv", "wtv", "swf", "amv", "nsv", "h261", "h263", "h264",
    "hevc", "vvc", "vc1", "av1", "obu", "ivf", "mjpeg", "gif", "apng", "yuv4mpegpipe",
    "wav", "mp3", "flac", "aac",  # to say that there is only sound in them
)  # fmt: skip
FILE_ONLY = {"protocol_whitelist": "file", "format_whitelist": ",".join(FORMATS)}

# measured: each of these decoders exported the vectors of a known pan
MPEG = {"mpeg1video", "mpeg2video", "mpeg4", "msmpeg4v3", "msmpeg4v2", "wmv1", "wmv2"}
EXPORTS_VECTORS = frozenset({"h264", "h263", "h261", "flv1", "rv10", "rv20", *MPEG})
PATIENCE = 30.0  # seconds without a byte from a URL


def open_video(path: str | Path) -> tuple[InputContainer, VideoStream]:
    """Opens a file, URL or device; the caller closes the container.

    A file gives its own content and nothing else; of a URL, FFmpeg makes what it likes.
    """
    place, options = str(path), {}
    is_url = "://" in place
    if not is_url:
        _check_file(Path(path))
    if Path(path).is_file():
        # concat:a|b and the like are words of a protocol, where no folder stands before them
        place, options = str(Path(path).absolute()), FILE_ONLY
    try:
        container = av.open(place, options=options, timeout=PATIENCE if is_url else None)
    except av.error.ArgumentError as error:
        raise UnsupportedStream(
            f"{path}: not a format that is opened, or a playlist, which would lead to other files; "
            "give the video itself, or make one of it: ffmpeg -i FILE -c copy NAME.mp4"
        ) from error
    except (av.error.FFmpegError, OSError, ValueError) as error:
        if is_url:
            raise UnsupportedStream(
                f"{path}: cannot be opened as a video ({reason(error)}); check the address, and "
                "that something is sent from there"
            ) from error
        raise UnsupportedStream(
            f"{path}: not a video that FFmpeg can read, or cut off before its index "
            f"({reason(error)}); copy it again from its source"
        ) from error
    stream = _video_stream(container)
    if stream is None:
        kinds = ", ".join(sorted({stream.type for stream in container.streams}))
        found = f"only {kinds}" if kinds else "no stream at all"
        container.close()
        raise UnsupportedStream(f"{path}: no video in it, {found}; give a file with a picture")
    return container, stream


def codec_name(stream: VideoStream) -> str:
    """The format's name: av1, not that of the library which decodes it."""
    return stream.codec_context.codec.canonical_name


def require_vectors(path: str | Path, stream: VideoStream) -> None:
    """Refuses codecs whose decoders export no motion vectors."""
    name = codec_name(stream)
    if name not in EXPORTS_VECTORS:
        raise UnsupportedStream(
            f"{path}: {name} video, whose decoder exports no motion vectors; "
            f"re-encode it as H.264: {encode_command(path)}"
        )


def _check_file(path: Path) -> None:
    if path.is_dir():
        raise UnsupportedStream(
            f"{path}: a folder, not a video; make one of its images: {encode_command(path)}"
        )
    if not path.exists():
        raise MissingVideo(f"{path}: no such file (looked in {path.absolute().parent})")
    if path.is_file() and path.stat().st_size == 0:
        raise UnsupportedStream(f"{path}: an empty file (0 bytes); copy it again from its source")


def _video_stream(container: InputContainer) -> VideoStream | None:
    """The first video stream that moves: cover pictures of music files do not count."""
    for stream in container.streams.video:
        if not stream.disposition & stream.disposition.attached_pic:
            # a decoder unknown to this build has no codec context
            return stream if stream.codec_context is not None else None
    return None


def reason(error: Exception) -> str:
    """FFmpeg's words for what went wrong."""
    if isinstance(error, av.error.ExitError):
        return f"nothing came for {PATIENCE:g} seconds"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
