"""One training step: who learns, from whom, and what a checkpoint of it holds."""

from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from pytorch_lightning import Callback, LightningModule, Trainer
from torch import Tensor

from bdnet.cli.conf import conf_folder
from bdnet.data.normalisation import normalise
from bdnet.training.distiller import Distiller, NotFinite
from bdnet.types import Clip
from tiny_training import NanLoss, composed, fit, metrics, prepared, run, settings

pytestmark = pytest.mark.filterwarnings(
    "ignore:.*does not have many workers",  # one is enough here
    "ignore:.*LeafSpec",  # Lightning's own use of torch
    "ignore:Found .* in eval mode",  # the teacher
    "ignore:You defined a `validation_step`",  # these trainings have none
)
TERMS = sorted(path.stem for path in conf_folder().glob("loss/*.yaml"))
HRNET = ["teacher=hrnet", "teacher.model.backbone=hrnet_w18_small", "teacher.checkpoint=null"]
PSPNET = ["teacher=pspnet", "teacher.model.backbone=test_resnet", "teacher.checkpoint=null"]


class Pair(NamedTuple):
    """A student and a teacher.

    lacks: terms that judge what they do not say
    parts: of the student, each of which learns
    """

    chosen: list[str]
    lacks: set[str]
    parts: list[str]


PAIRS = {
    "bdnet": Pair(
        ["model/propagation=flownet", "model.propagation.width=0.05", *HRNET],
        {"auxiliary_head", "single_path", "grouped"},
        ["backbone", "propagation", "boundary", "head"],
    ),
    "tdnet": Pair(
        ["model=tdnet", "model.paths=2", "model.width=64", *PSPNET, "teacher.groups=2"],
        {"boundary", "flow"},
        [f"paths.{path}" for path in range(2)],
    ),
}


def prepare(pair: Pair, bands: Path, runs: Path) -> tuple[Distiller, Clip]:
    """A student with every term of conf/loss that fits it, and its teacher; and a batch."""
    torch.manual_seed(0)
    terms = ",".join(name for name in TERMS if name not in pair.lacks)
    chosen = [f"loss=[{terms}]", *pair.chosen, "data.unlabelled_batch_size=1"]
    with composed(*settings(bands, runs), *chosen) as (config, _):
        distiller, data = prepared(config)
    return distiller, normalise(next(iter(data.train_dataloader())))


@pytest.fixture
def distilled(bands: Path, tmp_path: Path) -> tuple[Distiller, Clip]:
    return prepare(PAIRS["bdnet"], bands, tmp_path)


class Watch(Callback):
    """Remembers each step's loss, and by parameter the last gradient that it got."""

    def __init__(self) -> None:
        self.losses: list[float] = []
        self.gradients: dict[str, Tensor | None] = {}

    def on_after_backward(self, _: Trainer, pl_module: LightningModule) -> None:
        for name, weight in pl_module.named_parameters():
            known = self.gradients.get(name)
            self.gradients[name] = known if weight.grad is None else weight.grad.clone()

    def on_train_batch_end(self, trainer: Trainer, *_: Any) -> None:
        self.losses.append(float(trainer.callback_metrics["loss"]))


def test_every_term_has_a_student():
    assert len(TERMS) >= 7
    assert all(any(name not in pair.lacks for pair in PAIRS.values()) for name in TERMS)


@pytest.mark.parametrize("name", PAIRS)
def test_all_terms_together_fall_and_reach_every_part(name: str, bands: Path, tmp_path: Path):
    pair, watch = PAIRS[name], Watch()
    distiller, batch = prepare(pair, bands, tmp_path)
    batch = batch._replace(offset=torch.full_like(batch.offset, 3))  # somebody hears of others
    fit(distiller, [batch] * 8, watch)
    # a TDNet draws a path per step, and each has a loss of its own
    assert min(watch.losses[-3:]) < 0.8 * watch.losses[0]
    for part in (*(f"student.{part}" for part in pair.parts), "objective.terms.inner"):
        gradients = [grad for name, grad in watch.gradients.items() if name.startswith(part)]
        assert gradients, part
        assert all(grad is not None and bool(grad.any()) for grad in gradients), part
    teacher = [grad for name, grad in watch.gradients.items() if name.startswith("teacher.")]
    assert len(teacher) > 30
    assert all(grad is None for grad in teacher)


def test_the_teacher_stays_as_it_is_and_sees_each_target_once(distilled: tuple[Distiller, Clip]):
    distiller, batch = distilled
    before = {name: tensor.clone() for name, tensor in distiller.teacher.state_dict().items()}
    seen: list[Clip] = []
    distiller.teacher.model.register_forward_pre_hook(lambda _, given: seen.append(*given))
    fit(distiller, [batch] * 2)
    distiller.train()
    assert distiller.student.training
    assert not any(module.training for module in distiller.teacher.modules())
    assert all(torch.equal(value, before[k]) for k, value in distiller.teacher.state_dict().items())
    assert any("running_mean" in name for name in before)
    assert len(seen) == 2
    for clip in seen:
        assert all(torch.equal(image, batch.images[:, -1]) for image in clip.images.unbind(1))
        assert clip.motion.shape[1] == 0


def test_the_optimiser_has_every_parameter_that_learns_once(distilled: tuple[Distiller, Clip]):
    distiller, _ = distilled
    schedule = distiller.configure_optimizers()
    backbone, head = (group["params"] for group in schedule["optimizer"].param_groups)
    adapter = distiller.objective.get_submodule("terms.inner.adapter")
    assert {id(weight) for weight in adapter.parameters()} <= {id(weight) for weight in head}
    learning = [weight for weight in distiller.parameters() if weight.requires_grad]
    assert sorted(map(id, learning)) == sorted(map(id, [*backbone, *head]))
    rates = [group["lr"] for group in schedule["optimizer"].param_groups]
    assert rates == pytest.approx([1e-3, 1e-2])


def test_a_checkpoint_holds_no_teacher_and_loads_strictly(
    distilled: tuple[Distiller, Clip], bands: Path, tmp_path: Path
):
    distiller, batch = distilled
    fit(distiller, [batch]).save_checkpoint(tmp_path / "a.ckpt", weights_only=False)
    stored = torch.load(tmp_path / "a.ckpt", weights_only=True)
    names = set(stored["state_dict"])
    assert not any(name.startswith("teacher.") for name in names)
    assert any(name.startswith("objective.terms.inner.adapter") for name in names)
    for weight in distiller.student.parameters():
        weight.data.zero_()
    distiller.on_load_checkpoint(stored)
    distiller.load_state_dict(stored["state_dict"])  # strict
    assert all(
        torch.equal(tensor, stored["state_dict"][f"student.{name}"])
        for name, tensor in distiller.student.state_dict().items()
    )
    del stored["state_dict"]["student.head.branches.0.weight"]
    with pytest.raises(RuntimeError, match=r"Missing key.*head\.branches\.0\.weight"):
        distiller.load_state_dict(stored["state_dict"])


def test_a_term_that_is_not_finite_stops_with_its_name_and_step(
    bands: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(NanLoss, "at", 2)
    poison = ["+loss.poison._target_=tiny_training.NanLoss", "+loss.poison._partial_=true"]
    with composed(*settings(bands, tmp_path), *poison) as (config, _):
        distiller, data = prepared(config)
    batch = normalise(next(iter(data.train_dataloader())))
    with pytest.raises(NotFinite, match="loss term 'poison' is nan in step 2; use a lower") as info:
        fit(distiller, [batch] * 4)
    assert info.value.batch == 2


def test_a_student_learns_two_clips_by_heart(bands: Path, tmp_path: Path):
    more = ["steps=40", "validate_every=40", "data.labelled_frame=null", "model/boundary=none"]
    scores = metrics(run(*settings(bands, tmp_path), *more, "optimizer.lr=2e-3"))["scores"]
    assert scores["avg_k"] > 0.9
    assert min(scores["miou"]) > 0.9
    assert scores["video"]["miou"] > 0.9
