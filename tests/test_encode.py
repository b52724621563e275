"""`python -m bdnet.encode`: trees of sequences, resumed, with failures that stop nobody."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from bdnet.codec import Encoding, UnsupportedStream, VideoReader, WriteError, describe
from bdnet.codec.finding import find_sources
from bdnet.codec.transcode import plan, transcode, transcode_all
from command import command
from videos import Pan, overwrite, packet_positions


def write_images(folder: Path, count: int = 6, size: tuple[int, int] = (48, 64)) -> None:
    folder.mkdir(parents=True)
    for index in range(count):
        picture = Pan((1, 0)).picture(index, *size)
        assert cv2.imwrite(str(folder / f"frame_{index}.png"), picture[:, :, ::-1])


def encode(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bdnet.encode", *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def jobs(pattern: str, output: Path, **encoding: object) -> list:
    return plan(find_sources(pattern), output, Encoding(**encoding), None, overwrite=False)


def test_images_are_taken_in_natural_order(tmp_path: Path):
    write_images(tmp_path / "walk", count=12)
    (source,) = find_sources(str(tmp_path / "walk"))
    assert [path.name for path in source.files][8:] == [f"frame_{i}.png" for i in (8, 9, 10, 11)]
    (outcome,) = transcode_all(jobs(str(tmp_path / "walk"), tmp_path / "out", lossless=True))
    assert (outcome.status, outcome.frames) == ("done", 12)
    with VideoReader(tmp_path / "out/walk.mp4", "all") as reader:
        frames = list(reader)
    assert np.array_equal(frames[10].image, Pan((1, 0)).picture(10, 48, 64))


def test_tree_is_repeated_resumed_and_survives_bad_inputs(tmp_path: Path, make_video: Callable):
    write_images(tmp_path / "in/train/a")
    write_images(tmp_path / "in/val/b")
    (tmp_path / "in/val/c.mp4").write_bytes(make_video().read_bytes())
    (tmp_path / "in/val/broken.mp4").write_bytes(b"not a video at all")
    write_images(tmp_path / "in/val/torn")
    (tmp_path / "in/val/torn/frame_3.png").write_bytes(b"not an image")

    first = encode("input=in", "output=out", "encoding.interval=3", folder=tmp_path)
    assert first.returncode == 1
    assert "3 done, 0 skipped, 2 failed" in first.stdout
    assert "broken.mp4: not a video" in first.stderr
    assert "frame_3.png: not an image" in first.stderr
    assert "Traceback" not in first.stderr
    written = sorted(str(path.relative_to(tmp_path / "out")) for path in tmp_path.glob("out/*/*"))
    assert written == ["train/a.mp4", "val/b.mp4", "val/c.mp4"]
    assert all(describe(path).keyframes[1] == 3 for path in tmp_path.glob("out/*/*"))

    times = {path: path.stat().st_mtime_ns for path in tmp_path.glob("out/*/*")}
    (tmp_path / "in/val/broken.mp4").unlink()
    cv2.imwrite(str(tmp_path / "in/val/torn/frame_3.png"), np.zeros((48, 64, 3), np.uint8))
    again = encode("input=in", "output=out", "encoding.interval=3", folder=tmp_path)
    assert again.returncode == 0, again.stderr
    assert "1 done, 3 skipped, 0 failed" in again.stdout
    assert all(path.stat().st_mtime_ns == before for path, before in times.items())


@pytest.mark.parametrize("torn", [(0,), (5,), (5, 9)])
def test_what_can_be_decoded_of_a_damaged_video_is_salvaged(
    tmp_path: Path, make_video: Callable, torn: tuple[int, ...]
):
    path = tmp_path / "torn.avi"
    path.write_bytes(make_video(codec="mpeg4", container="avi", frames=20).read_bytes())
    for position, size in (packet_positions(path)[index] for index in torn):
        overwrite(path, position, b"\xff" * size)
    refused = command("encode", "input=torn.avi", "output=out.mp4", folder=tmp_path)
    assert refused.returncode == 1
    assert "damaged=skip" in refused.stderr
    assert not (tmp_path / "out.mp4").exists()
    given = ("input=torn.avi", "output=out.mp4", "damaged=skip")
    salvaged = command("encode", *given, folder=tmp_path)
    assert salvaged.returncode == 0, salvaged.stderr
    assert f"left out: {len(torn)}, the first is {torn[0]}" in salvaged.stdout
    assert describe(tmp_path / "out.mp4").frames == 20 - len(torn)
    assert "1 skipped" in command("encode", *given, folder=tmp_path).stdout


def test_images_that_cannot_be_read_are_left_out_on_demand(tmp_path: Path):
    write_images(tmp_path / "walk")
    (tmp_path / "walk/frame_3.png").write_bytes(b"not an image")
    given = ("input=walk", "output=out.mp4", "damaged=skip")
    salvaged = command("encode", *given, folder=tmp_path)
    assert "left out: 1, the first is 3" in salvaged.stdout
    assert describe(tmp_path / "out.mp4").frames == 5
    for path in (tmp_path / "walk").iterdir():
        path.write_bytes(b"not an image")
    nothing = command("encode", "input=walk", "output=none.mp4", "damaged=skip", folder=tmp_path)
    assert nothing.returncode == 1
    assert not (tmp_path / "none.mp4").exists()


def test_other_settings_or_content_are_not_passed_off_as_done(tmp_path: Path):
    write_images(tmp_path / "walk")
    (tmp_path / "other").mkdir()
    (job,) = jobs(str(tmp_path / "walk"), tmp_path / "out.mp4", crf=20)
    assert transcode(job).status == "done"
    assert transcode(job).status == "skipped"
    (coarser,) = jobs(str(tmp_path / "walk"), tmp_path / "out.mp4", crf=30)
    refused = transcode(coarser)
    assert refused.status == "failed"
    assert "other settings; use overwrite=true" in refused.detail
    cv2.imwrite(str(tmp_path / "walk/frame_6.png"), np.zeros((48, 64, 3), np.uint8))
    (changed,) = jobs(str(tmp_path / "walk"), tmp_path / "out.mp4", crf=20)
    assert "other content" in transcode(changed).detail
    (forced,) = plan(
        find_sources(str(tmp_path / "walk")), tmp_path / "out.mp4", Encoding(), None, overwrite=True
    )
    assert transcode(forced).frames == 7


def test_variable_rate_video_keeps_order_and_count(tmp_path: Path, make_video: Callable):
    gaps = (4, 1, 9, 2, 4, 4, 17, 1, 1, 4)
    stamps = tuple(np.cumsum(gaps).tolist())
    path = make_video(scene=Pan((1, 0)), frames=len(stamps), stamps=stamps, container="mkv")
    assert describe(path).variable_fps
    (outcome,) = transcode_all(jobs(str(path), tmp_path / "out.mp4", crf=5))
    assert outcome.frames == len(stamps)
    info = describe(tmp_path / "out.mp4")
    assert (info.frames, info.variable_fps, info.clean) == (len(stamps), False, True)
    with VideoReader(path, "all") as before, VideoReader(tmp_path / "out.mp4", "all") as after:
        for old, new in zip(before, after, strict=True):
            assert np.abs(old.image.astype(int) - new.image).mean() < 2


def test_b_frames_and_other_codecs_become_clean(tmp_path: Path, make_video: Callable):
    path = make_video(codec="libx264", options={"crf": "20"})
    assert not describe(path).clean
    (outcome,) = transcode_all(jobs(str(path), tmp_path / "out.mp4"))
    assert outcome.status == "done", outcome.detail
    assert describe(tmp_path / "out.mp4").clean


def test_turned_video_is_set_upright(tmp_path: Path):
    upright = Pan().picture(0, 96, 64)  # taller than wide
    with av.open(str(tmp_path / "phone.mp4"), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"crf": "5"})
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.set_display_rotation(90)
        sideways = np.ascontiguousarray(np.rot90(upright, -1))
        for _ in range(3):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(sideways, "rgb24")))
        container.mux(stream.encode(None))
    turned = describe(tmp_path / "phone.mp4")
    assert abs(turned.rotation) == 90
    assert not turned.clean
    (outcome,) = transcode_all(jobs(str(tmp_path / "phone.mp4"), tmp_path / "out.mp4", crf=5))
    assert outcome.status == "done", outcome.detail
    info = describe(tmp_path / "out.mp4")
    assert (info.height, info.width, info.rotation, info.clean) == (96, 64, 0, True)
    with VideoReader(tmp_path / "out.mp4", "all") as reader:
        image = next(iter(reader)).image.astype(int)
    assert np.abs(image - upright).mean() < 8  # the loss of coarse chroma, twice
    assert np.abs(image - upright[::-1, ::-1]).mean() > 24


def test_inputs_that_mean_nothing_or_clash_are_refused(tmp_path: Path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UnsupportedStream, match="empty"):
        find_sources(str(tmp_path / "empty"))
    with pytest.raises(UnsupportedStream, match=r"absent/\*"):
        find_sources(str(tmp_path / "absent/*"))
    for name in ("clip.avi", "clip.mp4"):
        (tmp_path / "empty" / name).touch()
    clear = [job.output.name for job in jobs(str(tmp_path / "empty"), tmp_path / "out")]
    assert clear == ["clip.avi.mp4", "clip.mp4.mp4"]
    (tmp_path / "empty/clip.avi.mp4").touch()
    with pytest.raises(UnsupportedStream, match=r"would both become clip\.avi"):
        jobs(str(tmp_path / "empty"), tmp_path / "out")
    with pytest.raises(WriteError, match="is the input itself"):
        jobs(str(tmp_path / "empty/clip.mp4"), tmp_path / "empty")


def test_images_beside_videos_are_refused_and_drop_none(tmp_path: Path, make_video: Callable):
    write_images(tmp_path / "in", count=1)
    for name in "ab":
        (tmp_path / f"in/{name}.mp4").write_bytes(make_video().read_bytes())
    with pytest.raises(UnsupportedStream, match=r"in: holds images \(frame_0\.png.*in/a\.mp4"):
        find_sources(str(tmp_path / "in"))
    names = [job.output.name for job in jobs(str(tmp_path / "in/*.mp4"), tmp_path / "out")]
    assert names == ["a.mp4", "b.mp4"]


def test_rarer_kinds_of_video_are_found_and_others_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    for name in ("a.gif", "b.ivf", "c.obu", "notes.txt", "d.docx", ".e.mp4"):
        (tmp_path / name).touch()
    found = [source.name.name for source in find_sources(str(tmp_path))]
    assert found == ["a.gif", "b.ivf", "c.obu"]
    assert "d.docx" in caplog.text
    assert "notes" not in caplog.text


@pytest.mark.parametrize(
    ("encoding", "named"),
    [({"preset": "quick"}, "preset=quick"), ({"threads": -5}, "threads=-5"),
     ({"bitrate": 10**12}, "bitrate=1000000000000"), ({"interval": 10**12}, "interval=1000000000")],
)  # fmt: skip
def test_settings_that_encoders_refuse_are_named(encoding: dict[str, object], named: str):
    with pytest.raises(WriteError, match=named):
        Encoding(**encoding)


@pytest.mark.parametrize("ending", [".png", ".webm", ".xyz"])
def test_a_file_of_another_kind_is_refused_with_its_name(tmp_path: Path, ending: str):
    write_images(tmp_path / "walk", count=2)
    (outcome,) = transcode_all(jobs(str(tmp_path / "walk"), tmp_path / f"out{ending}"))
    assert outcome.status == "failed"
    assert f"out{ending}" in outcome.detail
    assert sorted(path.name for path in tmp_path.iterdir()) == ["walk"]
    (tmp_path / f"out{ending}").write_text("mine")
    (outcome,) = transcode_all(jobs(str(tmp_path / "walk"), tmp_path / f"out{ending}"))
    assert outcome.status == "failed"
    assert (tmp_path / f"out{ending}").read_text() == "mine"


def test_killed_encode_goes_on_where_it_was(tmp_path: Path):
    for name in "abcdef":
        write_images(tmp_path / "in" / name, count=40, size=(240, 320))
    command = [sys.executable, "-m", "bdnet.encode", "input=in", "output=out", "processes=1"]
    victim = subprocess.Popen(command, cwd=tmp_path, start_new_session=True, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob("out/[!.]*.mp4")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(victim.pid, signal.SIGKILL)
    victim.communicate()
    done = {path: path.read_bytes() for path in tmp_path.glob("out/[!.]*.mp4")}
    assert done  # and not all six: it was killed at the first
    assert all(len(list(VideoReader(path))) == 40 for path in done)
    again = encode("input=in", "output=out", folder=tmp_path)
    assert again.returncode == 0, again.stderr
    assert f"{6 - len(done)} done, {len(done)} skipped, 0 failed" in again.stdout
    assert all(path.read_bytes() == content for path, content in done.items())
    assert sorted(path.name for path in tmp_path.glob("out/*")) == [f"{n}.mp4" for n in "abcdef"]
