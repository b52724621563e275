"""Videos on their way through networks, from the file on."""

import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from bdnet.benchmarks import pipeline
from bdnet.benchmarks.pipeline import Pipeline
from bdnet.cli.conf import conf_folder
from bdnet.codec import describe
from videos import Pan


def target(*overrides: str) -> Pipeline:
    small = ["backbones=[test_resnet]", "intervals=[2,3]", "classes=3"]
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        chosen = [f"target.{setting}" for setting in [*small, *overrides]]
        config = compose("benchmark", ["target=pipeline", *chosen])
    return instantiate(config.target, _convert_="all")


def test_every_network_takes_the_same_video_in_every_round(make_video, monkeypatch):
    video = make_video(scene=Pan((1.5, -1.0)), size=(64, 96), frames=12)
    taken: list[tuple[str, int, int]] = []
    stream = pipeline.Stream

    class Watched(stream):
        def __init__(self, path, model, rule, **settings) -> None:
            taken.append((type(model).__name__, rule.interval, 0))
            super().__init__(path, model, rule, **settings)

        def __next__(self):
            frame = super().__next__()
            name, interval, count = taken[-1]
            taken[-1] = name, interval, count + 1
            return frame

    monkeypatch.setattr(pipeline, "Stream", Watched)
    measured = target(f"video={video}", "timed_frames=4", "warm_up_frames=1").measure(2)
    warm = [("SingleFrame", 1, 2), ("BDNet", 2, 2), ("BDNet", 3, 0)]
    whole = [("SingleFrame", 1, 5), ("BDNet", 2, 5), ("BDNet", 3, 7)]
    assert taken == warm + whole + whole
    assert [leg[:3] for leg in measured.legs] == [
        ("test_resnet", "single_frame", 1), ("test_resnet", "bdnet", 2), ("test_resnet", "bdnet", 3)
    ]  # fmt: skip
    for leg in measured.legs:
        assert len(leg.trips) == len(leg.alone) == 2
        assert min(leg.alone) > 0
        for trip in leg.trips:
            assert 0 < trip.network < trip.whole
            assert trip.decode > 0
    assert measured.facts["frames per round"] == {1: 4, 2: 4, 3: 6}
    assert measured.facts["size"] == "96x64"
    assert measured.table().count("\n") == 4


def test_streets_are_rendered_where_no_video_is_given(tmp_path):
    settings = ("height=32", "width=64", "frames=3", "codec_interval=3", f"cache='{tmp_path}'")
    measured = target(*settings).measure(1)
    assert measured.facts["video"] == "streets-64x32-3-3.mp4"
    assert describe(tmp_path / measured.facts["video"]).clean


def test_a_video_that_is_too_short_is_refused(make_video):
    video = make_video(scene=Pan((1.5, -1.0)), size=(64, 96), frames=12)
    with pytest.raises(ValueError, match=r"12 frames, .* timed_frames=13, .* need 16"):
        target(f"video={video}", "timed_frames=13", "warm_up_frames=1").measure(1)
