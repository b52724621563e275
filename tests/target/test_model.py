"""The cost of a network: what is counted, and how it is put together."""

import json
import statistics
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from test_benchmark import run
from torch import nn

from bdnet.application import conf_folder
from bdnet.models.base import Step
from bdnet.target.cost import Comparison, Cost, Costs
from bdnet.target.errors import CannotMeasure
from bdnet.target.model import ModelCost

SMALL = ("backbones=[test_resnet]", "height=64", "width=96", "classes=3")
PLACE = "model/boundary@target.bdnet.boundary"
BOUNDARIES = ("none", "warped", "current")


def target(*overrides: str) -> ModelCost:
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        small = [f"target.{each}" for each in SMALL]
        config = compose("benchmark", ["target=model", *small, *overrides])
    return instantiate(config.target, _convert_="all")


def test_figures_are_put_together_round_by_round(tmp_path: Path):
    settings = [f"target.{each}" for each in (*SMALL, "intervals=[1,5,30]", "threads=1")]
    answer = run("target=model", "repeats=3", *settings, folder=tmp_path)
    assert answer.returncode == 0, answer.stderr
    result = json.loads((tmp_path / "benchmark/model.json").read_text())
    assert result["facts"]["threads"] == 1
    rows = result["costs"]["test_resnet"]
    single, key, other = (rows[name] for name in ("single-frame", "keyframe", "other frame"))
    assert min(single["seconds"] + key["seconds"] + other["seconds"]) > 0
    for interval in (1, 5, 30):
        mean = rows[f"mean at interval {interval}"]
        for place in range(3):
            seconds = key["seconds"][place] + (interval - 1) * other["seconds"][place]
            assert mean["seconds"][place] == pytest.approx(seconds / interval)
            ratio = seconds / interval / single["seconds"][place]
            assert mean["relative"][place] == pytest.approx(ratio)
        gflops = key["gflops"] + (interval - 1) * other["gflops"]
        assert mean["gflops"] == pytest.approx(gflops / interval)
    for place in range(3):
        pair = key["seconds"][place], other["seconds"][place]
        assert rows["slowest frame"]["seconds"][place] == max(pair)
    shown = (tmp_path / "benchmark/model.md").read_text()
    assert shown in answer.stdout
    ratio = statistics.median(rows["mean at interval 5"]["relative"])
    (line,) = (line for line in shown.splitlines() if "mean at interval 5 " in line)
    assert f"| {ratio:.2f} |" in line


def test_the_paper_stands_beside_its_own_setting_only():
    ones = Cost((1.0, 2.0), 3.0)
    rows = {
        backbone: Comparison(backbone, ones, ones, ones, ones).rows([5, 10])
        for backbone in ("resnet18", "resnet34", "resnet50", "resnet101")
    }
    assert {name: each["mean at interval 5"].published for name, each in rows.items()} == {
        "resnet18": pytest.approx(0.64, abs=0.005),
        "resnet34": None,
        "resnet50": pytest.approx(0.44, abs=0.005),
        "resnet101": pytest.approx(0.40, abs=0.005),
    }
    assert rows["resnet18"]["mean at interval 10"].published is None


def test_relative_is_the_median_within_rounds():
    single, other = Cost((1.0, 10.0, 4.0), 8.0), Cost((0.5, 2.0, 2.0), 0.25)
    comparison = Comparison("resnet50", single, single, other, Cost((0.1, 0.1, 0.1), 0.0))
    table = Costs([comparison], [5], {}, {}).table().splitlines()
    assert (
        "| resnet50, other frame | 2.000 | 0.500 to 2.000 | 0.50 | 0.20 to 0.50 |  | 0.2 |" in table
    )
    (mean,) = (line for line in table if "mean" in line)
    assert mean.endswith("| 0.60 | 0.36 to 0.60 | 0.44 | 1.8 |")


def test_operations_of_the_single_frame_network_are_those_of_its_layers():
    measured = target()
    network = measured._network(measured.single, "test_resnet")
    counted = []

    def count(module: nn.Conv2d, _: object, out: torch.Tensor) -> None:
        counted.append(2 * module.weight[0].numel() * out.numel())

    for module in network.backbone.modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_hook(count)
    network.step((), Step(torch.zeros(1, 3, 64, 96), is_key=True))
    # four 3x3 convolutions to 3 classes that share their middle, on 8 x 12 cells
    head = 2 * (4 * 8 + 1) * 3 * network.backbone.channels * 8 * 12
    (costs,) = measured.measure(1).comparisons
    assert costs.single.gflops == pytest.approx((sum(counted) + head) / 1e9)


def test_operations_follow_what_each_boundary_runs():
    costs = {name: target(f"{PLACE}={name}").measure(1).comparisons[0] for name in BOUNDARIES}
    none, warped, current = (costs[name] for name in BOUNDARIES)
    assert none.key.gflops == none.single.gflops == warped.single.gflops
    assert none.other.gflops == 0  # a warp, and sums of shifted scores
    assert 0 < warped.other.gflops < current.other.gflops < current.single.gflops
    assert warped.key.gflops > warped.single.gflops


def test_layout_and_precision_change_no_operations():
    plain = target("target.channels_last=false").measure(1)
    mixed = target("target.precision=bfloat16").measure(1)
    assert plain.facts["layout"] == "contiguous_format"
    assert mixed.facts["precision"] == "bfloat16"
    for found, expected in zip(mixed.comparisons[0][1:], plain.comparisons[0][1:], strict=True):
        assert found.gflops == expected.gflops


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("intervals=[5,0]", r"intervals=\[5, 0\]: at least 1"),
        ("intervals=[]", r"intervals=\[\]: at least one"),
        ("backbones=[]", r"backbones=\[\].*at least one"),
        ("precision=float16", "precision=float16: choose one of float32, bfloat16"),
        ("device=tpu", "device=tpu: choose one of cpu, cuda"),
    ],
)
def test_settings_that_make_no_sense_are_refused(override: str, message: str):
    with pytest.raises(Exception, match=message) as found:
        target(f"target.{override}")
    assert isinstance(found.value.__cause__, CannotMeasure)


def test_a_gpu_that_is_not_there_is_a_sentence(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(Exception, match="device=cuda: PyTorch sees no GPU"):
        target("target.device=cuda")


def test_an_unknown_backbone_is_a_sentence(tmp_path: Path):
    answer = run("target=model", "target.backbones=[resnet19]", folder=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith("bdnet benchmark: backbone=resnet19")
    assert "Traceback" not in answer.stderr
