"""Tests a finished run again: at other intervals, on another split, or on other data."""

from pathlib import Path
from statistics import fmean
from typing import Any

from hydra.core.hydra_config import HydraConfig
from hydra.utils import instantiate
from omegaconf import DictConfig, ListConfig, OmegaConf
from pytorch_lightning import Trainer

from bdnet.data.module import ClipDataModule
from bdnet.data.prepare import digest
from bdnet.errors import BdnetError
from bdnet.inference.network import Network, load
from bdnet.models.errors import BadModel
from bdnet.runs.prerequisites import command_line
from bdnet.runs.record import outcome, summary
from bdnet.runs.run import Run
from bdnet.system.files import write_json
from bdnet.training.evaluator import Evaluator
from bdnet.training.predictions import write_predictions
from bdnet.training.processes import check_process_count
from bdnet.training.progress import Progress
from bdnet.training.trainer import make_trainer

# regardless of the devices that the run was trained on
ONE_DEVICE = {"accelerator": "auto", "devices": 1, "num_nodes": 1, "strategy": "auto"}
# settings of the run's trainer that scores may depend on; others could name a stranger's code
KEPT = ("benchmark", "deterministic", "limit_test_batches", "precision")


def evaluate(config: DictConfig) -> None:
    """Tests a run, prints its scores and writes them to a file."""
    run = Run(config.run)
    if run.folder != Path(config.run) and config.output is None:
        raise BdnetError(f"run={config.run} is in the package: give a folder, output=FOLDER")
    facts = run.facts()
    hydra = HydraConfig.get()
    changes = [change for change in command_line() if change.lstrip("+~").startswith("model")]
    trained = load(run.folder, config.checkpoint, config.model)
    intervals = _intervals(trained.interval if config.interval is None else config.interval)
    chosen = hydra.runtime.choices["data"]
    data = _data(config, run, trained, max(intervals), chosen is not None)
    name = chosen or run.fact("choices").get("data")
    _check_classes(trained, data, name)
    data.dataset.prepare([config.split])
    is_labelled = any(sample.label is not None for sample in data.dataset.samples(config.split))
    if not is_labelled and config.predictions is None:
        raise BdnetError(
            f"split={config.split}: no frame of {name} has a label there; use another, or write "
            "label images: predictions=FOLDER"
        )
    evaluator, trainer = _evaluator(run, trained, data), _trainer(config, run)
    if config.predictions is not None:
        predicted = Path(config.predictions)
        count = write_predictions(evaluator, data, trainer, predicted)
        print(f"{count} label images of {data.dataset.stored_split(config.split)} in {predicted}")
    if not is_labelled:
        return
    trainer.test(evaluator, data, verbose=False)
    facts = {**facts, "choices": {"data": name}}
    result = {
        **outcome(facts, evaluator.numbers, data, config.checkpoint),
        **({"changes": changes} if changes else {}),
    }
    if not any(value is not None for value in result["scores"]["miou"]):
        raise BdnetError(f"split={config.split}: no pixel of {name} has a label there; use another")
    settings = _settings(data)
    result["data"] |= settings
    folder = Path(config.output) if config.output else run.folder / "evaluations"
    if changes:  # where tables of the run do not look
        folder /= ",".join(change.lstrip("+").replace("/", ".") for change in changes)
    differences = _differences(settings, run.config().data)
    parts = [name, config.split, f"interval={max(intervals)}", config.checkpoint, *differences]
    file = f"{'-'.join(parts)}.json"
    write_json(folder / file, result)
    print(summary(result, folder / file))
    if len(intervals) > 1:
        print(_by_interval(result["scores"]["miou"], intervals))


def _settings(data: ClipDataModule) -> dict[str, Any]:
    """The settings of data that scores depend on, besides split and interval."""
    root = getattr(data.dataset, "root", None)
    return {
        "root": None if root is None else str(Path(root).resolve()),
        **{key: getattr(data, key) for key in ("evaluate_every", "pixels", "keyframes")},
    }


def _differences(settings: dict[str, Any], own: DictConfig) -> list[str]:
    """The settings that differ from those of the run's own data, as parts of a file's name."""
    root = OmegaConf.select(own, "dataset.root")
    stored = {**own, "root": None if root is None else str(Path(root).resolve())}
    return [
        f"{key}={digest(value) if key == 'root' else value}"
        for key, value in settings.items()
        if value != stored.get(key, value)
    ]


def _intervals(value: Any) -> list[int]:
    intervals = list(value) if isinstance(value, ListConfig) else [value]
    if not intervals or any(not isinstance(k, int) or k < 1 for k in intervals):
        raise BdnetError(f"interval={value}: a whole number from 1 on, or a list such as [1,5,10]")
    return intervals


def _data(
    config: DictConfig, run: Run, trained: Network, interval: int, is_other: bool
) -> ClipDataModule:
    """The run's data with the changes of the command line, or other data."""
    arguments = {"interval": interval, "tested": config.split}
    if trained.model.images == "all":
        arguments["images"] = "all"
    if not is_other:
        return run.data(config.data, **arguments)
    data: ClipDataModule = instantiate(config.data, _convert_="all", **arguments)
    return data


def _check_classes(trained: Network, data: ClipDataModule, name: str) -> None:
    ours, theirs = trained.classes.names, data.dataset.classes.names
    if ours != theirs:
        raise BadModel(
            f"data={name} has the classes {', '.join(theirs)}, and the network of the run "
            f"{', '.join(ours)}; use data with the same classes in the same order"
        )


def _evaluator(run: Run, trained: Network, data: ClipDataModule) -> Evaluator:
    # the data's classes: a run's do not say which values its label images have
    evaluator = Evaluator(trained.model, data.dataset.classes, data.interval)
    evaluator.set_memory_format(run.config().memory_format)
    return evaluator


def _trainer(config: DictConfig, run: Run) -> Trainer:
    stored = run.config()
    kept = {key: stored.trainer[key] for key in KEPT if key in stored.trainer}
    kept |= {"_target_": "pytorch_lightning.Trainer", "default_root_dir": str(run.folder)}
    settings = OmegaConf.merge(kept, ONE_DEVICE, config.trainer)
    assert isinstance(settings, DictConfig)
    trainer = make_trainer(
        settings, logger=False, callbacks=[Progress()], enable_checkpointing=False,
        enable_progress_bar=True,
    )  # fmt: skip
    check_process_count(trainer)
    return trainer


def _by_interval(miou: list[float | None], intervals: list[int]) -> str:
    """The means of smaller intervals too, since every offset was scored on the same frames."""
    lines = ["  interval  avg_k"]
    for interval in sorted(intervals):
        known = [value for value in miou[:interval] if value is not None]
        lines.append(f"  {interval:>8}  {fmean(known):.3f}" if known else f"  {interval:>8}      -")
    return "\n".join(lines)
