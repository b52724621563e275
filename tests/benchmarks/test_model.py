"""The cost of a network: what is counted, and how it is put together."""

import json
import statistics
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from test_benchmark import run
from torch import nn

from bdnet.benchmarks import networks
from bdnet.benchmarks.base import CannotMeasure
from bdnet.benchmarks.model import ModelCost
from bdnet.cli.conf import conf_folder
from bdnet.models.base import Step, VideoModel
from bdnet.models.errors import BadModel
from bdnet.reports.cost import restored

SMALL = ("backbones=[test_resnet]", "height=64", "width=96", "classes=3")
FEW = ("~target.contenders.dff", "~target.contenders.grfp")
PLACE = "model/boundary@target.contenders.bdnet.boundary"


def sub_networks(stride: int) -> tuple[str, ...]:
    """One more contender, a TDNet."""
    key = "target.contenders.tdnet"
    return (
        f"+model@{key}=tdnet",
        f"{key}.test_stride={stride}",
        f"{key}.paths=2",
        f"+{key}={{_partial_: true, classes: null, backbone: null}}",
    )


def added(boundary: str) -> tuple[str, ...]:
    """One more BDNet, named after its boundary stream, as conf/target/model.yaml says."""
    key = f"target.contenders.{boundary}"
    return (
        f"+model@{key}=bdnet",
        f"model/boundary@{key}.boundary={boundary}",
        f"+{key}={{_partial_: true, classes: null, backbone: null}}",
    )


def target(*overrides: str) -> ModelCost:
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        small = [f"target.{setting}" for setting in SMALL]
        config = compose("benchmark", ["target=model", *small, *FEW, *overrides])
    return instantiate(config.target, _convert_="all")


def test_figures_are_put_together_round_by_round(tmp_path: Path):
    settings = [f"target.{setting}" for setting in (*SMALL, "intervals=[1,5,30]", "threads=1")]
    threads = torch.get_num_threads()
    answer = run("target=model", "repeats=3", *settings, folder=tmp_path)
    torch.set_num_threads(threads)
    assert answer.returncode == 0, answer.stderr
    result = json.loads((tmp_path / "benchmark/model.json").read_text())
    assert result["facts"]["threads"] == 1
    costs = result["costs"]["test_resnet"]
    assert list(costs) == ["single_frame", "dff", "grfp", "bdnet"]
    assert list(costs["single_frame"]) == ["every frame", "its label map"]
    single, rows = costs["single_frame"]["every frame"], costs["bdnet"]
    key, other = rows["keyframe"], rows["other frame"]
    assert min(single["seconds"] + key["seconds"] + other["seconds"]) > 0
    for interval in (1, 5, 30):
        mean = rows[f"mean at interval {interval}"]
        for number in range(3):
            seconds = key["seconds"][number] + (interval - 1) * other["seconds"][number]
            assert mean["seconds"][number] == pytest.approx(seconds / interval)
            ratio = seconds / interval / single["seconds"][number]
            assert mean["relative"][number] == pytest.approx(ratio)
        gflops = key["gflops"] + (interval - 1) * other["gflops"]
        assert mean["gflops"] == pytest.approx(gflops / interval)
    for number in range(3):
        pair = key["seconds"][number], other["seconds"][number]
        assert rows["slowest frame"]["seconds"][number] == max(pair)
    shown = (tmp_path / "benchmark/model.md").read_text()
    assert shown in answer.stdout
    ratio = statistics.median(rows["mean at interval 5"]["relative"])
    (line,) = (line for line in shown.splitlines() if "bdnet, mean at interval 5 " in line)
    assert f"| {ratio:.2f} |" in line


def test_operations_of_the_single_frame_network_are_those_of_its_layers():
    measured = target()
    network = measured.contenders["single_frame"](classes=3, backbone="test_resnet").eval()
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
    gflops = costs.networks["single_frame"].key.gflops
    assert gflops == pytest.approx((sum(counted) + head) / 1e9)


def test_operations_follow_what_each_boundary_runs():
    (costs,) = target(*added("none"), *added("compared")).measure(1).comparisons
    single, warped = costs.networks["single_frame"].key, costs.networks["bdnet"]
    none, compared = costs.networks["none"], costs.networks["compared"]
    assert none.key.gflops == single.gflops
    assert none.other.gflops == 0  # a warp, and sums of shifted scores
    assert 0 < warped.other.gflops < compared.other.gflops < single.gflops
    assert warped.key.gflops > single.gflops


def test_what_earlier_frames_add_is_counted():
    """In a stream under way every frame hears of others, a keyframe too."""
    far, close = (
        target(*sub_networks(stride)).measure(1).comparisons[0].networks["tdnet"]
        for stride in (4, 1)
    )
    assert far.key.gflops == far.other.gflops
    # 96 cells look at 6 others instead of 96, each of which has a key of 64 and a value of 512
    assert close.key.gflops - far.key.gflops > 2 * (96 - 6) * 96 * (64 + 512) / 1e9


def test_a_choice_of_a_contender_is_replaced():
    (costs,) = target(f"{PLACE}=none").measure(1).comparisons
    assert costs.networks["bdnet"].key.gflops == costs.networks["single_frame"].key.gflops


def test_the_baseline_takes_one_turn_of_each_round(monkeypatch):
    monkeypatch.setattr(networks, "for_inference", lambda network: network)  # a copy, tried out
    measured = target(*added("none"))
    calls = []
    network = measured.contenders["single_frame"]

    def counting(**arguments: Any) -> VideoModel:
        made = network(**arguments)
        step = made.step
        made.step = lambda *frame: (calls.append(1), step(*frame))[1]
        return made

    measured.contenders["single_frame"] = counting
    (costs,) = measured.measure(2).comparisons
    assert len(calls) == 1 + (1 + 2) + 1  # its logits; rounds; operations
    assert {len(pair.key.seconds) for pair in costs.networks.values()} == {2}
    for frames in costs.networks.values():
        assert (frames.key is frames.other) == (frames is costs.networks["single_frame"])


def test_a_comparison_is_restored_from_its_record():
    (costs,) = target().measure(2).comparisons
    record = json.loads(json.dumps(costs.record([3])))
    assert restored("test_resnet", record) == costs
    with pytest.raises(KeyError):
        restored("test_resnet", {"single_frame": {"keyframe": {}}})


def test_layout_and_precision_change_no_operations():
    plain = target("target.channels_last=false").measure(1)
    mixed = target("target.precision=bfloat16").measure(1)
    assert plain.facts["layout"] == "contiguous"
    assert mixed.facts["precision"] == "bfloat16"
    (comparison,), (expected,) = mixed.comparisons, plain.comparisons
    assert [cost.gflops for *_, cost in comparison.rows([5])] == [
        cost.gflops for *_, cost in expected.rows([5])
    ]


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("intervals=[5,0]", r"intervals=\[5, 0\]"),
        ("intervals=[]", r"intervals=\[\]"),
        ("backbones=[]", r"backbones=\[\]"),
        ("precision=float16", "precision=float16"),
        ("device=tpu", "device=tpu"),
        ("~contenders.single_frame", "contenders=.*single_frame"),
    ],
)
def test_settings_that_make_no_sense_are_refused(override: str, message: str):
    tilde = "~" if override.startswith("~") else ""
    with pytest.raises(Exception, match=message) as error:
        target(f"{tilde}target.{override.removeprefix('~')}")
    assert isinstance(error.value.__cause__, CannotMeasure | BadModel)


def test_a_gpu_that_is_not_there_is_a_sentence(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(Exception, match="device=cuda"):
        target("target.device=cuda")


def test_an_unknown_backbone_is_a_sentence(tmp_path: Path):
    answer = run("target=model", "target.backbones=[resnet19]", folder=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr.startswith("bdnet benchmark: backbone=resnet19")
    assert "Traceback" not in answer.stderr


def test_a_tdnet_is_measured_with_all_that_it_looks_back_on():
    """Its first frame attends to nothing; the measured ones to all, by hops of past frames too."""
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        config = compose("benchmark", ["target=tdnet", *(f"target.{setting}" for setting in SMALL)])
    made = instantiate(config.target, _convert_="all")
    (comparison,) = made.measure(1).comparisons
    cells, thinned, pooled, width, keys = 8 * 12, 2 * 3, 96, 512, 64
    asking = pooled * keys + keys * keys  # multiply-adds per cell, of its query
    looking = thinned * (keys + width) + width * width  # of a hop, and what mixes its result
    for name, hops_of_the_past in (("td4", 2), ("td2", 0)):
        network = made.contenders[name](classes=3, backbone="test_resnet").eval()
        first = made._gflops(partial(network.step, (), made._frames()[0]))
        expected = cells * (asking + looking) + hops_of_the_past * thinned * looking
        for frame in comparison.networks[name]:
            assert frame.gflops - first == pytest.approx(2 * expected / 1e9, rel=1e-6)
