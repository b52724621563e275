"""What a run is called on Weights & Biases."""

import pytest
from omegaconf import OmegaConf

from tiny_training import composed


@pytest.mark.parametrize(
    ("overrides", "tags", "group", "family"),
    [
        (
            ["experiment=table2/bas", "backbone=resnet50", "seed=2"],
            *("bas resnet50 k=5 seed=2", "streets/table2/resnet50/bas", "table2"),
        ),
        (
            ["experiment=teacher", "recipe=demo"],
            *("teacher hrnet_w18_small k=1 seed=0", "demo/teacher/hrnet_w18_small", "teacher"),
        ),
        (
            ["model=single_frame", "interval=10", "name=mine", "~recipe"],
            *("single_frame resnet18 k=10 seed=0", "mine", "train"),
        ),
    ],
)
def test_name_group_and_tags_tell_what_a_run_is(
    overrides: list[str], tags: str, group: str, family: str
):
    with composed(*overrides, "logger=wandb") as (config, choices):
        recipe = choices.get("recipe", "none")
        logger = OmegaConf.to_container(config.logger.wandb, resolve=True)
        seed = config.seed
    assert (logger["group"], logger["job_type"]) == (group, family)
    assert logger["name"] == f"{group} seed={seed}"
    assert logger["tags"] == [*tags.split(), recipe]


def test_seeds_share_a_group_and_what_differs_does_not():
    groups = set()
    for overrides in (["seed=0"], ["seed=1"], ["interval=10"], ["backbone=resnet50"]):
        with composed("experiment=table2/mv", "logger=wandb", *overrides) as (config, _):
            groups.add(config.logger.wandb.group)
    assert len(groups) == 3
