"""Every field of a StreamInfo, on files of every kind."""

import sys
from dataclasses import asdict

import pytest

from bdnet import probe
from bdnet.codec import UnsupportedStream, describe
from bdnet.codec.description import source_of_motion
from command import command
from videos import NO_VECTORS, Pan, h264, mpeg, overwrite, packet_positions

PAN = Pan((1.0, 1.0))
CLEAN = {
    "track": 0,
    "tracks": 1,
    "codec": "h264",
    "profile": "High",
    "pixel_format": "yuv420p",
    "width": 128,
    "height": 96,
    "fps": 25.0,
    "variable_fps": False,
    "frames": 25,
    "keyframes": (0, 12, 24),
    "has_b_frames": False,
    "references": 1,
    "interlaced": False,
    "rotation": 0,
    "exports_vectors": True,
    "problems": (),
    "is_damaged": False,
}


B_FRAMES = "has B-frames, whose vectors point to the past and the future"
INTERLACED = "is interlaced: vectors may count in lines of one field"
TWO = "allows 2 reference frames, and vectors do not say which one they mean"
UNEVEN = tuple(index * 4 + 3 * (index % 3 == 0) for index in range(25))
CASES = {
    "clean": ({}, {}),
    "mkv": ({"container": "mkv"}, {}),
    "ts": ({"container": "ts"}, {}),
    "raw": ({"container": "h264"}, {}),
    "one frame": ({"frames": 1}, {"frames": 1, "keyframes": (0,)}),
    "two references": (h264(refs="2"), {"references": 2, "problems": (TWO,)}),
    "b-frames": (
        h264("b-adapt=0", bf="1"),
        {"has_b_frames": True, "references": 2, "problems": (B_FRAMES, TWO)},
    ),
    "interlaced": (
        h264("interlaced=1"),
        {"interlaced": True, "problems": (INTERLACED,)},
    ),
    "uneven": ({"stamps": UNEVEN}, {"variable_fps": True, "fps": pytest.approx(25, abs=1.5)}),
    "mpeg4": (
        {"codec": "mpeg4"},
        {"codec": "mpeg4", "profile": "Simple Profile", "references": None},
    ),
    "mpeg4 b-frames": (
        mpeg("mpeg4", bf="2"),
        {
            "codec": "mpeg4",
            "profile": "Advanced Simple Profile",
            "references": None,
            "has_b_frames": True,
            "problems": (B_FRAMES,),
        },
    ),
    "mpeg2": (
        {"codec": "mpeg2video", "container": "ts"},
        {"codec": "mpeg2video", "profile": "Main", "references": None},
    ),
    "odd": (
        {"size": (121, 161), "pixel_format": "yuv444p"},
        {
            "width": 161,
            "height": 121,
            "profile": "High 4:4:4 Predictive",
            "pixel_format": "yuv444p",
        },
    ),
}


@pytest.mark.parametrize("kind", CASES)
def test_every_field(make_video, kind) -> None:
    recipe, changes = CASES[kind]
    path = make_video(**{"scene": PAN, "size": (96, 128), **recipe})
    info = describe(path)
    assert asdict(info) == {"path": str(path), **CLEAN, **changes}
    assert info.clean == (not info.problems)


@pytest.mark.parametrize("degrees", [90, 180, -90])
def test_rotation(make_video, degrees) -> None:
    info = describe(make_video(size=(96, 128), frames=3, rotation=degrees))
    assert info.rotation == degrees or abs(info.rotation) == abs(degrees) == 180
    assert (info.width, info.height) == (128, 96)
    assert not info.clean
    assert f"{info.rotation} degrees" in info.problems[0]


@pytest.mark.parametrize("codec", NO_VECTORS)
def test_codecs_without_vectors(make_video, codec) -> None:
    info = describe(make_video(frames=3, **NO_VECTORS[codec]))
    assert info.codec == codec
    assert info.frames == 3
    assert not info.exports_vectors
    assert not info.clean
    assert info.references is None
    assert f"is {codec}, whose decoder exports no motion vectors" in info.problems


def test_where_motion_comes_from_and_what_it_costs(make_video) -> None:
    clean, mixed = make_video(scene=PAN, frames=9), make_video(scene=PAN, frames=9, options=())
    hevc = make_video(frames=3, **NO_VECTORS["hevc"])
    for path in (mixed, hevc):
        assert source_of_motion(path).startswith("searched, about ")
        assert "ms per frame" in source_of_motion(path, "search", "fast")
    for path in (clean, mixed):
        assert source_of_motion(path, "stream").startswith("its own vectors; ")
    assert source_of_motion(clean) == source_of_motion(clean, "stream")
    with pytest.raises(UnsupportedStream, match="motion=search"):
        source_of_motion(hevc, "stream")


def test_the_command_says_it_once(make_video, tmp_path, monkeypatch, capsys) -> None:
    path = make_video(frames=3, **NO_VECTORS["hevc"])
    monkeypatch.setattr(sys, "argv", ["probe", f"video={path}", "search=fast"])
    probe.main()
    assert capsys.readouterr().out.count("searched, about ") == 1
    answer = command("probe", f"video={path}", "motion=stream", folder=tmp_path)
    assert answer.returncode == 1
    assert "motion=search" in answer.stderr
    assert (answer.stdout + answer.stderr).count("bdnet.encode") == 1


def test_a_file_that_begins_damaged_is_to_be_salvaged(make_video, tmp_path) -> None:
    path = tmp_path / "torn.mp4"
    path.write_bytes(make_video(frames=20).read_bytes())
    position, size = packet_positions(path)[0]
    overwrite(path, position + 4, b"\xff" * (size - 4))
    info = describe(path)
    assert info.is_damaged
    assert "damaged=skip" in str(info)
