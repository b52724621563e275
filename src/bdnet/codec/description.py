"""Describes a video file, and whether its motion vectors chain."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from av.video.frame import VideoFrame

from bdnet.codec import problems
from bdnet.codec.bitstream import StreamHeader, read_header
from bdnet.codec.container import (
    EXPORTS_VECTORS,
    codec_name,
    first_picture,
    open_video,
    video_tracks,
)
from bdnet.codec.errors import UnsupportedStream, encode_command
from bdnet.codec.index import StreamIndex, read_index
from bdnet.codec.reader import VideoReader
from bdnet.codec.search import Motion, Search

LISTED_KEYFRAMES = 8
TRIED = 30  # frames from the beginning, in which motion is tried out


@dataclass(frozen=True)
class StreamInfo:
    """Facts of a video file; `problems` are the reasons why its vectors do not chain."""

    path: str
    track: int  # number of this video track, from 0
    tracks: int  # video tracks in the file
    codec: str
    profile: str | None
    pixel_format: str | None
    width: int  # pixels, as coded: before any rotation
    height: int
    fps: float  # on average
    variable_fps: bool
    frames: int
    keyframes: tuple[int, ...]
    has_b_frames: bool
    references: int | None  # H.264: of the sequence parameter set; None where the codec has one
    interlaced: bool
    rotation: int  # degrees counter-clockwise by which a player turns the picture
    exports_vectors: bool
    problems: tuple[str, ...]
    is_damaged: bool  # as far as headers, packets and the first frame show

    @property
    def clean(self) -> bool:
        """Every P-frame refers to the frame before it, so that vectors chain exactly."""
        return not self.problems

    def __str__(self) -> str:
        """A table of these facts, and a remedy for problems."""
        keys = ", ".join(map(str, self.keyframes[:LISTED_KEYFRAMES]))
        more = ", ..." if len(self.keyframes) > LISTED_KEYFRAMES else ""
        turned = f", shown turned by {self.rotation} degrees" if self.rotation else ""
        variable = " on average (variable)" if self.variable_fps else ""
        vectors = "exported" if self.exports_vectors else "not exported by this codec's decoder"
        several = {"track": f"{self.track} of 0 to {self.tracks - 1}"} if self.tracks > 1 else {}
        rows = several | {
            "codec": f"{self.codec} ({self.profile or 'no profile'}), {self.pixel_format}",
            "size": f"{self.width} x {self.height} pixels{turned}",
            "frames": f"{self.frames} at {self.fps:g} per second{variable}",
            "keyframes": f"{len(self.keyframes)}: {keys}{more}",
            "B-frames": "yes" if self.has_b_frames else "no",
            "references": self.references if self.references is not None else "set by the codec",
            "interlaced": "yes" if self.interlaced else "no",
            "vectors": vectors,
            "clean": "yes: vectors chain from frame to frame" if self.clean else "no",
        }
        lines = [self.path, *(f"  {name:<11} {value}" for name, value in rows.items())]
        if self.problems:
            lines += [f"    - it {problem}" for problem in self.problems]
            command = encode_command(self.path, self.is_damaged)
            lines.append(f"  for a data set make a clean copy: {command}")
        return "\n".join(lines)


def describe(path: str | Path, track: int | None = None) -> StreamInfo:
    """Reads a file's headers and all its packets, and decodes its first frame.

    track: number of the video track, from 0; None: the default one
    """
    index = read_index(path, track=track)
    if not len(index):
        raise UnsupportedStream(f"{path}: a video without a frame; copy it again from its source")
    container, stream = open_video(path, track=track)
    with container:
        tracks = video_tracks(container)
        context = stream.codec_context
        header = read_header(context.extradata)
        first = first_picture(container, stream)
        codec = codec_name(stream)
        return StreamInfo(
            path=str(path),
            track=tracks.index(stream),
            tracks=len(tracks),
            codec=codec,
            profile=context.profile,
            pixel_format=context.pix_fmt,
            width=context.width,
            height=context.height,
            fps=float(stream.average_rate or stream.guessed_rate or 0),
            variable_fps=index.variable_rate,
            frames=len(index),
            keyframes=tuple(index.keys.tolist()),
            has_b_frames=index.has_b,
            references=max((sps.references for sps in header.parameters), default=None)
            if codec == "h264"
            else None,
            interlaced=any(sps.interlaced for sps in header.parameters)
            or (first is not None and first.interlaced_frame),
            rotation=first.rotation if first is not None else 0,
            exports_vectors=codec in EXPORTS_VECTORS,
            problems=tuple(_problems(codec, header, index, first)),
            is_damaged=first is None or index.damage is not None or not index.is_key[0],
        )


def _problems(
    codec: str, header: StreamHeader, index: StreamIndex, first: VideoFrame | None
) -> list[str]:
    checks = {
        f"is {codec}, whose decoder exports no motion vectors": codec not in EXPORTS_VECTORS,
        problems.B_FRAMES: index.has_b,
        **dict.fromkeys(problems.of_parameters(header.parameters), True),
        problems.UNUSED: bool(index.is_unused[:-1].any()),
        "does not begin with a keyframe": not index.is_key[0],
        f"is cut off: {index.missing} of the promised frames are missing": index.missing > 0,
        f"is damaged after frame {len(index) - 1} ({index.damage})": index.damage is not None,
        "does not begin with a frame that can be decoded": first is None,
    }
    if first is not None:
        for problem, applies in problems.of_picture(first).items():
            checks[problem] = checks.get(problem, False) or applies
    return [problem for problem, applies in checks.items() if applies]


def source_of_motion(
    path: str | Path,
    motion: Motion = "auto",
    search: Search | str = "default",
    track: int | None = None,
) -> str:
    """Where the motion of a video comes from, and what it is like in the first frames."""
    with VideoReader(
        path, "none", strict=False, motion=motion, search=search, track=track
    ) as reader:
        for _ in islice(reader, TRIED):
            pass
        if reader.search is not None:
            return f"{reader.source_of_motion} here"
        holes = 100 * reader.hole_share
        return f"{reader.source_of_motion}; {holes:.0f} % of the picture has none"
