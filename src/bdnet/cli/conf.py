"""The configuration files of the verbs, and the resolvers of their interpolations."""

from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

PACKAGE = Path(__file__).parent.parent


def conf_folder() -> Path:
    """conf/: inside the package in an installed wheel, beside src/ in a checkout."""
    installed = PACKAGE / "conf"
    return installed if installed.is_dir() else PACKAGE.parent.parent / "conf"


def declared(verb: str) -> dict[str, Any]:
    """The yaml of a verb as it is, with interpolations unresolved."""
    keys = OmegaConf.to_container(OmegaConf.load(conf_folder() / f"{verb}.yaml"))
    assert isinstance(keys, dict)
    return {str(key): value for key, value in keys.items()}


def family(experiment: str | None) -> str:
    """The folder of an experiment: `table2` of table2/mv."""
    return (experiment or "train").partition("/")[0]


def row(experiment: str | None, model: str) -> str:
    """The experiment's name in its folder: `mv` of table2/mv; without experiment, the model."""
    return (experiment or model).partition("/")[2] or experiment or model


def run_name(*, _root_: DictConfig) -> str:
    """The run's name."""
    from bdnet.runs import composition  # noqa: PLC0415 - it imports PyTorch

    return composition.run_name(_root_)


def folder_of(experiment: str) -> str:
    """The run folder of a needed experiment."""
    from bdnet.runs import composition  # noqa: PLC0415 - it imports PyTorch

    return composition.folder_of(experiment)


# for interpolations in conf/, such as ${family:...}
for resolver in (family, row, run_name, folder_of):
    OmegaConf.register_new_resolver(resolver.__name__, resolver, replace=True)
