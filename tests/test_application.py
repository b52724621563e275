"""What entry points make of their arguments."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from bdnet.application import quoted


@pytest.mark.parametrize("text", ["runs/NAME/seed=0", "http://host/a.mp4?x=1&y=2", "in/*.mp4"])
def test_paths_need_no_quotes(text: str):
    (override,) = OverridesParser.create().parse_overrides([quoted(f"run={text}")])
    assert (override.key_or_group, override.value()) == ("run", text)


def test_nor_do_lists_of_paths():
    paths = ["runs/a/seed=0", "runs/b c/seed=1"]
    (override,) = OverridesParser.create().parse_overrides([quoted(f"x=[{', '.join(paths)}]")])
    assert override.value() == paths


@pytest.mark.parametrize(
    "argument",
    ["interval=5", "loss=[segmentation,inner]", "seed=0,1,2", "a.b={c: 1, d: [2]}", "+model=bdnet",
     "run='runs/NAME/seed=0'", "--help", "~data", "x=null"],
)  # fmt: skip
def test_what_hydra_reads_itself_is_left_alone(argument: str):
    assert quoted(argument) == argument
