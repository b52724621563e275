"""Videos of all kinds that people have, with the expected result of `predict`."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from videos import CLEAN_H264, CLEAN_MPEG, Pan, Rotated, Video, overwrite, packet_positions

SLOW = Pan((1.5, -1.0))
SIZE = 48, 64
PORTRAIT = 64, 48
FRAMES = 9
WILD = {"g": "6", "bf": "2", "refs": "3", "threads": "1"}

Write = Callable[[Path], None]


@dataclass(frozen=True)
class Kind:
    """A video file and the expected result of `predict`.

    write:    writes the file
    frames:   of the film; None if the file is refused
    size:     (height, width) of the labels
    problem:  a pattern in the error message, or among the reported problems
    lost:     number of frames that cannot be decoded; the film repeats the frame before
    searched: its own vectors do not chain
    turns:    quarters of a circle by which players turn it counter-clockwise
    """

    name: str
    write: Write
    frames: int | None = FRAMES
    size: tuple[int, int] = SIZE
    problem: str = ""
    lost: int = 0
    searched: bool = False
    turns: int = 0

    @property
    def path(self) -> str:
        """Relative path, in a folder per ending, because two files must not share a stem."""
        return f"{self.name.rpartition('.')[2]}/{self.name}"


def video(codec: str = "libx264", **settings: object) -> Write:
    """Writes a slow pan; keywords are `Video`'s, and x264's options as a dictionary."""
    recipe: dict[str, object] = {"scene": SLOW, "size": SIZE, "frames": FRAMES, **settings}
    if isinstance(options := recipe.get("options"), dict):
        recipe["options"] = tuple(options.items())
    return Video(codec=codec, **recipe).write


def x264(**options: str) -> Write:
    """Writes a pan with other options than those of a clean stream."""
    return video(
        options={**WILD, **{key.replace("_", "-"): value for key, value in options.items()}}
    )


def cut(write: Write, share: float) -> Write:
    """Writes the first part of a file."""

    def do(path: Path) -> None:
        write(path)
        data = path.read_bytes()
        path.write_bytes(data[: int(share * len(data))])

    return do


def harmed(write: Write, packets: Iterable[int]) -> Write:
    """Writes a file and zeros over some of its packets."""

    def do(path: Path) -> None:
        write(path)
        positions = packet_positions(path)
        for number in packets:
            position, size = positions[number]
            overwrite(path, position, bytes(size))

    return do


def repacked(
    write: Write, change: Callable[[int, av.Packet], bool | None], **options: str
) -> Write:
    """Writes a file again, packet by packet, without packets for which `change` returns False."""

    def do(path: Path) -> None:
        source = path.with_name(f"source-{path.name}")
        write(source)
        with av.open(str(source)) as whole, av.open(str(path), "w", options=options) as part:
            stream = part.add_stream_from_template(whole.streams.video[0])
            for number, packet in enumerate(whole.demux(video=0)):
                if packet.size and change(number, packet) is not False:
                    packet.stream = stream
                    part.mux(packet)
        source.unlink()

    return do


def joined(*parts: Write) -> Write:
    """Writes files one after the other into one."""

    def do(path: Path) -> None:
        data = b""
        for part in parts:
            part(path)
            data += path.read_bytes()
        path.write_bytes(data)

    return do


def with_other_streams(path: Path) -> None:
    """A file with sound, subtitles and a second video."""
    source = path.with_suffix(".srt")
    source.write_text("1\n00:00:00,000 --> 00:00:00,200\nwords\n")
    with av.open(str(source)) as lines, av.open(str(path), "w") as container:
        first, second = (
            container.add_stream("libx264", rate=25, options=CLEAN_H264) for _ in range(2)
        )
        sound = container.add_stream("aac", rate=16000, layout="mono")
        words = container.add_stream_from_template(lines.streams[0])
        _mux_video(container, {first: SIZE, second: (80, 80)})
        _mux_audio(container, sound)
        for line in lines.demux():
            if line.size:
                line.stream = words
                container.mux(line)
    source.unlink()


def covered(path: Path) -> None:
    """A video after a stream with a still cover picture."""
    with av.open(str(path), "w") as container:
        cover = container.add_stream("mjpeg", rate=1)
        cover.disposition, cover.pix_fmt = Disposition.attached_pic, "yuvj420p"
        main = container.add_stream("libx264", rate=25, options=CLEAN_H264)
        _mux_video(container, {cover: (32, 32), main: SIZE})


def _mux_video(container: OutputContainer, streams: dict[VideoStream, tuple[int, int]]) -> None:
    for stream, size in streams.items():
        stream.height, stream.width = size
    container.start_encoding()
    for stream, size in streams.items():
        for index in range(1 if stream.name == "mjpeg" else FRAMES):
            image = SLOW.picture(index, *size)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image)))
        container.mux(stream.encode())


def _mux_audio(container: OutputContainer, stream: AudioStream) -> None:
    for index in range(5):
        noise = np.random.default_rng(index).integers(-999, 999, (1, 1024)).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(noise, format="s16", layout="mono")
        frame.sample_rate, frame.pts = 16000, 1024 * index
        container.mux(stream.encode(frame))
    container.mux(stream.encode())


def audio_only(path: Path) -> None:
    """A file with sound and no video."""
    with av.open(str(path), "w") as container:
        _mux_audio(container, container.add_stream("aac", rate=16000, layout="mono"))


def empty(path: Path) -> None:
    """A container that announces a video and holds none of its frames."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width = SIZE
        stream.pix_fmt = "yuv420p"
        container.start_encoding()


def shifted(by: int) -> Callable[[int, av.Packet], None]:
    """Moves all time stamps by so many ticks."""

    def do(_: int, packet: av.Packet) -> None:
        packet.pts, packet.dts = packet.pts + by, packet.dts + by

    return do


def repeated(number: int, packet: av.Packet) -> None:
    """Gives each second frame the time stamp of the one before."""
    if number % 2:
        packet.pts, packet.dts = packet.pts - packet.duration, packet.dts - packet.duration


def jumping(number: int, packet: av.Packet) -> None:
    """Time stamps jump by an hour in the middle."""
    if number > 4:
        packet.pts, packet.dts = packet.pts + 3600 * 90000, packet.dts + 3600 * 90000


def keep(_: int, packet: av.Packet) -> None:
    """Leaves a packet as it is."""


def headless(write: Write, packet: int) -> Write:
    """Writes a transport stream from the packet after one of its packets on."""

    def do(path: Path) -> None:
        write(path)
        position, _ = packet_positions(path)[packet]
        path.write_bytes(path.read_bytes()[position // 188 * 188 :])

    return do


FRAGMENTS = {"movflags": "frag_keyframe+empty_moov"}
MPEG_B = {**CLEAN_MPEG, "bf": "2", "g": "6"}
FIELDS = {**MPEG_B, "flags": "+ilme+ildct"}
QUIET = {"x265-params": "log-level=none:pools=1"}
HASTY = {"cpu-used": "8"}
LONG = {**CLEAN_H264, "g": "999", "keyint_min": "999"}

UNEVEN = (0, 4, 7, 20, 21, 23, 50, 51, 60)
AV1 = {"preset": "10", "svtav1-params": "lp=1"}
DNXHR = {"profile": "dnxhr_sq"}


def other(codec: str, name: str, turns: int = 0, **settings: Any) -> Kind:
    """A pan that players show upright, by a codec whose motion is searched for."""
    coded = settings.get("size", SIZE)
    upright = coded[::-1] if turns % 2 else coded
    recipe = {"options": {}, "scene": Rotated(SLOW, turns), **settings}
    return Kind(name, video(codec, **recipe), size=upright, turns=turns, searched=True)


def hevc(name: str, turns: int = 0, **settings: Any) -> Kind:
    """The same by HEVC."""
    return other("libx265", name, turns, **{"options": QUIET, **settings})


def phone(path: Path, size: tuple[int, int] = SIZE, degrees: int = -90) -> None:
    """HEVC with sound, at an uneven rate, stored on its side."""
    scene = Rotated(SLOW, degrees // 90 % 4)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx265", rate=30, options=QUIET)
        stream.height, stream.width = size
        stream.set_display_rotation(degrees)
        stream.codec_context.time_base = Fraction(1, 100)
        sound = container.add_stream("aac", rate=16000, layout="mono")
        container.start_encoding()
        for index, stamp in enumerate(UNEVEN):
            frame = av.VideoFrame.from_ndarray(scene.picture(index, *size))
            frame.pts, frame.time_base = stamp, Fraction(1, 100)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        _mux_audio(container, sound)


UNREADABLE = r"not a video that FFmpeg can read, or cut off before its index"
UNDECODABLE = r"none of whose frames can be decoded"

KINDS = [
    Kind("clean.mp4", video()),
    Kind("b_frames.mp4", x264(refs="1"), searched=True),
    Kind("references.mp4", x264(bf="0", refs="5"), searched=True),
    Kind("open_group.mp4", x264(x264_params="open-gop=1"), searched=True),
    Kind("long_group.mp4", video(options=LONG)),
    Kind("all_intra.mp4", video(options={**CLEAN_H264, "g": "1", "keyint_min": "1"})),
    Kind("variable_rate.mp4", video(stamps=(0, 4, 7, 20, 21, 23, 50, 51, 60))),
    Kind("ntsc.mp4", video(rate=Fraction(30000, 1001))),
    Kind("1000_per_second.mp4", video(rate=1000)),
    Kind("clock_for_rate.mkv", video(rate=90000)),
    Kind("rotated_90.mp4", video(rotation=90), size=PORTRAIT),
    Kind("rotated_180.mp4", video(rotation=180)),
    Kind("rotated_270.mov", video(rotation=-90, options=WILD), size=PORTRAIT, searched=True),
    Kind("anamorphic.mp4", video(settings=(("sample_aspect_ratio", Fraction(16, 11)),))),
    Kind("422.mp4", video(pixel_format="yuv422p")),
    Kind("444.mp4", video(pixel_format="yuv444p")),
    Kind("full_range.mp4", video(pixel_format="yuvj420p")),
    Kind("ten_bit.mp4", video(pixel_format="yuv420p10le")),
    Kind("grey.mp4", video(pixel_format="gray")),
    Kind("interlaced.mp4", x264(flags="+ilme+ildct"), searched=True),
    Kind("odd.mp4", video(pixel_format="yuv444p", size=(47, 61)), size=(47, 61)),
    Kind("8x8.mp4", video(size=(8, 8)), size=(8, 8)),
    Kind("2x2.mp4", video(size=(2, 2)), size=(2, 2)),
    Kind("wide.mp4", video(size=(16, 2000)), size=(16, 2000)),
    Kind("tall.mp4", video(size=(2000, 16)), size=(2000, 16)),
    Kind("one_frame.mp4", video(frames=1), 1),
    Kind("mpeg1.mpg", video("mpeg1video")),
    Kind("mpeg2_b.ts", video("mpeg2video", options=MPEG_B), searched=True),
    Kind("mpeg4_b.avi", video("mpeg4", options=MPEG_B), searched=True),
    Kind("h263.3gp", video("h263", size=(96, 128)), size=(96, 128)),
    Kind("sorenson.flv", video("flv")),
    Kind("wmv2.wmv", video("wmv2")),
    Kind("raw.h264", video()),
    Kind("raw.m2v", video("mpeg2video")),
    Kind("fragmented.mp4", repacked(x264(), keep, **FRAGMENTS), searched=True),
    Kind("from_the_middle.ts", headless(video(frames=30), 5), 18),
    Kind(
        "no_keyframe_first.mp4",
        repacked(x264(), lambda number, _: number > 2),
        3,
        problem="holds 5 frames, of which 2 cannot be decoded",
        searched=True,
    ),
    Kind(
        "no_keyframe.mp4",
        repacked(video(options=LONG), lambda number, _: number > 2),
        None,
        problem=UNDECODABLE,
    ),
    Kind(
        "edit_list.mp4",
        repacked(x264(), shifted(-1024), avoid_negative_ts="disabled"),
        7,
        searched=True,
    ),
    Kind("negative.mkv", repacked(video(), shifted(-2048), avoid_negative_ts="disabled")),
    Kind("same_stamps.mkv", repacked(video(), repeated)),
    Kind("other_streams.mkv", with_other_streams),
    Kind("covered.mp4", covered),
    Kind(
        "audio.mp4",
        audio_only,
        None,
        problem="no video in it, only audio; give a file with a picture",
    ),
    Kind(
        "sizes.ts",
        joined(video(), video(size=(64, 96))),
        None,
        problem="change their size at frame 9, and a film has one size",
    ),
    Kind("lost_middle.mp4", harmed(video(), (4, 5)), lost=2),
    Kind("lost_first.mp4", harmed(video(), (0,)), None, problem=UNDECODABLE),
    Kind("truncated.mp4", cut(video(), 0.5), None, problem=UNREADABLE),
    Kind("truncated.ts", cut(video(), 0.5), 3),
    Kind("no_frames.avi", empty, None, problem="a video without a frame; copy it again"),
    Kind("no_stream.mp4", empty, None, problem="no video in it, no stream at all"),
    Kind("nothing.mp4", lambda path: path.touch(), None, problem=r"an empty file \(0 bytes\)"),
    Kind("text.mp4", lambda path: path.write_text("dear diary,\n" * 99), None, problem=UNREADABLE),
    Kind("hevc.mp4", video("libx265", options=QUIET), searched=True),
    Kind("vp9.webm", video("libvpx-vp9", options=HASTY), searched=True),
    Kind("mjpeg.avi", video("mjpeg", pixel_format="yuvj420p", options={}), searched=True),
]
# codecs, containers and pixel formats whose motion is searched for
FOREIGN_KINDS = [
    Kind("phone.mov", phone, size=PORTRAIT, turns=3, searched=True),
    hevc("ten_bit.mp4", pixel_format="yuv420p10le", rotation=90, turns=1),
    hevc("upside_down.mov", stamps=UNEVEN, rotation=180, turns=2),
    hevc("ten_bit_422.mov", pixel_format="yuv422p10le"),
    hevc("twelve_bit.mkv", pixel_format="yuv420p12le"),
    hevc("odd_444.mkv", pixel_format="yuv444p", size=(47, 61)),
    hevc("grey.mkv", pixel_format="gray"),
    hevc("rgb.mkv", pixel_format="gbrp"),
    hevc("uneven.mp4", stamps=UNEVEN),
    hevc("hevc.ts"),
    hevc("raw.hevc"),
    hevc("interlaced.mkv", options={"x265-params": "log-level=none:pools=1:interlace=tff"}),
    other("libvpx-vp9", "odd_vp9.webm", size=(47, 61), options=HASTY),
    other("libvpx-vp9", "odd_vp9_444.webm", size=(47, 61), pixel_format="yuv444p", options=HASTY),
    other("libvpx-vp9", "vp9.mp4", options=HASTY),
    other("libvpx", "uneven_vp8.webm", stamps=UNEVEN),
    other("libsvtav1", "av1.mp4", size=(64, 80), rotation=90, options=AV1, turns=1),
    other("libsvtav1", "ten_bit_av1.webm", size=(64, 80), pixel_format="yuv420p10le", options=AV1),
    other("libsvtav1", "av1.ivf", size=(64, 80), options=AV1),
    other("libx264", "ten_bit_b.mov", options=WILD, pixel_format="yuv422p10le"),
    other("libx264", "turned_b.mov", options=WILD, stamps=UNEVEN, rotation=90, turns=1),
    other("libx264", "interlaced_b.mts", options={**WILD, "flags": "+ilme+ildct"}),
    other("libx264", "odd_b.mkv", options=WILD, pixel_format="yuv444p", size=(47, 61)),
    other("libx264", "grey_b.mkv", options=WILD, pixel_format="gray"),
    other("libx264", "fast_b.ts", options=WILD, rate=Fraction(60000, 1001)),
    other("mpeg2video", "interlaced_mpeg2.mxf", options={**CLEAN_MPEG, "flags": "+ilme+ildct"}),
    other("mpeg4", "quarter_pel_b.avi", options={**MPEG_B, "flags": "+qpel"}),
    other("mjpeg", "mjpeg.mov", pixel_format="yuvj422p"),
    other("prores_ks", "alpha.mov", pixel_format="yuva444p10le", options={"profile": "4"}),
    other("dnxhd", "dnxhr.mov", pixel_format="yuv422p", size=(120, 256), options=DNXHR),
    other("ffv1", "sixteen_bit.mkv", pixel_format="gray16le"),
    other("huffyuv", "huffyuv.avi", pixel_format="yuv422p"),
    other("qtrle", "qtrle.mov", pixel_format="rgb24"),
    other("jpeg2000", "jpeg2000.mov", pixel_format="rgb24"),
    other("gif", "moving.gif", pixel_format="rgb8"),
    other("apng", "moving.apng", pixel_format="rgb24"),
    other("rawvideo", "raw.y4m"),
    other("cfhd", "cineform.mov", pixel_format="yuv422p10le"),
]
RARER_KINDS = [
    Kind("b_pyramid.mkv", x264(bf="5", b_pyramid="normal"), searched=True),
    Kind("intra_refresh.mp4", x264(bf="0", refs="1", intra_refresh="1")),
    Kind("slices.mp4", x264(slices="4"), searched=True),
    Kind("baseline.mp4", x264(profile="baseline", bf="0"), searched=True),
    Kind("zero_latency.mp4", x264(tune="zerolatency"), searched=True),
    Kind("two_per_minute.mp4", video(rate=Fraction(1, 30))),
    Kind(
        "rotated_odd.mp4",
        video(pixel_format="yuv444p", size=(47, 61), rotation=90),
        size=(61, 47),
    ),
    Kind("tilted.mp4", video(rotation=30), problem="stored turned by"),
    Kind("422_ten_bit.mp4", video(pixel_format="yuv422p10le")),
    Kind("444_ten_bit.mp4", video(pixel_format="yuv444p10le")),
    Kind("grey_ten_bit.mp4", video(pixel_format="gray10le")),
    Kind("rgb.mp4", video("libx264rgb", pixel_format="rgb24", options=CLEAN_H264)),
    Kind("no_multiple_of_16.mp4", video(size=(50, 70)), size=(50, 70)),
    Kind("16x8.mp4", video(size=(8, 16)), size=(8, 16)),
    Kind("1x1.mp4", video(size=(1, 1), pixel_format="yuv444p"), size=(1, 1)),
    Kind("two_frames.mp4", video(frames=2), 2),
    Kind("one_frame.ts", video("mpeg2video", frames=1), 1),
    Kind("mpeg1_b.mpg", video("mpeg1video", options=MPEG_B), searched=True),
    Kind("interlaced.ts", video("mpeg2video", options=FIELDS), searched=True),
    Kind("mpeg2_422.mkv", video("mpeg2video", pixel_format="yuv422p")),
    Kind("mpeg2.vob", video("mpeg2video")),
    Kind("mpeg4.avi", video("mpeg4")),
    Kind("mpeg4_quarter_pel.avi", video("mpeg4", options={**CLEAN_MPEG, "flags": "+qpel"})),
    Kind("mpeg4_four_vectors.avi", video("mpeg4", options={**CLEAN_MPEG, "flags": "+mv4"})),
    Kind("raw.m4v", video("mpeg4")),
    Kind("h263p.avi", video("h263p")),
    Kind("h261.avi", video("h261", size=(144, 176)), size=(144, 176)),
    Kind("msmpeg4.avi", video("msmpeg4")),
    Kind("wmv1.wmv", video("wmv1")),
    Kind("rv20.rm", video("rv20", size=(96, 128)), size=(96, 128)),
    Kind("raw_b.264", x264(), searched=True),
    Kind("b_frames.avi", x264(), searched=True),
    Kind("h264.flv", video()),
    Kind("fragments_cut.mp4", cut(repacked(video(), keep, **FRAGMENTS), 0.8), 4),
    Kind("late.mkv", repacked(video(), shifted(100_000))),
    Kind("jump.ts", repacked(video(), jumping)),
    Kind("joined.ts", joined(video(), video()), 18),
    Kind("audio.mkv", audio_only, None, problem="only audio"),
    Kind(
        "sizes.h264",
        joined(video(), video(size=(64, 96))),
        None,
        problem="change their size at frame 9",
    ),
    Kind("lost_middle.mkv", harmed(x264(), (4, 5)), 4, searched=True),
    Kind("lost_middle.ts", harmed(video(), (4, 5)), 7),
    Kind("lost_all.mp4", harmed(video(), range(FRAMES)), None, problem=UNDECODABLE),
    Kind("truncated.mkv", cut(video(), 0.5), None, problem="without a frame"),
    Kind("truncated.avi", cut(video("mpeg4"), 0.5), None, problem=UNREADABLE),
    Kind("nearly_nothing.mp4", cut(video(), 0.01), None, problem=UNREADABLE),
    Kind("no_frames.mkv", empty, None, problem=UNREADABLE),
    Kind("no_frames.ts", empty, None, problem="an empty file"),
    Kind("zeros.mp4", lambda path: path.write_bytes(bytes(9999)), None, problem=UNREADABLE),
    Kind("vp8.webm", video("libvpx", options={}), searched=True),
    Kind("av1.mkv", video("libsvtav1", options={}, size=(64, 64)), size=(64, 64), searched=True),
    Kind("ffv1.mkv", video("ffv1", options={}), searched=True),
    Kind("raw.avi", video("rawvideo", options={}), searched=True),
    Kind("png.mov", video("png", pixel_format="rgb24", options={}), searched=True),
    Kind("svq1.mov", video("svq1", pixel_format="yuv410p", options={}), searched=True),
    Kind("prores.mov", video("prores", pixel_format="yuv422p10le", options={}), searched=True),
]
