"""Rules for keyframes, accuracy against cost."""

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate

from bdnet.benchmarks import keyframes
from bdnet.benchmarks.keyframes import KeyframeRules, operations
from bdnet.cli.conf import conf_folder
from bdnet.data.classes import Classes
from bdnet.data.module import ClipDataModule
from bdnet.errors import BdnetError
from bdnet.inference.network import Network
from bdnet.inference.streaming import segment
from bdnet.keyframes.adaptive import Adaptive
from bdnet.keyframes.fixed import Fixed
from bdnet.metrics import SegmentationByOffset
from networks import build


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> ClipDataModule:
    """Two videos of streets with a label for every frame."""
    small = {
        "root": f"'{tmp_path_factory.mktemp('streets')}'", "clips": "{train: 1, val: 1, test: 2}",
        "parameters.height": 64, "parameters.width": 96, "parameters.length": 6, "processes": 1,
    }  # fmt: skip
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        given = [f"data.dataset.{key}={value}" for key, value in small.items()]
        module = instantiate(compose("probe", ["data=streets", *given]).data, _convert_="all")
    module.prepare_data()
    return module


@pytest.fixture
def measured(data, monkeypatch):
    """A measurement of some rules with a network that was never trained."""
    model = build("+model=bdnet", classes=len(data.dataset.classes))
    monkeypatch.setattr(
        keyframes, "load", lambda *_: Network(model, data.dataset.classes, 3, "mine")
    )
    return lambda *rules, **settings: KeyframeRules("runs/mine", list(rules), data, **settings)


def test_rules_are_scored_on_all_labelled_frames(measured, data):
    rules = Fixed(1), Fixed(4), Adaptive(holes=1.0, motion=1.0)
    target = measured(*rules)
    outcomes = target.measure(2)
    every, fourth, rarely = outcomes.rows
    assert [row.rule for row in outcomes.rows] == [str(rule) for rule in rules]
    # of 6 frames the first and the fifth, or the first alone
    assert [round(12 * row.share) for row in outcomes.rows] == [12, 4, 2]
    assert [row.longest for row in outcomes.rows] == [1, 4, 1]
    key, other = operations(target.network, 64, 96)
    assert other < key == every.gflops
    assert fourth.gflops == pytest.approx((key + 2 * other) / 3)
    assert all(len(row.seconds) == 2 and min(row.seconds) > 0 for row in outcomes.rows)
    assert outcomes.facts["frames"] == outcomes.facts["labelled frames"] == 12
    expected = SegmentationByOffset(len(data.dataset.classes), 1)
    for sample in data.dataset.samples("test"):
        frames = list(segment(sample.video, target.network, 4))
        truth = data.dataset.read_label(sample.label).astype(np.int64)
        labels = torch.from_numpy(frames[sample.target].labels).long()
        expected.update(labels[None], torch.from_numpy(truth)[None], torch.zeros(1).long())
    assert fourth.miou == pytest.approx(float(expected.compute().last_k))
    (_, _, first, second, _) = outcomes.table().splitlines()
    assert first.split(" | ")[2:5] == ["100.0%", "1.0", "1"]
    assert f" | {fourth.gflops / every.gflops:.3f} | " in second
    assert rarely.gflops < fourth.gflops


def test_what_cannot_be_compared_is_refused(measured, data, monkeypatch):
    with pytest.raises(BdnetError, match=r"rules=\[\]"):
        measured()
    network = Network(build("+model=bdnet"), Classes(("a", "b"), ((0, 0, 0),) * 2), 3, "x")
    monkeypatch.setattr(keyframes, "load", lambda *_: network)
    with pytest.raises(BdnetError, match=r"a, b,.* sky, "):
        measured(Fixed(1))
