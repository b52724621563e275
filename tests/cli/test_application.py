"""How entry points read their arguments."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from bdnet.__main__ import VERBS
from bdnet.cli.application import application
from bdnet.cli.arguments import arguments_of, is_secret, quoted
from bdnet.cli.conf import declared
from bdnet.runs.annotations import fits
from bdnet.runs.keys import kinds_of
from command import command


@pytest.mark.parametrize("text", ["runs/NAME/seed=0", "http://host/a.mp4?x=1&y=2", "in/*.mp4"])
def test_paths_need_no_quotes(text: str):
    (override,) = OverridesParser.create().parse_overrides([quoted(f"run={text}")])
    assert (override.key_or_group, override.value()) == ("run", text)


def test_lists_of_paths_need_no_quotes():
    paths = ["runs/a/seed=0", "runs/b c/seed=1"]
    (override,) = OverridesParser.create().parse_overrides([quoted(f"x=[{', '.join(paths)}]")])
    assert override.value() == paths


@pytest.mark.parametrize(
    "argument",
    ["interval=5", "loss=[segmentation,inner]", "seed=0,1,2", "a.b={c: 1, d: [2]}", "+model=bdnet",
     "run='runs/NAME/seed=0'", "--help", "~data", "x=null"],
)  # fmt: skip
def test_arguments_that_hydra_parses_are_unchanged(argument: str):
    assert quoted(argument) == argument


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("+logger.wandb.key=0123456789abcdef", True),
        ("++logger.wandb.api_key=x", True),
        ("logger.wandb.settings.API_KEY=x", True),
        ("name=run-of-5ec2e7", True),  # the environment's
        ("model.keys=4", False),
        ("name=key", False),
    ],
)
def test_keys_on_the_command_line_are_noticed(
    argument: str, expected: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("WANDB_API_KEY", "5ec2e7")
    assert is_secret(argument) is expected


def test_keys_are_refused_before_anything_is_written(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("sys.argv", ["train", "seed=1", "+logger.wandb.key=5ec2e7"])
    program = application("train")(lambda _: pytest.fail("it began"))
    with pytest.raises(SystemExit) as error:
        program()
    assert str(error.value).startswith("bdnet train: logger.wandb.key=...: no key or password on")
    assert "5ec2e7" not in str(error.value)


@pytest.mark.parametrize(
    "path", ["a,b.mp4", "${x}.mp4", "{x}.mp4", "[x].mp4", "a'b.mp4", r"\x.mp4", "1e3", "no", "a=b"]
)
def test_a_path_is_taken_literally(path: str):
    (argument,) = arguments_of("probe", [f"video={path}"])
    (override,) = OverridesParser.create().parse_overrides([argument])
    assert OmegaConf.create({"video": override.value()}).video == path


@pytest.mark.parametrize("text", ["video=null", "video='a,b.mp4'", "data=streets"])
def test_arguments_that_mean_something_else_are_unchanged(text: str):
    assert arguments_of("probe", [text]) == [text]


def test_resolvers_in_paths_are_resolved(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("PLACE", "here")
    (argument,) = arguments_of("probe", ["video=${oc.env:PLACE}/a.mp4"])
    (override,) = OverridesParser.create().parse_overrides([argument])
    assert OmegaConf.create({"video": override.value()}).video == "here/a.mp4"


def test_jobs_of_a_sweep_stay_apart():
    assert arguments_of("evaluate", ["-m", "run=a,b"]) == ["-m", "run=a,b"]


@pytest.mark.parametrize("argument", ["data.workers=0", "+data.workers=0", "++data.workers=0"])
def test_changes_of_other_settings_need_no_plus(argument: str):
    assert arguments_of("evaluate", [argument]) == ["++data.workers=0"]


def test_choices_may_be_numbers():
    assert arguments_of("report", ["table=2", "table=best"]) == ["table='2'", "table=best"]


@pytest.mark.parametrize(
    ("hint", "right", "wrong"),
    [
        (bool, [True, None], ["no", "off", 1, 0]),
        (int, [3, -1], [True, 3.0, "3"]),
        (float, [3, 0.5], [False, math.inf, math.nan, "x"]),
        (str | Path, ["a"], [3, "a\0", ["a"]]),
        (int | None, [3, None], ["x"]),
        (Literal["a", "b"], ["a"], ["c", 1, ["a"]]),
        (list[int], [[], [1, 2]], [3, ["x"], [True]]),
        (tuple[int, int], [[1, 2]], [[1], [1, "x"], 5]),
        (dict[str, int], [{"a": 1}], [{"a": "x"}, [1]]),
        (Callable[[], int], ["x", 1], []),
    ],
)
def test_values_fit_annotations_or_not(hint: object, right: list[object], wrong: list[object]):
    assert all(fits(value, hint) for value in [*right, "???"])
    assert not any(fits(value, hint) for value in wrong)


def test_a_page_may_be_left_out():
    page = kinds_of("compare", declared("compare"))["page"]
    assert page.fits(None)
    assert page.fits("page.html")
    assert not page.fits("")


def test_no_choice_of_a_group_is_the_default_or_refused():
    for verb in VERBS:
        chosen = [entry for entry in declared(verb)["defaults"] if isinstance(entry, dict)]
        for group, default in (item for entry in chosen for item in entry.items()):
            if group.startswith("override"):
                continue
            if default is None:
                assert arguments_of(verb, [f"{group}=null", "seed=1"]) == ["seed=1"]
                continue
            with pytest.raises(SystemExit, match=f"{group}=null: choose") as error:
                arguments_of(verb, [f"{group}=null"])
            assert str(default).strip("[]'").replace("${data}", "") in str(error.value)


@pytest.mark.parametrize("value", ["3", "null", "x", "[1]"])
def test_changes_of_a_trainer_are_a_mapping(value: str, tmp_path: Path):
    answer = command("evaluate", "run=x", f"trainer={value}", folder=tmp_path)
    assert answer.returncode == 1
    assert f"trainer={value}: a mapping of keys" in answer.stderr
    assert arguments_of("evaluate", ["trainer={accelerator: cpu}", "trainer.devices=1"]) == [
        "++trainer={accelerator: cpu}", "++trainer.devices=1",
    ]  # fmt: skip


@pytest.mark.parametrize("argument", ["data=3", "data=[1,-2]", "data={a: 1}", "data=null"])
def test_what_is_no_data_set_is_refused(argument: str, tmp_path: Path):
    answer = command("probe", argument, folder=tmp_path)
    assert answer.returncode == 1
    assert "Traceback" not in answer.stderr
    assert "data" in answer.stderr


@pytest.mark.parametrize("value", ["null", "x", "3"])
def test_what_is_no_mapping_is_refused(value: str, tmp_path: Path):
    answer = command("encode", "input=x", "output=y", f"encoding={value}", folder=tmp_path)
    assert answer.returncode == 1
    assert "encoding" in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize(
    ("arguments", "named"),
    [(["train", "stepss=3"], "stepss: no such key"),
     (["train", "model.xyz=3"], "model.xyz: no such key"),
     (["probe", "data=images"], "data.dataset.root is missing")],
)  # fmt: skip
def test_keys_that_do_not_exist_or_are_missing_are_named(
    arguments: list[str], named: str, tmp_path: Path
):
    answer = command(*arguments, folder=tmp_path)
    assert answer.returncode == 1
    assert named in answer.stderr
    assert "Traceback" not in answer.stderr
