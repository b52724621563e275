"""A run tested again."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf, open_dict
from torch.nn import functional

from bdnet.cli.conf import conf_folder
from bdnet.data.clips import stack_images
from bdnet.data.normalisation import normalise
from bdnet.errors import BdnetError
from bdnet.inference.network import load
from bdnet.runs.run import Run
from bdnet.training.evaluation import evaluate
from bdnet.types import Clip
from tiny_training import BANDS, HEIGHT, WIDTH, labels, picture, run, settings, write_bands
from trees import state, write


def asked(*overrides: str) -> DictConfig:
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        config = compose("evaluate", list(overrides), return_hydra_config=True)
        HydraConfig.instance().set_config(config)
    with open_dict(config):
        del config["hydra"]
    return config


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A trained run."""
    root = tmp_path_factory.mktemp("evaluate")
    return run(*settings(write_bands(root / "bands"), root / "runs"))


def again(folder: Path, *overrides: str) -> dict:
    evaluate(asked(f"run='{folder}'", *overrides))
    newest = max(folder.rglob("evaluations/**/*.json"), key=lambda path: path.stat().st_mtime_ns)
    return json.loads(newest.read_text())


def test_gives_the_figures_of_training(folder: Path):
    trained = json.loads((folder / "metrics.json").read_text())
    result = again(folder)
    assert result["scores"] == trained["scores"]
    assert {key: result[key] for key in ("digest", "interval", "checkpoint")} == {
        key: trained[key] for key in ("digest", "interval", "checkpoint")
    }
    assert trained["data"].items() <= result["data"].items()


def test_smaller_intervals_are_read_off_the_largest(folder: Path, capsys: pytest.CaptureFixture):
    result = again(folder, "interval=[1,3,6]")
    miou = result["scores"]["miou"]
    assert result["interval"] == len(miou) == 6
    *_, first, second, last = capsys.readouterr().out.strip().splitlines()
    for line, interval in ((first, 1), (second, 3), (last, 6)):
        assert line.split() == [str(interval), f"{sum(miou[:interval]) / interval:.3f}"]
    assert float(last.split()[1]) == pytest.approx(result["scores"]["avg_k"], abs=5e-4)


def test_another_split_and_changed_data(folder: Path):
    result = again(folder, "split=val", "interval=2", "+data.evaluate_every=1")
    assert result["data"]["split"] == "val"
    assert result["data"]["targets"] == 7  # of 8 frames, those with a frame before


def test_results_say_what_they_are_of_and_replace_no_other(folder: Path, tmp_path: Path):
    root = Path(shutil.copytree(Run(folder).config().data.dataset.root, tmp_path / "data"))
    written = set(folder.glob("evaluations/*.json"))
    for changes in ([], ["++data.evaluate_every=2"], [f"++data.dataset.root='{root}'"]):
        result = again(folder, "split=val", "interval=2", *changes)
        assert {"root", "evaluate_every", "pixels", "keyframes", "targets"} <= set(result["data"])
        now = set(folder.glob("evaluations/*.json"))
        assert len(now - written) == 1, changes
        written = now
    assert result["data"]["root"] == str(root)


def test_a_split_without_labels_is_refused_and_replaces_no_scores(folder: Path, tmp_path: Path):
    root = Path(shutil.copytree(Run(folder).config().data.dataset.root, tmp_path / "data"))
    asked_for = ("split=val", "interval=2", f"++data.dataset.root='{root}'")
    again(folder, *asked_for)
    before = state(folder)
    for path in (root / "val/labels").rglob("*.png"):
        write(path, np.full((HEIGHT, WIDTH), 255, np.uint8))
    with pytest.raises(BdnetError, match="split=val"):
        again(folder, *asked_for)
    assert state(folder) == before


def test_a_changed_network_has_the_trained_weights(folder: Path):
    """And its scores lie apart from those of the run's own network."""
    trained = again(folder)["scores"]["miou"]
    copied = again(folder, "+model/propagation=copy")
    assert copied["changes"] == ["+model/propagation=copy"]
    miou = copied["scores"]["miou"]
    assert miou[0] == pytest.approx(trained[0])
    assert miou[1:] != pytest.approx(trained[1:])
    single = again(folder, "model=single_frame", "model/boundary=warped")["scores"]["miou"]
    assert single[0] == pytest.approx(trained[0])
    assert len(list(folder.glob("evaluations/*/*.json"))) == 2
    with pytest.raises(BdnetError, match="backbone"):
        again(folder, "+model.backbone=resnet10t")


def test_predictions_are_written_beside_scores(folder: Path, tmp_path: Path):
    result = again(folder, "split=val", "interval=2", f"predictions='{tmp_path}/out'")
    assert len(list((tmp_path / "out").iterdir())) == result["data"]["targets"]


def test_images_without_a_video_have_the_miou_of_a_plain_script(folder: Path, tmp_path: Path):
    network = load(folder).model.eval()
    pairs = []
    for number, width in enumerate((96, 80, 96)):
        image, truth = picture(number, number)[:, :width], labels(number, number)[:, :width]
        write(tmp_path / f"test/images/{number}.png", image)
        write(tmp_path / f"test/labels/{number}.png", truth)
        clip = Clip(
            stack_images([image, image])[None], torch.zeros(1, 0, 2, 8, width // 8),
            torch.ones(1, 0, 8, width // 8, dtype=torch.bool), torch.zeros(1, *truth.shape).long(),
            torch.tensor([0]),
        )  # fmt: skip
        with torch.inference_mode():
            scores = network(normalise(clip)).logits
        scores = functional.interpolate(scores, size=truth.shape, mode="bilinear")
        pairs.append(truth.ravel() * 3 + scores.argmax(1).numpy().ravel())
    BANDS.write(tmp_path / "classes.yaml")
    counts = np.bincount(np.concatenate(pairs), minlength=9).reshape(3, 3)
    iou = counts.diagonal() / (counts.sum(0) + counts.sum(1) - counts.diagonal())

    data = ("data=images", f"data.dataset.root={tmp_path}")
    result = again(folder, *data, "interval=1", "data.batch_size=1")
    assert result["scores"]["miou"] == pytest.approx([np.nanmean(iou)], abs=1e-4)
    assert result["scores"]["video"] is None
    for wrong, message in (
        (["interval=4"], "interval=4"),
        (["interval=1", "split=val"], "val/images"),
        (["interval=1", "data.batch_size=2"], "data.batch_size=1"),
    ):
        with pytest.raises(BdnetError, match=message):
            again(folder, *data, *wrong)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("interval=0",), r"interval=0: a whole number from 1 on"),
        (("interval=[2,x]",), r"interval=\[2, 'x'\]: a whole number from 1 on"),
        (("checkpoint=first",), r"checkpoint=first: .* it has best and last"),
        (("interval=9",), r"interval=9: no labelled frame of test lies 8 frames after"),
    ],
)
def test_refuses_what_it_cannot_do(folder: Path, overrides: tuple[str, ...], message: str):
    with pytest.raises(BdnetError, match=message):
        again(folder, *overrides)


def test_a_folder_without_a_run(tmp_path: Path):
    with pytest.raises(BdnetError, match="holds no run"):
        evaluate(asked(f"run='{tmp_path}'"))


def test_a_strangers_run_executes_nothing(folder: Path, tmp_path: Path):
    strange = Path(shutil.copytree(folder, tmp_path / "strange"))
    owned = tmp_path / "owned"
    call = {"_target_": "os.system", "command": f"touch {owned}"}
    config = OmegaConf.load(strange / "config.yaml")
    # of a run's trainer only plain values are kept
    config.trainer = {**call, "accelerator": "cpu", "profiler": call, "logger": [call]}
    config.callbacks = {"progress": call}
    OmegaConf.save(config, strange / "config.yaml")
    assert again(strange)["scores"] == again(folder)["scores"]
    config.data.augmentation = {"transforms": [call]}
    OmegaConf.save(config, strange / "config.yaml")
    with pytest.raises(BdnetError, match=r"transforms\.0\._target_=os\.system: a run's folder"):
        again(strange)
    assert not owned.exists()
