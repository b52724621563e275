"""The rows of Table 2 are the paper's tick matrix, and differ by nothing else."""

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import pytest
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from bdnet.cli.conf import conf_folder
from bdnet.runs.composition import folder_of
from bdnet.runs.identity import digest
from bdnet.runs.prerequisites import needed_by, sources
from bdnet.training import job as program
from tiny_training import composed

SEGMENTATION, BOUNDARY = {"segmentation"}, {"segmentation", "boundary"}
ALL = BOUNDARY | {"pixelwise", "inner"}


class Row(NamedTuple):
    """What the paper, or the name of a control, says of a row."""

    model: str
    propagation: str | None
    boundary: str
    terms: set[str]
    has_teacher: bool = False
    tests: str | None = None  # whose weights it only tests
    learns_motion: bool = False  # from a run that other rows do not need


ROWS = {
    "single_frame": Row("single_frame", None, "none", SEGMENTATION),
    "flownet": Row("dff", "flownet", "none", SEGMENTATION, learns_motion=True),
    "mv": Row("bdnet", "vectors", "none", SEGMENTATION),
    "bas": Row("bdnet", "vectors", "warped", BOUNDARY),
    "pixelwise": Row("bdnet", "vectors", "warped", BOUNDARY | {"pixelwise"}, True),
    "inner": Row("bdnet", "vectors", "warped", ALL, True),
    "copy": Row("bdnet", "copy", "none", SEGMENTATION),
    "control": Row("single_frame", None, "warped", ALL, True),
    "warped": Row("bdnet", "vectors", "none", SEGMENTATION, tests="single_frame"),
    "control_warped": Row("bdnet", "vectors", "warped", SEGMENTATION, tests="control"),
}
# where rows may differ: what they are, and where they write; and a control that only tests
OWN = ("callbacks", "data.unlabelled_batch_size", "folder", "logger", "loss", "model", "name",
       "needs", "evaluates", "teacher", "trainer.default_root_dir")  # fmt: skip
TESTED = (*OWN, "init_from", "optimizer", "steps", "trainer.max_steps")
GIVEN = (
    "recipe=streets",
    "seed=3",
    "backbone=resnet50",
    "interval=6",
    "data.labelled_frame=4",
    "runs=r",
)


@pytest.fixture(params=[("recipe=demo",), GIVEN], ids=["demo", "given"])
def given(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """What is said on the command line besides the experiment."""
    return tuple(request.param)


@cache
def composition(name: str, *given: str) -> tuple[dict[str, Any], dict[str, str]]:
    with composed(*given, f"experiment=table2/{name}") as (config, choices):
        values = OmegaConf.to_container(config, resolve=True)
    assert isinstance(values, dict)
    return values, choices


def needed_runs(monkeypatch: pytest.MonkeyPatch, *overrides: str) -> dict[str, DictConfig]:
    """The runs that a run has trained first, by experiment."""
    configs: dict[str, DictConfig] = {}

    def note(config: DictConfig, is_needed: bool) -> None:
        assert is_needed
        configs[HydraConfig.get().runtime.choices["experiment"]] = config.copy()

    with composed(*overrides) as (config, _):
        monkeypatch.setattr(program, "train", note)
        for experiment in needed_by(config):
            program._train_needed(experiment, overrides)
    return configs


def flat(config: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in config.items():
        if isinstance(value, dict) and value:
            yield from flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}", value


def without(config: dict[str, Any], apart: tuple[str, ...]) -> dict[str, Any]:
    """All settings but some, flat."""
    return {
        key: value
        for key, value in flat(config)
        if key not in apart and key.partition(".")[0] not in apart
    }


def test_every_row_is_known_here():
    files = {path.stem for path in conf_folder().glob("experiment/table2/*.yaml")}
    assert files == {"base", *ROWS}


@pytest.mark.parametrize("name", ROWS)
def test_a_row_is_what_the_paper_ticks(name: str):
    row = ROWS[name]
    config, choices = composition(name, "recipe=demo")
    assert choices["model"] == row.model
    assert choices.get("model/propagation") == row.propagation
    assert choices["model/boundary"] == row.boundary
    assert set(config["loss"]) == row.terms
    assert choices["teacher"] == ("run" if row.has_teacher else "none")
    assert (config["data"]["unlabelled_batch_size"] > 0) == row.has_teacher
    recipe = config["recipe"]
    if row.tests:
        assert config["evaluates"] == f"table2/{row.tests}"
    else:
        assert (config["evaluates"], config["steps"]) == (None, recipe["finetune"]["steps"])
    assert all(term["weight"] == 1.0 for term in config["loss"].values())


@pytest.mark.parametrize("name", ROWS)
def test_rows_differ_by_nothing_else(name: str, given: tuple[str, ...]):
    apart = TESTED if ROWS[name].tests else (*OWN, "init_from") if ROWS[name].learns_motion else OWN
    ours, _ = composition(name, *given)
    first, _ = composition("single_frame", *given)
    assert without(ours, apart) == without(first, apart)
    assert {"seed", "interval", "data.labelled_frame", "data.seed"} <= without(ours, apart).keys()
    for key in ("head", "backbone", "classes", "weights"):
        assert ours["model"][key] == first["model"][key]
    if not ROWS[name].tests:
        assert ours["steps"] == first["steps"]
        source = ours["init_from"][0] if ROWS[name].learns_motion else ours["init_from"]
        assert source == first["init_from"]
        assert ours["optimizer"] == first["optimizer"]


@pytest.mark.parametrize("name", ROWS)
def test_a_row_needs_the_runs_that_it_takes_weights_from(
    name: str, given: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
):
    overrides = (*given, f"experiment=table2/{name}")
    needed = needed_runs(monkeypatch, *overrides)
    with composed(*overrides) as (config, _):
        evaluated = [folder_of(config.evaluates)] if config.evaluates else []
        source, *motion = evaluated or sources(config)
        teacher = OmegaConf.select(config, "teacher.model.run")
    row = ROWS[name]
    wanted = {f"table2/{row.tests or 'base'}": source}
    if row.has_teacher:
        wanted["teacher"] = teacher
    if row.learns_motion:
        (wanted["flownet"],) = motion
    assert {key: configuration.folder for key, configuration in needed.items()} == wanted
    assert source.endswith(f"/seed={config.seed}")


def test_the_teacher_is_the_same_whatever_its_students_are():
    digests = set()
    for backbone in ("resnet18", "resnet50"):
        with composed("recipe=streets", "experiment=teacher", f"backbone={backbone}") as (
            config,
            _,
        ):
            assert config.model.backbone == "hrnet_w18_small"
            assert (config.interval, config.data.labelled_frame) == (1, None)
            digests.add(digest(config, {}))
    assert len(digests) == 1
