"""A needed run is composed of the command line, but for what its own yaml sets."""

from pathlib import Path

import pytest
import torch
from omegaconf import OmegaConf

from bdnet.errors import BdnetError
from bdnet.runs.prerequisites import builds_on, load_sources, overrides_of
from networks import build
from tiny_training import composed


@pytest.mark.parametrize(
    "override",
    ["memory_format=contiguous", "compile=true", "trainer.precision=bf16-mixed", "seed=3",
     "+trainer.benchmark=true", "recipe.base.lr=1e-3", "data.workers=0", "backbone=resnet10t",
     "~logger.csv", "interval=7"],
)  # fmt: skip
def test_settings_of_data_and_hardware_are_inherited(override: str):
    with composed():
        needed = overrides_of("table2/base", ["experiment=table2/mv", override])
    assert needed == [override, "experiment=table2/base"]


@pytest.mark.parametrize("override", ["model=bdnet", "loss=[segmentation]", "steps=3", "name=mine"])
def test_what_the_run_itself_is_is_not_inherited(override: str):
    with composed():
        assert overrides_of("table2/base", [override]) == ["experiment=table2/base"]


@pytest.mark.parametrize("override", ["seed=3", "interval=7", "data.labelled_frame=2"])
def test_what_the_needed_experiment_sets_is_not_inherited(override: str):
    with composed():
        assert overrides_of("teacher", [override]) == ["experiment=teacher"]


def test_a_student_can_start_from_the_file_of_a_whole_network(tmp_path: Path):
    trained, student = build("+model=psp18"), build("+model=psp18")
    weights = {name: weight + 1 for name, weight in trained.state_dict().items()}
    torch.save(weights, tmp_path / "whole.pth")
    config = OmegaConf.create({"init_from": str(tmp_path / "whole.pth"), "teacher": {}})
    load_sources(student, config)
    assert all(torch.equal(weight, weights[name]) for name, weight in student.state_dict().items())
    before = builds_on(config)
    torch.save(weights | {"head.fcn.mix.weight": weights["head.fcn.mix.weight"] + 1},
               tmp_path / "whole.pth")  # fmt: skip
    assert builds_on(config) != before
    config.init_from = [str(tmp_path / "whole.pth"), str(tmp_path)]
    with pytest.raises(BdnetError, match=r"whole\.pth"):
        load_sources(student, config)


def test_files_of_a_teacher_are_part_of_a_runs_identity(tmp_path: Path):
    network, classes = tmp_path / "net.onnx", tmp_path / "classes.yaml"
    network.write_bytes(b"1")
    classes.write_text("0: road")
    teacher = {"network": f"onnx:{network}", "classes": str(classes)}
    config = OmegaConf.create({"init_from": None, "teacher": teacher})
    digests = [builds_on(config)]
    network.write_bytes(b"2")
    digests.append(builds_on(config))
    classes.write_text("1: road")
    digests.append(builds_on(config))
    assert len({digest["teacher"] for digest in digests}) == 3
    named = OmegaConf.create({"init_from": None, "teacher": {"network": "torchvision:x"}})
    assert builds_on(named) == {}
