"""VideoWriter: what is written is clean, complete, and readable again."""

import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from bdnet.codec import Encoding, VideoReader, VideoWriter, WriteError, describe
from videos import Pan


def images(count: int = 20, height: int = 96, width: int = 128) -> list[np.ndarray]:
    return [Pan((2, 1)).picture(index, height, width) for index in range(count)]


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / np.mean((a.astype(float) - b) ** 2)))


@pytest.mark.parametrize("codec", ["h264", "mpeg4"])
@pytest.mark.parametrize(("height", "width"), [(96, 128), (121, 161), (40, 24)])
def test_written_file_is_a_clean_stream_of_the_same_pictures(
    tmp_path: Path, codec: str, height: int, width: int
):
    pictures = images(20, height, width)
    path = tmp_path / "clip.mp4"
    with VideoWriter(path, Fraction(30000, 1001), Encoding(codec=codec, interval=7)) as writer:
        for picture in pictures:
            writer.write(picture)
    info = describe(path)
    assert info.clean, info.problems
    assert (info.frames, info.height, info.width) == (20, height, width)
    assert info.keyframes == (0, 7, 14)
    assert info.fps == pytest.approx(30000 / 1001)
    with VideoReader(path, "all") as reader:
        assert min(psnr(frame.image, pictures[frame.index]) for frame in reader) > 27
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("codec", ["h264", "mpeg4"])
def test_further_keyframes(tmp_path: Path, codec: str):
    encoding = Encoding(codec=codec, interval=7, fast_decode=codec == "h264")
    with VideoWriter(tmp_path / "clip.mp4", 25, encoding, keyframes=(3, 15)) as writer:
        for picture in images():
            writer.write(picture)
    info = describe(tmp_path / "clip.mp4")
    assert info.clean, info.problems
    assert {3, 15} < set(info.keyframes)
    with pytest.raises(WriteError, match="fast_decode"):
        Encoding(codec="mpeg4", fast_decode=True)


def test_what_identifies_a_file_stays_as_it_was():
    assert "fast_decode" not in Encoding().facts()
    assert Encoding(fast_decode=True).facts()["fast_decode"]


@pytest.mark.parametrize(("height", "width"), [(96, 128), (121, 161)])
def test_lossless_is_bit_exact(tmp_path: Path, height: int, width: int):
    pictures = images(6, height, width)
    with VideoWriter(tmp_path / "clip.mkv", 25, Encoding(lossless=True)) as writer:
        for picture in pictures:
            writer.write(picture)
    assert describe(tmp_path / "clip.mkv").clean
    with VideoReader(tmp_path / "clip.mkv", "all") as reader:
        assert all(np.array_equal(frame.image, pictures[frame.index]) for frame in reader)


def test_bitrate_and_crf_decide_the_size(tmp_path: Path):
    sizes = {}
    for name, encoding in {
        "fine": Encoding(crf=15),
        "coarse": Encoding(crf=40),
        "few bits": Encoding(bitrate=50_000),
        "many bits": Encoding(bitrate=2_000_000),
        "fine mpeg4": Encoding(codec="mpeg4", crf=2),
        "coarse mpeg4": Encoding(codec="mpeg4", crf=25),
    }.items():
        path = tmp_path / f"{name}.mp4"
        with VideoWriter(path, 25, encoding) as writer:
            for picture in images():
                writer.write(picture)
        sizes[name] = path.stat().st_size
    assert sizes["fine"] > 2 * sizes["coarse"]
    assert sizes["many bits"] > 2 * sizes["few bits"]
    assert sizes["fine mpeg4"] > 2 * sizes["coarse mpeg4"]


ENCODE = """
import sys
from test_writer import images
from bdnet.codec import VideoWriter
with VideoWriter(sys.argv[1]) as writer:
    for picture in images(14, 144, 240):
        writer.write(picture)
"""


def test_same_pictures_give_the_same_file_whatever_is_in_fresh_memory(tmp_path: Path):
    """glibc fills what it hands out; with AVX-512, x264 once encoded what it found there."""
    for fill in ("0", "1"):
        environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path),
            "PYTHONMALLOC": "malloc",
            "MALLOC_PERTURB_": fill,
        }
        command = [sys.executable, "-c", ENCODE, str(tmp_path / f"{fill}.mp4")]
        subprocess.run(command, env=environment, check=True)
    assert (tmp_path / "0.mp4").read_bytes() == (tmp_path / "1.mp4").read_bytes()


def test_an_error_leaves_the_file_of_before(tmp_path: Path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"good")
    with pytest.raises(RuntimeError, match="interrupted"), VideoWriter(path) as writer:
        writer.write(images(1)[0])
        raise RuntimeError("interrupted")
    assert path.read_bytes() == b"good"
    assert list(tmp_path.iterdir()) == [path]


def test_leftovers_of_killed_processes_are_removed_and_of_living_ones_kept(tmp_path: Path):
    dead = subprocess.Popen(["true"])
    dead.wait()
    host = os.uname().nodename
    abandoned = tmp_path / f".clip.{host}-{dead.pid}.partial.mp4"
    living = tmp_path / f".clip.{host}-{os.getppid()}.partial.mp4"
    foreign = tmp_path / f".clip.otherhost-{dead.pid}.partial.mp4"
    for path in (abandoned, living, foreign):
        path.touch()
    with VideoWriter(tmp_path / "clip.mp4") as writer:
        writer.write(images(1)[0])
    assert sorted(tmp_path.iterdir()) == sorted([tmp_path / "clip.mp4", living, foreign])


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"codec": "hevc"}, "codec='hevc'"),
        ({"interval": 0}, "interval=0"),
        ({"crf": 60}, r"crf=60.*0\.\.51"),
        ({"codec": "mpeg4", "crf": 0}, r"crf=0.*1\.\.31"),
        ({"crf": 20, "bitrate": 10_000}, "crf=20, bitrate=10000"),
        ({"codec": "mpeg4", "lossless": True}, "codec=h264"),
        ({"bitrate": 5}, "bitrate=5"),
    ],
)
def test_impossible_settings_are_refused_with_the_value(settings: dict, message: str):
    with pytest.raises(WriteError, match=message):
        Encoding(**settings)


def test_refusals_name_the_file_and_the_frame(tmp_path: Path):
    path = tmp_path / "clip.mp4"
    with pytest.raises(WriteError, match=r"frame 1 .*64x64.*96x128"):
        with VideoWriter(path) as writer:
            writer.write(images(1)[0])
            writer.write(images(1, 64, 64)[0])
    with pytest.raises(WriteError, match=path.name), VideoWriter(path):
        pass
    with pytest.raises(WriteError, match=r"float64 \[8, 8, 3\]"):
        VideoWriter(path).write(np.zeros((8, 8, 3)))
    with pytest.raises(WriteError, match="fps=0"):
        VideoWriter(path, fps=0)
    with (
        pytest.raises(WriteError, match=r"clip\.nothing"),
        VideoWriter(tmp_path / "clip.nothing") as writer,
    ):
        writer.write(images(1)[0])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's /dev/full")
def test_a_full_disk_is_an_error_and_leaves_nothing(tmp_path: Path, monkeypatch):
    writer = VideoWriter(tmp_path / "clip.mkv")
    writer.partial = tmp_path / "full.mkv"
    writer.partial.symlink_to("/dev/full")
    with pytest.raises(WriteError, match="No space left on device"), writer:
        for picture in images(60, 240, 320):
            writer.write(picture)
    assert list(tmp_path.iterdir()) == []
