"""A finished run, scored again: at other intervals, on another split, on other data."""

from pathlib import Path
from statistics import fmean
from typing import Any

from hydra.utils import instantiate
from omegaconf import DictConfig, ListConfig, OmegaConf

from bdnet.data.module import ClipDataModule
from bdnet.errors import BdnetError
from bdnet.inference.network import Network, load
from bdnet.models.errors import BadModel
from bdnet.runs.record import describe, outcome
from bdnet.runs.run import Run
from bdnet.system.files import write_json
from bdnet.training.evaluator import Evaluator
from bdnet.training.processes import check_started
from bdnet.training.progress import Progress
from bdnet.training.quiet import hush
from bdnet.training.trainer import make_trainer

# whatever the run was trained on
ONE_DEVICE = {"accelerator": "auto", "devices": 1, "num_nodes": 1, "strategy": "auto"}
# of a run's trainer, what its numbers may depend on; the rest might be a stranger's code
KEPT = ("benchmark", "deterministic", "limit_test_batches", "precision")


def evaluate(config: DictConfig, chosen: str | None) -> None:
    """Scores a run, prints the numbers, and writes them down.

    chosen: the name of other data than the run's
    """
    run = Run(config.run)
    facts = run.facts()
    trained = load(run.folder, config.checkpoint)
    intervals = _intervals(trained.interval if config.interval is None else config.interval)
    data = _data(config, run, trained, max(intervals), chosen)
    name = chosen or facts["choices"]["data"]
    _check_classes(trained, data, name)
    data.prepare_data()
    evaluator = _evaluated(config, run, trained, data)
    result = outcome(
        {**facts, "choices": {"data": name}}, evaluator.numbers, data, config.checkpoint
    )
    folder = Path(config.output) if config.output else run.folder / "evaluations"
    file = f"{name}-{config.split}-interval={max(intervals)}-{config.checkpoint}.json"
    write_json(folder / file, result)
    print(describe(result, folder / file))
    if len(intervals) > 1:
        print(_by_interval(result["scores"]["miou"], intervals))


def _intervals(value: Any) -> list[int]:
    found = list(value) if isinstance(value, ListConfig) else [value]
    if not found or any(not isinstance(each, int) or each < 1 for each in found):
        raise BdnetError(f"interval={value}: a number from 1 on, or a list of them, as in [1,5,10]")
    return found


def _data(
    config: DictConfig, run: Run, trained: Network, interval: int, chosen: str | None
) -> ClipDataModule:
    """The run's data with what was changed on the command line, or other data."""
    given = {"interval": interval, "tested": config.split}
    if trained.model.images == "all":
        given["images"] = "all"
    if chosen is None:
        return run.data(config.data, **given)
    data: ClipDataModule = instantiate(config.data, _convert_="all", **given)
    return data


def _check_classes(trained: Network, data: ClipDataModule, name: str) -> None:
    ours, theirs = trained.classes.names, data.dataset.classes.names
    if ours != theirs:
        raise BadModel(
            f"data={name} has the classes {', '.join(theirs)}, and the run tells "
            f"{', '.join(ours)} apart; use data with the same classes in the same order"
        )


def _evaluated(config: DictConfig, run: Run, trained: Network, data: ClipDataModule) -> Evaluator:
    hush()
    recipe = run.config()
    evaluator = Evaluator(trained.model, trained.classes, data.interval)
    evaluator.lay_out(recipe.memory_format)
    kept = {key: recipe.trainer[key] for key in KEPT if key in recipe.trainer}
    kept |= {"_target_": "pytorch_lightning.Trainer", "default_root_dir": str(run.folder)}
    settings = OmegaConf.merge(kept, ONE_DEVICE, config.trainer)
    assert isinstance(settings, DictConfig)
    trainer = make_trainer(
        settings, logger=False, callbacks=[Progress()], enable_checkpointing=False,
        enable_progress_bar=True,
    )  # fmt: skip
    check_started(trainer)
    trainer.test(evaluator, data, verbose=False)
    return evaluator


def _by_interval(miou: list[float | None], intervals: list[int]) -> str:
    """Every offset was scored on the same frames, so a smaller interval's mean is at hand."""
    lines = ["  interval  avg_k"]
    for interval in sorted(intervals):
        known = [each for each in miou[:interval] if each is not None]
        lines.append(f"  {interval:>8}  {fmean(known):.3f}" if known else f"  {interval:>8}      -")
    return "\n".join(lines)
