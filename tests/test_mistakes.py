"""Mistakes in a configuration: refused before anything long starts, with the key and the fix."""

import copy
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from hydra.errors import HydraException, InstantiationException
from omegaconf import DictConfig, OmegaConf

from bdnet.cli.conf import conf_folder
from bdnet.cli.messages import user_message
from bdnet.data.datasets.folder import Folder
from bdnet.data.streets.dataset import Streets
from bdnet.errors import BdnetError
from bdnet.training import job as training_entry
from bdnet.training.job import train
from tiny_training import composed, settings

REQUIRED = [{"name": "first", "steps": 1}]
PIXELWISE = {"_target_": "bdnet.losses.pixelwise.Pixelwise", "_partial_": True, "weight": 1.0}

# what is changed of a good configuration, and what is said
VALUES: list[tuple[dict[str, Any], str]] = [
    ({"interval": 0}, "interval=0: a whole number from 1"),
    ({"interval": -3}, "interval=-3: a whole number from 1"),
    ({"interval": "five"}, "interval=five: a whole number from 1"),
    ({"interval": 2.5}, r"interval=2\.5: a whole number from 1"),
    ({"interval": None}, "interval=None: a whole number from 1"),
    ({"steps": -1}, "steps=-1: a whole number from 1"),
    ({"steps": "many"}, "steps=many: a whole number"),
    ({"steps": 1e3}, r"steps=1000\.0: a whole number"),
    ({"seed": -1}, "seed=-1: a whole number from 0"),
    ({"seed": "x"}, "seed=x: a whole number from 0"),
    ({"classes": 0}, "classes=0: a whole number from 1"),
    ({"classes": 7}, r"the model has 7 classes and the data set 3 \(road, car, person"),
    ({"validate_every": 0}, "validate_every=0: a whole number from 1"),
    ({"validate_every": 0.5}, r"validate_every=0\.5: a whole number from 1"),
    ({"checkpoint_every": 0}, "checkpoint_every=0: a whole number from 1"),
    ({"checkpoint": "first"}, "checkpoint=first: use last or best"),
    ({"checkpoint": "best", "validate_every": 7}, "none in steps=6; validate more"),
    ({"backbone": "resnet81"}, "backbone=resnet81: timm .* no such network; did you mean resnet"),
    ({"backbone": "vgg11"}, "backbone=vgg11: .*choose (another|one that can be dilated)"),
    ({"model.weights": "resnet.pth"}, r"weights=resnet\.pth: no such file; give a file of weights"),
    ({"model.head.dilations": []}, r"model\.head\.dilations=\[\]: a list of whole numbers from 1"),
    ({"model.head.dilations": [6, 0]}, r"model\.head\.dilations=\[6, 0\]: a list of whole numbers"),
    ({"model.head.dilations": 6}, r"model\.head\.dilations=6: a list of whole numbers"),
    ({"model.boundary.channels": [8, -1]}, r"model\.boundary\.channels=\[8, -1\]: a list of whole"),
    ({"loss": {}}, r"loss=\[\]: nothing to train for; choose one"),
    ({"loss.pixelwise": PIXELWISE}, "'pixelwise' needs a teacher and there is none"),
    ({"loss.segmentation.weight": -1}, r"loss\.segmentation\.weight=-1: a number from 0 on"),
    ({"loss.segmentation.weight": "x"}, r"loss\.segmentation\.weight=x: a number from 0 on"),
    ({"loss.pixelwise": PIXELWISE | {"tau": 0}}, r"loss\.pixelwise\.tau=0: a number above 0"),
    ({"loss.pixelwise": PIXELWISE | {"tau": -2}}, r"loss\.pixelwise\.tau=-2: a number above 0"),
    ({"optimizer.lr": 0}, r"optimizer\.lr=0: a number above 0"),
    ({"optimizer.lr": -1e-3}, r"optimizer\.lr=-0\.001: a number above 0"),
    ({"optimizer.lr": "1e-3x"}, r"optimizer\.lr=1e-3x: a number above 0"),
    ({"optimizer.lr": float("nan")}, r"optimizer\.lr=nan: a number above 0"),
    ({"optimizer.head_lr_factor": 0}, r"optimizer\.head_lr_factor=0: a number above 0"),
    ({"optimizer.power": -1}, r"optimizer\.power=-1: a number from 0 on"),
    ({"optimizer.warmup": -1}, r"optimizer\.warmup=-1: a whole number from 0 on"),
    ({"optimizer.warmup": 6}, r"optimizer\.warmup=6: .*steps=6"),
    ({"optimizer.optimizer.weight_decay": -1}, r"optimizer\.optimizer\.weight_decay=-1: a number"),
    ({"memory_format": "rows"}, "memory_format=rows: .*channels_last or contiguous"),
    ({"trainer.precision": "bf61-mixed"}, "trainer: Precision 'bf61-mixed' is invalid. Allowed"),
    ({"trainer.accelerator": "gpus"}, "trainer: .*'gpus'.*see conf/trainer/default"),
    ({"trainer.accelerator": "cuda"}, "trainer: .*(CUDA|cuda).*see conf/trainer/default"),
    ({"trainer.devices": 3, "trainer.strategy": "ddp"}, "3 devices need as many processes: torchr"),
    ({"trainer.devices": -5}, "trainer: .*see conf/trainer/default"),
    ({"trainer.strategy": "dpp"}, "trainer: .*'dpp'.*see conf/trainer/default"),
    ({"trainer.max_stops": 3}, "trainer: .*unexpected keyword argument 'max_stops'"),
    ({"trainer.gradient_clip_val": -1}, r"trainer\.gradient_clip_val=-1: a number from 0 on"),
    ({"trainer.accumulate_grad_batches": 0}, r"accumulate_grad_batches=0: a whole number from 1"),
    ({"trainer.profiler": "simpel"}, "trainer: .*`profiler` .* one of .*see conf/trainer/default"),
    ({"data.batch_size": 0}, r"batch_size=0: a whole number from 1 on"),
    ({"data.batch_size": "8x"}, r"batch_size=8x: a whole number from 1 on"),
    ({"data.workers": -1}, r"workers=-1: a whole number from 0 on"),
    ({"data.prefetch": 0}, r"prefetch=0: a whole number from 1 on"),
    ({"data.evaluate_every": 0}, r"evaluate_every=0: a whole number from 1 on"),
    ({"data.labelled_frame": -1}, r"labelled_frame=-1: a whole number from 0 on"),
    ({"data.unlabelled_batch_size": -1}, r"unlabelled_batch_size=-1: a whole number"),
    ({"data.keyframes": "jump"}, "keyframes=jump: use any or codec"),
    ({"data.offsets": "first"}, "offsets=first: use all or last"),
    ({"data.pixels": "raw"}, "pixels=raw: use decoded or original"),
    ({"data.on_bad_sample": "ignore"}, "on_bad_sample=ignore: use raise or skip"),
    ({"data.bad_samples_at_most": 5}, "bad_samples_at_most=5: a share of the clips, from 0 to 1"),
    ({"data.dataset.root": "nowhere"}, "root=nowhere is no folder; it should hold classes"),
    ({"data.extre": "x"}, "data: ClipDataModule has no key extre"),
    ({"model.bakbone": "resnet18"}, "model: BDNet has no key bakbone"),
    ({"optimizer.rate": 1}, "optimizer: Poly has no key rate"),
    ({"init_from": "nowhere"}, "nowhere: no finished run; train it first"),
    ({"init_from": "{trained}", "backbone": "resnet10t"}, r"init_from=.*seed=0: backbone\..* here"),
    ({"init_from": "{trained}", "classes": 7}, "init_from=.*seed=0: .*number of classes"),
    ({"teacher": {"_target_": "bdnet.models.teacher.Frozen",
                  "model": {"_target_": "bdnet.inference.network.trained", "run": "nowhere"}}},
     "nowhere: no finished run; train it first"),
    ({"teacher": {"_target_": "bdnet.models.teacher.Frozen",
                  "model": {"_target_": "bdnet.models.single_frame.SingleFrame", "classes": 7,
                            "backbone": "test_resnet",
                            "head": {"_target_": "bdnet.models.head.deeplabv2.DeepLabV2",
                                     "_partial_": True},
                            "boundary": {"_target_": "bdnet.models.boundary.none.NoBoundary",
                                         "_partial_": True}}}},
     "the teacher has 7 classes and the data set 3"),
    ({"folder": "{file}"}, "file.txt: cannot be the folder of a run .*choose another one"),
    ({"folder": "{file}/seed=0"}, "seed=0: cannot be the folder of a run .*choose another one"),
    ({"folder": "/proc/1/runs"}, "/proc/1/runs: cannot be the folder of a run"),
    ({"logger.wandb": {"_target_": "pytorch_lightning.loggers.WandbLogger"}},
     r"logger=wandb: not logged in .*`wandb login` once.*logger\.wandb\.offline=true"),
]  # fmt: skip


@pytest.fixture(scope="module")
def good(bands: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[DictConfig, Any]:
    """A configuration that would train; each test changes its own copy."""
    with composed(*settings(bands, tmp_path_factory.mktemp("runs"))) as composition:
        return composition


@pytest.fixture(scope="module")
def streets() -> tuple[DictConfig, Any]:
    """The same with the default data, streets."""
    small = ["recipe=demo", "model=bdnet", "logger=[]", "trainer.accelerator=cpu", "name=tiny"]
    with composed("data=streets", *small) as composition:
        return composition


@pytest.fixture
def nothing_long(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Makes the test fail as soon as data are prepared or a training begins."""

    def begins(*_: object, **__: object) -> None:
        raise AssertionError("something long has begun")

    monkeypatch.setattr(Folder, "prepare", begins)
    monkeypatch.setattr(Streets, "prepare", begins)
    monkeypatch.setattr(training_entry, "_train_needed", begins)
    monkeypatch.setattr(training_entry, "fit", begins)
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("WANDB_API_KEY", "WANDB_MODE", "WANDB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)


def refusal(config: DictConfig) -> str:
    """The message that the command would print instead of a traceback."""
    with pytest.raises((BdnetError, InstantiationException)) as error:
        train(config)
    message = user_message(error.value)
    assert message is not None, error.getrepr(style="short")
    return message


@pytest.mark.parametrize(("changes", "problem"), VALUES, ids=lambda value: str(value)[:60])
@pytest.mark.usefixtures("nothing_long")
def test_a_mistake_is_reported_before_anything_long_starts(
    changes: dict[str, Any], problem: str, good: Any, trained: Path, tmp_path: Path
):
    config = copy.deepcopy(good[0])
    (tmp_path / "file.txt").touch()
    config.folder = str(tmp_path / "run")
    OmegaConf.set_struct(config, False)
    for key, value in changes.items():
        if isinstance(value, str):
            value = value.format(trained=trained, file=tmp_path / "file.txt")  # noqa: PLW2901
        OmegaConf.update(config, key, value, merge=False)
    with pytest.raises(BdnetError, match=problem):
        raise BdnetError(refusal(config))


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"interval": 10}, "interval=10: no labelled frame of train lies 9 frames after a codec"),
        ({"data.labelled_frame": 12}, r"labelled_frame=12: no training video .* frames 0\.\.11"),
        ({"data.batch_size": 97}, "batch_size=97: .*64"),
        ({"data.augmentation.transforms.crop.height": 200},
         r"ScaleCrop of 200x192 .* larger than the pictures, which are 128x256, and 160x320 when"),
        ({"data.augmentation.transforms.crop.width": 400}, r"use data\.augm.*width=320, or less"),
        ({"data.augmentation.transforms.crop.width": 0}, "width above 0, not 0"),
        ({"data.augmentation.transforms.crop.lowest": 2}, "needs lowest <= highest"),
        ({"data.dataset.clips.val": 0}, r"clips=.*give a number, at least 1, for train, val, test"),
        ({"data.dataset.encoding.interval": 3}, "interval=5: no labelled frame of train lies"),
        ({"data.dataset.encoding.crf": 99}, "crf=99"),
        ({"data.dataset.encoding.codec": "hevc"}, "codec=hevc|hevc"),
        ({"data.dataset.parameters.height": -4}, "height=-4"),
    ],
    ids=str,
)  # fmt: skip
@pytest.mark.usefixtures("nothing_long")
def test_mistakes_about_streets_are_reported_before_rendering(
    changes: dict[str, Any], problem: str, streets: Any, tmp_path: Path
):
    config = copy.deepcopy(streets[0])
    config.folder = str(tmp_path / "run")
    config.data.dataset.root = str(tmp_path / "streets")
    for key, value in changes.items():
        OmegaConf.update(config, key, value)
    with pytest.raises(BdnetError, match=problem):
        raise BdnetError(refusal(config))


@pytest.mark.parametrize(
    ("overrides", "problem"),
    [
        (["model=bdnett"], "Could not find 'model/bdnett'.*"),
        (["loss=[segmentation,pixelwize]"], "Could not load 'loss/pixelwize'"),
        (["data=street"], "Could not find 'data/street'"),
        (["teacher=hrnett"], "Could not find 'teacher/hrnett'"),
        (["experiment=table2/mvv"], "Could not find 'experiment/table2/mvv'"),
        (["intervall=5"], "Could not override 'intervall'"),
        (["data.batchsize=5"], r"Could not override \'data\.batchsize\'"),
        (["+interval=5"], "Could not append to config. An item is already at 'interval'"),
        (["~interval_"], "Could not delete from config. 'interval_' does not exist"),
    ],
)
def test_hydra_reports_a_missing_choice(overrides: list[str], problem: str):
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        with pytest.raises(HydraException, match=problem):
            compose("train", overrides)


@pytest.mark.usefixtures("nothing_long")
def test_mistakes_of_a_run_are_reported_before_needed_runs_are_trained(
    bands: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Including mistakes that would show only with the trained teacher."""
    monkeypatch.setattr(Folder, "prepare", lambda *_: None)  # both runs train on it
    own = [
        *settings(bands, tmp_path), "needs=[teacher]", "teacher=run", "+recipe.name=tiny",
        "+recipe.teacher={backbone: hrnet_w18_small, steps: 1, lr: 1e-3}",
        "teacher.model.run=${folder_of:teacher}",
    ]  # fmt: skip
    for more, problem in (
        (["loss=[segmentation,grouped]"], "'grouped' needs"),
        (["loss=[segmentation,pixelwise]", "trainer.precision=16-mixt"], "Precision '16-mixt'"),
        (["loss=[segmentation,pixelwise]", "data.batch_size=99"], "batch_size=99"),
        (["recipe.teacher.steps=-1"], "steps=-1: a whole number"),
    ):
        with composed(*own, *more) as (config, _):
            with pytest.raises((BdnetError, InstantiationException)) as error:
                train(config)
        assert problem in str(user_message(error.value))
