"""conf/agent/table2.yaml: what an agent of Weights & Biases makes of it."""

import itertools
import os
import sys

import pytest
import yaml
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args

from bdnet.cli.conf import conf_folder
from bdnet.runs.sweep import AGENT, outside_agent

SWEEP = yaml.safe_load((conf_folder() / "agent/table2.yaml").read_text())


def command(parameters: dict[str, object]) -> list[str]:
    """As `wandb agent` puts it together (_command_run in wandb_agent.py)."""
    given = {"args": {name: {"value": value} for name, value in parameters.items()}}
    parts = create_sweep_command_args(given) | {
        "env": ["/usr/bin/env"], "interpreter": ["python"], "program": [SWEEP["program"]]
    }  # fmt: skip
    words: list[str] = []
    for word in create_sweep_command(SWEEP["command"]):
        is_macro = word.startswith("${") and word.endswith("}")
        words += parts[word[2:-1]] if is_macro else [word]
    return words


def test_every_command_of_the_sweep_is_a_run():
    names = set()
    values = {name: given["values"] for name, given in SWEEP["parameters"].items()}
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        for choice in itertools.product(*values.values()):
            words = command(dict(zip(values, choice, strict=True)))
            head, arguments = words[:4], words[4:]
            assert head == ["/usr/bin/env", "python", "-m", "bdnet.train"]
            config = compose("train", arguments, return_hydra_config=True)
            HydraConfig.instance().set_config(config)  # of which its name is made
            assert set(config.logger) == {"csv", "wandb"}
            names.add((config.name, config.seed))
    assert ("streets/table2/resnet18/control_warped", 2) in names
    assert len(names) == len(list(itertools.product(*values.values())))


def test_it_has_the_rows_and_seeds_of_the_sweep_in_one_process():
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        config = compose("train", ["sweep=table2"], return_hydra_config=True)
    for name, values in config.hydra.sweeper.params.items():
        assert ",".join(map(str, SWEEP["parameters"][name]["values"])) == values.replace(" ", "")
    assert SWEEP["metric"]["name"] == "test/avg_k"


def test_what_a_run_needs_goes_by_its_own_name(monkeypatch: pytest.MonkeyPatch):
    torn_down: list[bool] = []
    monkeypatch.setattr(sys.modules["wandb"], "teardown", lambda: torn_down.append(True))
    with outside_agent():
        assert AGENT[0] not in os.environ
    assert torn_down == []
    for name in AGENT:
        monkeypatch.setenv(name, "a")
    with outside_agent():
        assert not set(AGENT) & set(os.environ)
    assert {os.environ[name] for name in AGENT} == {"a"}
    assert torn_down == [True]
