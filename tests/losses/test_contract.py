"""What every loss term keeps; a new conf/loss/<term>.yaml is tested by being there."""

from functools import partial
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import OmegaConf

from bdnet.cli.conf import conf_folder
from bdnet.losses import LabelLoss, Loss, MotionLoss, Objective, Offer, TeacherLoss
from bdnet.losses.boundary import edge_target, radius_at
from bdnet.motion.accumulation import accumulate
from bdnet.types import IGNORE, Prediction
from losses.reference import Case, case

NAMES = sorted(path.stem for path in conf_folder().glob("loss/*.yaml"))

every_term = pytest.mark.parametrize("name", NAMES)


def written(name: str) -> dict[str, partial[Loss]]:
    config = OmegaConf.load(conf_folder() / "loss" / f"{name}.yaml")
    return instantiate(config, _convert_="all")


def built(name: str, given: Case) -> Loss:
    """A term as training builds it; whatever it learns is drawn from one seed."""
    torch.manual_seed(0)
    objective = Objective(written(name), Offer.of(given.student), Offer.of(given.teacher))
    return objective.terms[name]


def value(name: str, given: Case) -> torch.Tensor:
    return built(name, given)(*given)


def judged(term: Loss, prediction: Prediction) -> list[torch.Tensor]:
    """The parts of a prediction that a term is about."""
    parts = [getattr(prediction, part) for part in term.needs or ["logits"]]
    return [part for part in parts if part.is_floating_point()]


@every_term
def test_its_yaml_holds_its_name_its_weight_and_nothing_else(name: str):
    (key,), (term,) = zip(*written(name).items(), strict=True)
    assert key == name
    assert issubclass(term.func, LabelLoss | TeacherLoss | MotionLoss)
    assert term.keywords["weight"] > 0
    package, _, module = term.func.__module__.rpartition(".")
    assert package == "bdnet.losses"
    assert (Path(__file__).parent / f"test_{module}.py").is_file()


def test_terms_are_selected_together():
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        config = compose("probe", [f"+loss=[{','.join(NAMES)}]"])
    assert sorted(config.loss) == NAMES


@every_term
def test_is_a_float32_scalar_at_any_precision(name: str):
    given = case()
    term = built(name, given)
    plain = term(*given)
    with torch.autocast("cpu", torch.bfloat16):
        inside = term(*given)
    assert plain.shape == inside.shape == ()
    assert plain.dtype == inside.dtype == torch.float32
    assert inside.item() == plain.item() > 0
    assert term(*given.like(torch.bfloat16)).dtype == torch.float32


@every_term
def test_gradient_reaches_the_student_and_not_the_teacher(name: str):
    given = case()
    term = built(name, given)
    term(*given).backward()
    for part in judged(term, given.student):
        assert part.grad.isfinite().all()
        assert part.grad.abs().sum() > 0
    assert all(part.grad is None for part in given.teacher)
    assert all(part.grad.abs().sum() > 0 for part in term.parameters())


def voids(kind: str) -> torch.Tensor:
    labels = case().clip.labels.clone()
    if kind == "all void":
        labels[:] = IGNORE
    elif kind == "one sample void":
        labels[0] = IGNORE
    elif kind == "half void":
        labels[:, :, :20] = IGNORE
    elif kind == "one pixel":
        labels[:] = IGNORE
        labels[:, 20, 20] = 1
    elif kind == "a class of one pixel":
        labels[:] = 0
        labels[:, 20, 20] = 1
    elif kind == "one class":
        labels[:] = 0
    return labels


@every_term
@pytest.mark.parametrize(
    "kind",
    ["all void", "one sample void", "half void", "one pixel", "a class of one pixel", "one class"],
)
def test_is_finite_whatever_the_labels(name: str, kind: str):
    given = case().labelled(voids(kind))
    loss = value(name, given)
    assert loss.isfinite()
    loss.backward()
    grads = [part.grad for part in given.student if part.grad is not None]
    assert grads
    assert all(grad.isfinite().all() for grad in grads)


@every_term
def test_an_unlabelled_batch_teaches_by_teacher_or_motion_only(name: str):
    given = case().labelled(voids("all void"))
    term = built(name, given)
    loss = term(*given)
    loss.backward()
    strength = sum(part.grad.abs().sum() for part in judged(term, given.student))
    if not isinstance(term, LabelLoss):
        assert loss > 0
        assert strength > 0
    else:
        assert loss == 0
        assert strength == 0


def perfect(given: Case) -> Prediction:
    """What nothing can be said against: the labels, the edges in them, and the stream's motion."""
    labels = given.clip.labels
    logits = 40.0 * torch.nn.functional.one_hot(labels.clamp(max=3), 4).movedim(-1, 1)
    is_edge, _ = edge_target(labels, radius_at(*labels.shape[-2:]))
    edges = torch.where(is_edge, 40.0, -40.0)[:, None]
    flow, _ = accumulate(given.clip.motion, given.clip.valid)
    sure, second, third = (logits.clone().requires_grad_() for _ in range(3))
    edges, flow = edges.requires_grad_(), flow.requires_grad_()
    return Prediction(sure, None, edges, flow, auxiliary=second, single_path=third)


@every_term
def test_is_least_where_there_is_nothing_left_to_learn(name: str):
    """As the teacher says, or as the labels say."""
    given, unlike = case(twins=True), case(seed=1, twins=True)
    term = built(name, given)
    student = given.student if term.needs_teacher else perfect(given)
    loss = term(student, given.teacher, given.clip)
    loss.backward()
    assert loss.item() == pytest.approx(0, abs=1e-12)
    assert all(part.grad.abs().max() < 1e-6 for part in judged(term, student))
    assert term(unlike.student, given.teacher, given.clip) > 1e-3


@every_term
def test_void_pixels_have_no_influence(name: str):
    """Predictions more than a cell inside of the void part are others: the same loss."""
    given = case()
    if isinstance(built(name, given), MotionLoss):
        pytest.skip("motion has no void: its holes are tested where it is")
    labels = given.clip.labels.clone()
    labels[:, :, :24] = IGNORE
    given = given.labelled(labels)
    term = built(name, given)
    noise = case(seed=1)

    def spoilt(prediction: Prediction, by: Prediction) -> Prediction:
        parts = []
        for part, worse in zip(prediction, by, strict=True):
            if not part.is_floating_point():
                parts.append(part)
                continue
            width = 16 * part.shape[-1] // 40  # a grid cell of 8 pixels away from a labelled one
            parts.append(torch.cat([100 * worse[..., :width], part[..., width:]], -1))
        return Prediction._make(parts)

    changed = Case(
        spoilt(given.student, noise.student), spoilt(given.teacher, noise.teacher), given.clip
    )
    assert term(*changed).item() == pytest.approx(term(*given).item(), rel=1e-6)


@every_term
def test_order_of_the_batch_does_not_matter(name: str):
    given = case()
    term = built(name, given)
    turned = term(*given.picked([2, 0, 1]))
    assert turned.item() == pytest.approx(term(*given).item(), rel=1e-5)


@every_term
def test_resolution_of_the_labels_need_not_divide(name: str):
    """Labels of 29x37, whose grids are 4x5 and 8x10, as of a picture of odd size."""
    given = case()
    given = given.labelled(given.clip.labels[:, :29, :37])
    assert value(name, given) > 0
