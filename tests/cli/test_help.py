"""The page of --help."""

from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir

from bdnet.__main__ import VERBS
from bdnet.cli.conf import conf_folder
from bdnet.cli.help import help_page

CONF = {
    "show.yaml": """\
# python -m bdnet.show run=FOLDER
defaults:
  - _self_
  - model: bdnet
  - loss: [one]
  - optimizer: ${data}
  - experiment: null
  - console

  - override hydra/job_logging: none

run: ???    # a folder

often: 2    # times

hydra:
  run:

    dir: .
# at the end
last: 3
""",
    "model/bdnet.yaml": "",
    "model/dff.yaml": "",
    "model/head/psp.yaml": "",
    "loss/one.yaml": "",
    "loss/two.yaml": "",
    "optimizer/sgd.yaml": "",
    "experiment/best.yaml": "",
    "experiment/table2/mv.yaml": "",
    "experiment/table2/shared/row.yaml": "",
    "unused/x.yaml": "",
}
PAGE = """\
# python -m bdnet.show run=FOLDER

run: ???    # a folder

often: 2    # times

# at the end
last: 3

# choices
model=NAME: bdnet, dff
model/head=NAME: psp
loss=[NAME,...]: one, two
optimizer=NAME: sgd
experiment=NAME: best
experiment=table2/NAME: mv

# every key, with your choices: python -m bdnet.show ... --cfg job"""


def test_the_page_is_the_yaml_with_comments_and_choices(tmp_path: Path):
    for name, text in CONF.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert help_page("show", tmp_path) == PAGE


@pytest.mark.parametrize("verb", VERBS)
def test_choices_on_the_page_compose(verb: str):
    _, _, choices = help_page(verb, conf_folder()).partition("# choices\n")
    lines = choices.partition("\n\n")[0].replace("\n    ", " ").splitlines()
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        for override, names in (line.split(": ") for line in lines):
            group, _, value = override.partition("=")
            if (
                "/" not in group and "[" not in value
            ):  # the others are of some models only, or lists
                last = names.rpartition(", ")[2]
                assert compose(verb, [f"{group}='{value.replace('NAME', last)}'"])
