"""A needed run is composed of the command line, but for what its own yaml sets."""

import pytest

from bdnet.runs.prerequisites import overrides_of
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
