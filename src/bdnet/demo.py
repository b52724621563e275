"""The network in the package on a drive, then Table 2 at a small scale: `python -m bdnet.demo`."""

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
from bdnet.inference.accelerate import accelerate
from bdnet.inference.network import load
from bdnet.inference.prediction import predict_all
from bdnet.report import make
from bdnet.reports.pictures.file import save
from bdnet.reports.pictures.panel import comparison, sheet_of_panels
from bdnet.runs.identity import check_trust
from bdnet.runs.run import Run
from bdnet.training.examples import segment
from bdnet.training.job import train_composed

log = logging.getLogger(__name__)

UNSEEN = (0, 3, 0)  # seed of a drive in a new world: 0 to 2 are those of train, val and test
CLIPS = 4  # in rows.png
TABLE = "table2/"


@application("demo")
def main(config: DictConfig) -> None:
    start, output = time.perf_counter(), Path(config.output)
    experiments = [row for sweep in config.sweeps for row in _experiments(sweep)]
    runs = Path(config.runs) / _composed("train", *_shared(config)).recipe.name
    film_network(config.boxed, output, config.frames)
    log.info("\n%.0f seconds until here; now Table 2, from nothing", time.perf_counter() - start)
    folders: dict[str, Path] = {}
    for number, experiment in enumerate(experiments, 1):
        log.info("\n%d of %d: %s", number, len(experiments), experiment)
        folders[experiment] = train_composed(
            [*_shared(config), f"experiment={experiment}", f"seed={config.seed}"]
        )
    log.info("\npictures")
    _compare(folders, output / "rows.png")
    _film(folders[config.film], output, config.frames)
    make(_composed("report", "table='2'", "figure='3'", f"runs='{runs}'", f"output='{output}'"))
    minutes = (time.perf_counter() - start) / 60
    log.info("\n%s holds table, curve, pictures and film (%.1f minutes)", output, minutes)


def film_network(name: str, output: Path, frames: int) -> None:
    """Films a trained network on every frame of an unseen drive beside itself on every fifth."""
    video, labels = output / "unseen.mp4", output / "unseen.labels"
    render_drive(Run(name).folder, video, frames, labels)
    film = output / "every_fifth_frame.mp4"
    comparison = accelerate(load(name), interval=5).compare(video, labels=labels, film=film)
    page = comparison.html(output / "every_fifth_frame.html")
    log.info("%s\n\n%s and %s", comparison.summary.to_string(), film, page)


def _shared(config: DictConfig) -> list[str]:
    """The overrides that all trainings share."""
    return [f"recipe={config.recipe}", f"runs='{config.runs}'", *config.overrides]


def _experiments(sweep: str) -> list[str]:
    composed = compose("train", [f"sweep={sweep}"], return_hydra_config=True)
    return re.split(r",\s*", composed.hydra.sweeper.params.experiment)


def _composed(name: str, *overrides: str) -> DictConfig:
    config = compose(name, list(overrides), return_hydra_config=True)
    with open_dict(config):
        del config["hydra"]
    return config


def _compare(folders: dict[str, Path], path: Path) -> None:
    """Draws test clips with the predictions of all rows."""
    networks = {
        row.removeprefix(TABLE): load(folder)
        for row, folder in folders.items()
        if row.startswith(TABLE)
    }
    data: ClipDataModule = instantiate(_data(next(iter(folders.values()))), _convert_="all")
    classes = data.dataset.classes
    pictures = []
    for clip in data.examples("test", CLIPS):
        labels = {row: segment(network.model, clip)[0] for row, network in networks.items()}
        pictures.append(comparison(clip, labels, classes))
    sheet_of_panels(pictures, classes, path)


def _data(folder: Path) -> DictConfig:
    """The data settings of a run, checked because `runs` may hold those of other people."""
    settings: DictConfig = Run(folder).config().data
    check_trust(settings)
    return settings


def _film(folder: Path, output: Path, frames: int) -> None:
    """Renders a new drive, and films a network's predictions for it."""
    video = output / "drive.mp4"
    render_drive(folder, video, frames)
    predict_all(_composed("predict", f"run='{folder}'", f"video='{video}'", f"output='{output}'"))


def render_drive(folder: Path, video: Path, frames: int, labels: Path | None = None) -> None:
    """Writes a new drive through the streets that a run was trained on, and its label images."""
    dataset = _data(folder).dataset
    parameters = instantiate(dataset.parameters, _convert_="all", length=frames)
    video.parent.mkdir(parents=True, exist_ok=True)
    drive = tqdm(render(parameters, UNSEEN), "render a drive", frames, unit="frame")
    with VideoWriter(video, encoding=instantiate(dataset.encoding, interval=frames)) as writer:
        for index, (image, truth) in enumerate(drive):
            writer.write(image)
            if labels is not None:
                save(truth, labels / f"{index:06d}.png")


if __name__ == "__main__":
    main()
