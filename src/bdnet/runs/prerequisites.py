"""The runs that another run needs: trained before it, and the source of its weights."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, ListConfig, OmegaConf

from bdnet.errors import BdnetError
from bdnet.models.base import VideoModel
from bdnet.models.checkpoints import inherit, restore
from bdnet.runs.identity import flat
from bdnet.runs.run import Run

# overrides that needed runs take over from the command line
INHERITED = {
    "augmentation", "backbone", "checkpoint_every", "compile", "data", "interval", "logger",
    "memory_format", "recipe", "rehearse", "runs", "seed", "sweep", "trainer", "validate_every",
}  # fmt: skip


def command_line() -> list[str]:
    """The overrides of Hydra's current job as they were typed, with interpolations unresolved."""
    overrides = OmegaConf.to_container(HydraConfig.get().overrides.task, resolve=False)
    assert isinstance(overrides, list)
    return overrides


def needed_by(config: DictConfig) -> list[str]:
    """The experiments whose runs a run needs."""
    return [*config.needs, *filter(None, [config.evaluates])]


def overrides_of(experiment: str, overrides: Sequence[str]) -> list[str]:
    """The overrides of a needed experiment: inherited ones, but for keys that its own yaml sets.

    overrides: of the run that needs it
    """
    own = _own_keys(experiment)
    inherited = [
        override
        for override in overrides
        if (key := override_key(override)).partition(".")[0] in INHERITED and key not in own
    ]
    return [*inherited, f"experiment={experiment}"]


def override_key(override: str) -> str:
    """The key or config group that an override sets."""
    return re.split("[=@]", override.lstrip("+~"))[0]


def sources(config: DictConfig) -> list[str]:
    """The folders of runs, or the file of a whole network, that the student's weights come from."""
    folders = config.init_from
    if folders is None:
        return []
    return list(folders) if isinstance(folders, ListConfig) else [folders]


def load_sources(student: VideoModel, config: DictConfig) -> None:
    """Gives the student the weights of the runs, or of the file, that it starts from."""
    paths = [Path(source) for source in sources(config)]
    if files := [path for path in paths if path.is_file()]:
        if len(paths) > 1:
            raise BdnetError(
                f"init_from={sources(config)}: {files[0]} is the file of a whole network; give it "
                "alone, or folders of runs"
            )
        restore(student, files[0])
    elif paths:
        inherit(student, [Run(path).checkpoint("last") for path in paths])


def builds_on(config: DictConfig) -> dict[str, str]:
    """The digests of the runs and files that weights come from."""
    keys = ("teacher.model.run", "teacher.checkpoint", "teacher.network", "teacher.classes")
    given = [OmegaConf.select(config, key) for key in keys]
    files = [str(value).removeprefix("onnx:") for value in given[1:]]
    teacher = [] if given[0] is None else [given[0]]
    paths = {
        "init_from": sources(config),
        "teacher": [*teacher, *(file for file in files if Path(file).is_file())],
    }
    return {key: " ".join(map(_identity, some)) for key, some in paths.items() if some}


def _identity(source: str) -> str:
    if not Path(source).is_file():
        return Run(source).identity()
    with Path(source).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _own_keys(experiment: str) -> set[str]:
    """The keys that an experiment's yaml sets."""
    for source in HydraConfig.get().runtime.config_sources:
        path = Path(source.path, "experiment", f"{experiment}.yaml")
        if source.schema == "file" and path.is_file():
            return set(flat(OmegaConf.to_container(OmegaConf.load(path), resolve=False)))
    return set()  # composing a missing experiment reports it
