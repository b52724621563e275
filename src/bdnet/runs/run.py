"""A run's folder: its files, its state, and which process may write to it.

runs/<name>/seed=<seed>/
  config.yaml       the whole configuration, with all interpolations resolved
  run.json          identity and origin: digest, choices, classes, command, versions
  last.ckpt         the checkpoint that training resumes from; best.ckpt, of the best validation
  metrics.json      the scores; exists only when the run is finished
  evaluations/      the scores of python -m bdnet.evaluate
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from bdnet.data.module import ClipDataModule
from bdnet.errors import BdnetError
from bdnet.runs.boxed import boxed_folder, cards, check_weights
from bdnet.runs.identity import check_plain, check_trust, differences
from bdnet.runs.renamed import check_renamed, with_earlier_defaults
from bdnet.system.files import read_json, write, write_json
from bdnet.system.locks import exclusive
from bdnet.system.yaml_text import yaml_text

CONFIG_NODES = 10_000  # of config.yaml; the largest experiments have a tenth of that


class Run:
    """A run's folder, also by the name of a network in the package."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = boxed_folder(folder) or Path(folder)

    @property
    def last(self) -> Path:
        return self.folder / "last.ckpt"

    @property
    def is_finished(self) -> bool:
        return (self.folder / "metrics.json").is_file()

    def facts(self) -> dict[str, Any]:
        """run.json; {} where the folder holds no run."""
        path = self.folder / "run.json"
        return read_json(path) if path.is_file() else {}

    def fact(self, name: str) -> Any:
        """A fact of run.json that every run has."""
        facts = self.facts()
        if name not in facts:
            raise BdnetError(f"{self.folder / 'run.json'}: has no {name}; copy the run again")
        return facts[name]

    def identity(self) -> str:
        """The digest of a finished run, which stands for its weights."""
        if not self.is_finished:
            raise BdnetError(
                f"{self.folder}: no finished run; train it first (python -m bdnet.train)"
            )
        return str(self.fact("digest"))

    def config(self) -> DictConfig:
        path = self.folder / "config.yaml"
        if not path.is_file():
            raise BdnetError(
                f"run={self.folder}: holds no run (no config.yaml); give the folder that "
                "python -m bdnet.train wrote, such as runs/NAME/seed=0, or the name of a network "
                f"in the package: {', '.join(cards())}"
            )
        try:
            config = OmegaConf.create(yaml_text(path, CONFIG_NODES))
        except (ValueError, AssertionError, YAMLError, OmegaConfBaseException) as error:
            reason = str(error) or "it has no keys"
            raise BdnetError(f"{path}: cannot be read as YAML ({reason}); copy it again") from error
        if not isinstance(config, DictConfig):
            raise BdnetError(f"{path}: a list where keys are expected; copy it again")
        check_plain(config, path)
        plain = OmegaConf.to_container(config, resolve=False)
        complete: DictConfig = OmegaConf.create(with_earlier_defaults(plain))
        return complete

    def data(self, changes: DictConfig | None = None, **arguments: Any) -> ClipDataModule:
        """The data that the run was trained and tested on, with some settings changed."""
        config = self.config()
        check_renamed(config, self.folder / "config.yaml")
        settings = OmegaConf.merge(config.data, changes or {})
        check_trust(settings)
        module: ClipDataModule = instantiate(settings, _convert_="all", **arguments)
        return module

    def checkpoint(self, which: str) -> Path:
        paths = [self.folder / f"{which}{ending}" for ending in (".ckpt", ".safetensors")]
        path = next((path for path in paths if path.is_file()), paths[0])
        if not path.is_file():
            names = self.checkpoints()
            hint = f"it has {' and '.join(names)}" if names else "train it first"
            raise BdnetError(f"checkpoint={which}: {self.folder} has none of that name; {hint}")
        check_weights(path)
        return path

    def checkpoints(self) -> list[str]:
        return sorted(path.stem for path in self.folder.glob("[!.]*.ckpt"))

    def evaluations(self) -> list[dict[str, Any]]:
        """The results of `python -m bdnet.evaluate`."""
        return [read_json(path) for path in sorted(self.folder.glob("evaluations/[!.]*.json"))]

    def begin(self, config: DictConfig, facts: Mapping[str, Any]) -> None:
        """Writes config.yaml and run.json; refuses a folder with a run of another configuration.

        A run that ended before its first checkpoint is replaced.
        """
        earlier = self.facts()
        if earlier and earlier.get("digest") == facts["digest"]:
            return
        if earlier and (self.is_finished or self.checkpoints()):
            changes = "; ".join(differences(self.config(), config)) or "a run that it builds on"
            raise BdnetError(
                f"{self.folder} holds a run of another configuration ({changes}); give this one a "
                "name of its own (name=..., or recipe.name=... with all that it builds on), or use "
                "overwrite=true"
            )
        if earlier:
            self.clear()
        text = OmegaConf.to_yaml(config, resolve=True)
        write(self.folder / "config.yaml", text.encode())
        write_json(self.folder / "run.json", facts)

    @contextmanager
    def claimed(
        self, config: DictConfig, facts: Mapping[str, Any], overwrite: bool, wait: bool
    ) -> Iterator[bool]:
        """Locks the folder for a configuration; yields whether the run is still unfinished."""
        with self.exclusive(wait):
            if overwrite:
                self.clear()
            self.begin(config, facts)
            self.adopt_slurm_checkpoints()
            yield not self.is_finished

    def adopt_slurm_checkpoints(self) -> None:
        """Renames the checkpoint of a job that SLURM ended to last.ckpt if it is newer.

        Lightning would load its `hpc_ckpt_N.ckpt` by itself, even for a test.
        """
        for path in self.folder.glob("hpc_ckpt_*.ckpt"):
            if not self.last.is_file() or _step(path) > _step(self.last):
                path.replace(self.last)
            else:
                path.unlink()

    def finish(self, result: Mapping[str, Any]) -> None:
        self.adopt_slurm_checkpoints()
        write_json(self.folder / "metrics.json", result)

    def clear(self) -> None:
        """Deletes the files of the run in this folder."""
        for pattern in ("*.ckpt", "*.json", "config.yaml", "evaluations/*.json"):
            for path in self.folder.glob(pattern):
                path.unlink()

    def check_folder(self) -> None:
        """Creates the folder, and refuses one that cannot be written to."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise BdnetError(
                f"{self.folder}: cannot be the folder of a run ({error.strerror}: "
                f"{error.filename}); choose another one (runs=FOLDER, or name=...)"
            ) from error
        if not os.access(self.folder, os.W_OK | os.X_OK):
            raise BdnetError(
                f"{self.folder}: nothing can be written there; choose another one (runs=FOLDER)"
            )

    @contextmanager
    def exclusive(self, wait: bool = False) -> Iterator[None]:
        """Lets only one process at a time work on a run; a process that ends releases its lock."""
        self.check_folder()
        with exclusive(self.folder, ", or stop it", wait):
            yield


def _step(path: Path) -> int:
    """The number of training steps behind a checkpoint."""
    return int(torch.load(path, "cpu", weights_only=True, mmap=True)["global_step"])
