"""`python -m bdnet.predict`: files in, films and label images out, whatever happens on the way."""

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from bdnet.codec import VideoReader
from bdnet.codec.finding import find_sources
from bdnet.data.classes import Classes
from bdnet.data.labels import read_label
from bdnet.errors import BdnetError
from bdnet.inference import prediction, predictor
from bdnet.inference.network import Network
from bdnet.inference.streaming import segment
from bdnet.models.base import VideoModel
from bdnet.predict import main
from bdnet.system.locks import exclusive
from networks import build
from videos import Pan

CLASSES = Classes(("road", "car", "sky"), ((128, 64, 128), (0, 0, 142), (70, 130, 180)))
SLOW = Pan((1.5, -1.0))


@pytest.fixture(scope="module")
def model() -> VideoModel:
    return build("+model=bdnet", "model/boundary=warped")


@pytest.fixture
def call(model, monkeypatch, tmp_path):
    """Runs the command in an empty folder, with a network that was never trained."""

    def load(folder: str, checkpoint: str = "last"):
        assert (folder, checkpoint) == ("runs/mine/seed=0", "best")
        return Network(model, CLASSES, 4, "mine")

    monkeypatch.setattr(predictor, "load", load)
    monkeypatch.chdir(tmp_path)

    def run(*arguments: str) -> int | str | None:
        common = ["predict", "run=runs/mine/seed=0", "checkpoint=best", "output=out"]
        monkeypatch.setattr(sys, "argv", [*common, *arguments])
        try:
            main()
        except SystemExit as end:
            return end.code
        return None

    return run


def summary() -> dict:
    return json.loads(Path("out/summary.json").read_text())


def names(folder: str = "out") -> set[str]:
    files = (path for path in Path(folder).rglob("*") if path.is_file() and path.name != ".lock")
    return {str(path.relative_to(folder)) for path in files}


COMMON = {"legend.png", "classes.yaml", "summary.json"}


def test_a_video_becomes_a_film_and_label_images(call, make_video, model, capsys):
    video = make_video(scene=SLOW, size=(64, 96), frames=15)
    assert call(f"video={video}", "labels=true") is None
    numbers = {f"{video.stem}.labels/{index:06d}.png" for index in range(15)}
    assert names() == COMMON | numbers | {f"{video.stem}.overlay.mp4"}
    with VideoReader(f"out/{video.stem}.overlay.mp4") as film, VideoReader(video) as source:
        assert (len(film), film.fps) == (len(source), source.fps)
        assert (film.width % 96, film.width % 2, film.height % 2) == (0, 0, 0)
        assert film.height > 64 * (film.width // 96)  # a legend
    for frame in segment(video, model, 4):
        stored = cv2.imread(
            f"out/{video.stem}.labels/{frame.frame.index:06d}.png", cv2.IMREAD_UNCHANGED
        )
        assert np.array_equal(stored, frame.labels)
    assert Classes.read("out/classes.yaml").names == CLASSES.names
    assert cv2.imread("out/legend.png").shape[1] == 640
    facts = summary()
    (report,) = facts["videos"].values()
    assert (facts["run"], facts["checkpoint"], facts["keyframes"]) == ("mine", "best", "every 4")
    assert facts["failed"] == {}
    assert facts["device"] in {"cpu", "cuda"}
    assert (report["frames"], report["keyframes"], report["is_complete"]) == (15, 4, True)
    assert report["problems"] == report["damaged_frames"] == []
    assert report["motion"] == "its own vectors"
    assert 0 <= report["share_without_vectors"] < 0.2
    assert set(report["seconds"]) == {"decode", "network", "write", "total"}
    assert all(seconds > 0 for seconds in report["seconds"].values())
    assert report["frames_per_second"] == pytest.approx(15 / report["seconds"]["total"], rel=0.02)
    out = capsys.readouterr().out
    assert f"{video}: 15 frames, 4 of them keyframes" in out


@pytest.mark.parametrize(
    ("chosen", "stated", "keys"),
    [
        (["interval=6"], "every 6", 3),
        (["interval=null"], "every 4", 4),
        (["interval=99"], "every 99", 2),
        (["keyframe=gop"], "the codec's own", 2),
        (
            ["keyframe=adaptive", "keyframe.motion=0", "keyframe.longest=9"],
            "adaptive, holes 0.15, motion 0, longest 9",
            15,
        ),
    ],
)
def test_keyframes_come_as_they_are_asked_for(call, make_video, chosen, stated, keys):
    video = make_video(scene=SLOW, size=(64, 96), frames=15)
    assert call(f"video={video}", *chosen, "labels=true", "overlay=false") is None
    assert summary()["keyframes"] == stated
    assert summary()["videos"][str(video)]["keyframes"] == keys
    assert all("overlay" not in name for name in names())


def test_a_network_that_looks_at_single_frames_reads_all_of_them(call, make_video, monkeypatch):
    single = Network(build("+model=single_frame"), CLASSES, 4, "mine")
    monkeypatch.setattr(predictor, "load", lambda *_: single)
    video = make_video(scene=SLOW, size=(64, 96), frames=15)
    assert call(f"video={video}", "interval=6", "overlay=false", "labels=true") is None
    assert summary()["keyframes"] == "every 1"
    assert summary()["videos"][str(video)]["keyframes"] == 15


def test_label_images_may_hold_the_values_of_the_data_set(call, make_video, monkeypatch):
    video = make_video(scene=SLOW, size=(64, 96), frames=2)
    arguments = (f"video={video}", "labels=true", "overlay=false", "ids=stored")
    assert call(*arguments).startswith("bdnet predict: ids=stored: this run's label images hold")
    assert call(*arguments, "ids=both").startswith("bdnet predict: ids=both")
    assert call(*arguments, "ids=class") is None
    (report,) = summary()["videos"].values()
    path = Path(report["files"][0], "000001.png")
    numbers = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    stored = ((0, 255), (7, 0), (26, 1), (27, 1), (23, 2), (3, 255))
    monkeypatch.setattr(sys.modules[__name__], "CLASSES", replace(CLASSES, stored=stored))
    assert call(*arguments) is None
    values = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(values, np.array([7, 26, 23], np.uint8)[numbers])
    written = Classes.read("out/classes.yaml")
    assert np.array_equal(read_label(path, written), numbers)
    assert written.table()[0] == 255


def test_only_the_first_frames(call, make_video):
    video = make_video(scene=SLOW, size=(64, 96), frames=15)
    assert call(f"video={video}", "frames=3", "legend=false") is None
    with VideoReader(f"out/{video.stem}.overlay.mp4") as film:
        assert len(film) == 3
        assert film.height * 96 == film.width * 64


def test_one_bad_file_stops_no_other(call, make_video):
    video = make_video(scene=SLOW, size=(64, 96), frames=6)
    for name in ("in/a.mp4", "in/deep/b.mp4", "in/deep/c.mp4"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_bytes(video.read_bytes())
    Path("in/bad.mp4").write_bytes(b"no video at all")
    code = call("video=in")
    assert code.startswith("failed: in/bad.mp4: not a video that FFmpeg can read")
    films = {"a.overlay.mp4", "deep/b.overlay.mp4", "deep/c.overlay.mp4"}
    assert names() == COMMON | films
    assert set(summary()["videos"]) == {"in/a.mp4", "in/deep/b.mp4", "in/deep/c.mp4"}
    assert set(summary()["failed"]) == {"in/bad.mp4"}


def test_a_glob_takes_what_it_matches(call, make_video):
    video = make_video(scene=SLOW, size=(64, 96), frames=6)
    Path("in").mkdir()
    for name in ("a1.mp4", "a2.mp4", "b.mp4"):
        Path("in", name).write_bytes(video.read_bytes())
    assert call("video=in/a*.mp4") is None
    assert names() == COMMON | {"a1.overlay.mp4", "a2.overlay.mp4"}


def test_where_motion_comes_from_is_chosen_and_told_once(call, make_video, capsys):
    video = make_video(scene=SLOW, size=(96, 128), frames=20, options=(("crf", "20"),))
    holes = {}
    for motion in ("auto", "search", "stream"):
        assert call(f"video={video}", f"motion={motion}", "search=fast") is None
        (report,) = summary()["videos"].values()
        assert report["frames"] == len(VideoReader(f"out/{video.stem}.overlay.mp4")) == 20
        assert capsys.readouterr().out.count(f"motion: {report['motion']}") == 1
        assert report["motion"].startswith("searched") == (motion != "stream")
        assert any("B-frames" in problem for problem in report["problems"]) == (motion == "stream")
        holes[motion] = report["share_without_vectors"]
    assert holes["auto"] == holes["search"] < holes["stream"]


@pytest.mark.parametrize("sent", [None, signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_a_playable_film(call, make_video, model, monkeypatch, capsys, sent):
    video = make_video(scene=SLOW, size=(64, 96), frames=15)
    steps, step = [], model.step

    def interrupted(state, frame):
        steps.append(frame)
        if len(steps) == 8:
            if sent is None:
                raise KeyboardInterrupt
            os.kill(os.getpid(), sent)
        return step(state, frame)

    monkeypatch.setattr(predictor, "for_inference", lambda network: network)  # a copy, tried out
    monkeypatch.setattr(model, "step", interrupted)
    assert call(f"video={video}", "labels=true") == 128 + (sent or signal.SIGINT)
    film = f"{video.stem}.interrupted.overlay.mp4"
    labels = {f"{video.stem}.interrupted.labels/{index:06d}.png" for index in range(7)}
    assert names() == COMMON | labels | {film}
    with VideoReader(f"out/{film}", "all") as reader:
        assert len(list(reader)) == 7
    (report,) = summary()["videos"].values()
    assert (report["frames"], report["is_complete"]) == (7, False)
    captured = capsys.readouterr()
    word = "terminated" if sent == signal.SIGTERM else "interrupted"
    assert f"bdnet predict: {word}\n" in captured.err
    assert f"{video}: interrupted after 7 frames, 2 of them keyframes" in captured.out
    assert f"-> out/{film}, out/{video.stem}.interrupted.labels\n" in captured.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["overlay=false"], "overlay=false labels=false"),
        (["interval=0"], "interval=0"),
        (["interval=often"], "interval=often"),
        (["interval=gop"], "interval=gop"),
        (["keyframe=adaptive", "keyframe.holes=2"], r"keyframe\.holes=2"),
        (["precision=int3"], "precision=int3"),
        (["motion=flow"], "motion=flow"),
        (["search=slow"], "search=slow"),
        (["device=abacus"], "device=abacus"),
        (["video=absent.mp4"], r"absent\.mp4"),
        (["video=twice"], r"would both become a\.mkv"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(call, make_video, arguments, message):
    Path("twice").mkdir()
    for name in ("a.mp4", "a.mkv", "a.mkv.mp4"):
        Path("twice", name).touch()
    code = call(f"video={make_video()}", *arguments)
    assert isinstance(code, str)
    assert code.startswith("bdnet predict: ")
    with pytest.raises(BdnetError, match=message):
        raise BdnetError(code)
    assert not Path("out").exists() or not Path("out/summary.json").exists()


def test_urls_have_names(tmp_path: Path):
    urls = {"rtsp://camera.example/front?x=1": "front", "http://example.org/a/drive.mp4": "drive",
            "udp://127.0.0.1:5000": "stream"}  # fmt: skip
    for url, name in urls.items():
        assert prediction.find_videos(url) == {Path(name): url}


def test_a_url_is_read_to_its_end(call, make_video):
    video = make_video(scene=SLOW, size=(64, 96), frames=6)
    assert call(f"video=file://{video}") is None
    assert len(VideoReader(f"out/{video.stem}.overlay.mp4")) == 6


def test_a_folder_of_images_is_a_video(call, tmp_path: Path):
    Path("images").mkdir()
    for number in range(6):
        image = Pan((2, 1)).picture(number, 64, 96)
        assert cv2.imwrite(f"images/{number}.png", image)
    assert call("video=images") is None
    assert len(VideoReader("out/images.overlay.mp4")) == 6
    (report,) = json.loads(Path("out/summary.json").read_text())["videos"].values()
    assert report["frames"] == 6
    assert report["motion"].startswith("searched")


def test_cameras_have_names():
    assert prediction.find_videos("camera:1") == {Path("camera-1"): "camera:1"}


def test_a_film_cannot_change_its_size(call, make_video, tmp_path: Path):
    Path("images").mkdir()
    for number in range(6):
        image = Pan((2, 1)).picture(number, 64 if number < 3 else 48, 96)
        assert cv2.imwrite(f"images/{number}.png", image)
    code = call("video=images")
    assert isinstance(code, str)
    assert "overlay=false" in code
    assert call("video=images", "overlay=false", "labels=true", "output=labels") is None
    assert cv2.imread("labels/images.labels/000002.png", -1).shape == (64, 96)
    assert cv2.imread("labels/images.labels/000003.png", -1).shape == (48, 96)


def test_images_beside_videos_are_left_alone(make_video, tmp_path: Path):
    (tmp_path / "labels").mkdir()
    assert cv2.imwrite(str(tmp_path / "labels/0.png"), np.zeros((8, 8), np.uint8))
    (tmp_path / "drive.mp4").write_bytes(make_video().read_bytes())
    assert len(find_sources(str(tmp_path))) == 2
    assert list(prediction.find_videos(str(tmp_path))) == [Path("drive")]
    assert cv2.imwrite(str(tmp_path / "stray.png"), np.zeros((8, 8, 3), np.uint8))
    assert list(prediction.find_videos(str(tmp_path))) == [Path("drive")]


def test_videos_whose_results_would_have_one_name_keep_their_ending(tmp_path: Path):
    for name in ("a.mp4", "a.mov", "b.mp4"):
        (tmp_path / name).touch()
    assert sorted(map(str, prediction.find_videos(str(tmp_path)))) == ["a.mov", "a.mp4", "b"]


@pytest.mark.parametrize("name", ["..mp4", "...mp4", ". .mp4", "-.mp4", "a\nb.mp4", "*.mp4"])
def test_results_stay_in_their_folder_whatever_a_file_is_called(call, make_video, name: str):
    video = make_video(scene=SLOW, size=(64, 96), frames=2)
    Path("in").mkdir()
    Path("in", name).write_bytes(video.read_bytes())
    Path("out.overlay.mp4").write_text("mine")
    assert call(f"video=in/{name}") is None
    (film,) = names() - COMMON
    assert film.endswith(".overlay.mp4")
    assert names(".") == {"out.overlay.mp4", f"in/{name}", *(f"out/{path}" for path in names())}
    assert Path("out.overlay.mp4").read_text() == "mine"
    for pattern in (f"in/../in/{name}", f"*/../in/{name}"):
        assert not any({"..", "."} & set(found.parts) for found in prediction.find_videos(pattern))


def test_a_second_process_leaves_the_first_one_s_results_alone(call, make_video):
    video = make_video(scene=SLOW, size=(64, 96), frames=2)
    with exclusive(Path("out")):
        code = call(f"video={video}", "labels=true")
        assert code.startswith("bdnet predict: out: another process")
        assert names() == set()
    assert call(f"video={video}", "labels=true") is None


def test_few_frames_say_what_was_found_in_them(call, make_video, capsys):
    video = make_video(scene=SLOW, size=(64, 96), frames=20, options=(("crf", "20"),))
    assert call(f"video={video}", "frames=9", "motion=stream") is None
    (report,) = summary()["videos"].values()
    share = f"{100 * report['share_without_vectors']:.1f} % of the picture had no usable vector"
    assert share in capsys.readouterr().out
