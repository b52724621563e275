"""What a run builds on is trained as it was asked for itself."""

import pytest
from omegaconf import OmegaConf

from bdnet.runs.prerequisites import overrides_of

BASE = OmegaConf.create({"experiment": "table2/base", "seed": 1, "data.unlabelled_videos": None})


@pytest.mark.parametrize(
    "override",
    ["memory_format=contiguous", "compile=true", "trainer.precision=bf16-mixed",
     "+trainer.benchmark=true",
     "recipe.base.lr=1e-3", "data.workers=0", "backbone=resnet10t", "~logger.csv"],
)  # fmt: skip
def test_how_and_on_what_is_taken_over(override: str):
    own, _ = overrides_of(BASE, ["experiment=table2/mv", override])
    assert own == [override, "experiment=table2/base", "seed=1", "data.unlabelled_videos=null"]


@pytest.mark.parametrize("override", ["model=bdnet", "loss=[segmentation]", "steps=3", "name=mine"])
def test_what_the_run_itself_is_is_not(override: str):
    own, further = overrides_of(BASE, [override])
    assert own == ["experiment=table2/base", "seed=1", "data.unlabelled_videos=null"]
    assert further == [override, *own]  # what it needs itself may want to know
