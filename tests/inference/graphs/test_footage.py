"""Frames to check graphs on, wherever they come from."""

from pathlib import Path

from omegaconf import OmegaConf

from bdnet.codec import VideoReader
from bdnet.inference.graphs.footage import drive, own_video, size_of


def test_a_drive_is_made_where_there_is_no_video():
    with drive((48, 80), 3) as path:
        assert size_of(path) == (48, 80)
        with VideoReader(path, "all") as reader:
            frames = list(reader)
        assert [frame.motion is None for frame in frames] == [True, False, False]
    assert not path.exists()


def test_the_run_s_own_video_is_taken_where_it_is(bands: Path, tmp_path: Path):
    data = {"dataset": {"_target_": "bdnet.data.datasets.folder.Folder", "root": str(bands)}}
    assert own_video(OmegaConf.create(data)) == bands / "test/videos/0.mp4"
    data["dataset"]["root"] = str(tmp_path / "gone")
    assert own_video(OmegaConf.create(data)) is None
