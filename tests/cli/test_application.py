"""How entry points read their arguments."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from bdnet.cli.application import application, is_secret, quoted


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
