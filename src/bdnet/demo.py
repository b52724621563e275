"""Table 2 at a small scale, from nothing, with pictures: `python -m bdnet.demo`."""

import logging
import re
import time
from pathlib import Path

from hydra import compose
from hydra.utils import instantiate
from omegaconf import DictConfig, open_dict
from tqdm import tqdm

from bdnet.cli.application import application
from bdnet.codec import VideoWriter
from bdnet.data.module import ClipDataModule
from bdnet.data.streets import render
from bdnet.inference.network import load
from bdnet.inference.prediction import predict_all
from bdnet.report import make
from bdnet.reports.pictures.panel import comparison, sheet_of_panels
from bdnet.runs.identity import check_trust
from bdnet.runs.run import Run
from bdnet.training.examples import segment
from bdnet.training.job import train_composed

log = logging.getLogger(__name__)

UNSEEN = (0, 3, 0)  # seeds of a drive in a world of its own; 0, 1 and 2 train, validate and test
CLIPS = 4  # in the picture of all rows
TABLE = "table2/"


@application("demo")
def main(config: DictConfig) -> None:
    start, output = time.perf_counter(), Path(config.output)
    given = [f"sweep={config.sweep}", *config.overrides]
    sweep = compose("train", given, return_hydra_config=True)
    rows = re.split(r",\s*", sweep.hydra.sweeper.params.experiment)
    folders: dict[str, Path] = {}
    for place, row in enumerate(rows, 1):
        log.info("\n%d of %d: %s", place, len(rows), row)
        folders[row] = _trained(row, config)
    log.info("\npictures")
    _compare(folders, output / "rows.png")
    _film(folders[config.film], output, config.frames)
    runs = Path(config.runs) / sweep.recipe.name
    make(_composed("report", "table='2'", "figure='3'", f"runs='{runs}'", f"output='{output}'"))
    minutes = (time.perf_counter() - start) / 60
    log.info("\n%s holds table, curve, pictures and film (%.1f minutes)", output, minutes)


def _composed(name: str, *overrides: str) -> DictConfig:
    config = compose(name, list(overrides), return_hydra_config=True)
    with open_dict(config):
        del config["hydra"]
    return config


def _trained(experiment: str, config: DictConfig) -> Path:
    overrides = [f"sweep={config.sweep}", f"runs='{config.runs}'", *config.overrides]
    return train_composed([*overrides, f"experiment={experiment}", f"seed={config.seed}"])


def _compare(folders: dict[str, Path], path: Path) -> None:
    """The same test clips as each row's network sees them."""
    networks = {
        row.removeprefix(TABLE): load(folder)
        for row, folder in folders.items()
        if row.startswith(TABLE)
    }
    data: ClipDataModule = instantiate(_data(next(iter(folders.values()))), _convert_="all")
    classes = data.dataset.classes
    pictures = [
        comparison(
            clip, {row: segment(each.model, clip)[0] for row, each in networks.items()}, classes
        )
        for clip in data.examples("test", CLIPS)
    ]
    sheet_of_panels(pictures, classes, path)


def _data(folder: Path) -> DictConfig:
    """A run's settings of its data; `runs` may hold some that others have trained."""
    found: DictConfig = Run(folder).config().data
    check_trust(found)
    return found


def _film(folder: Path, output: Path, frames: int) -> None:
    """A drive that no network has seen, and what this one sees in it."""
    dataset = _data(folder).dataset
    parameters = instantiate(dataset.parameters, _convert_="all", length=frames)
    video = output / "drive.mp4"
    output.mkdir(parents=True, exist_ok=True)
    with VideoWriter(video, encoding=instantiate(dataset.encoding)) as writer:
        for image, _ in tqdm(render(parameters, UNSEEN), "render a drive", frames, unit="frame"):
            writer.write(image)
    predict_all(_composed("predict", f"run='{folder}'", f"video='{video}'", f"output='{output}'"))


if __name__ == "__main__":
    main()
