"""The objective adds terms up, and refuses those that nothing can feed."""

from functools import partial

import pytest
import torch

from bdnet.errors import BdnetError
from bdnet.losses import Objective, Offer
from bdnet.losses.boundary import BoundaryLoss
from bdnet.losses.inner import Inner
from bdnet.losses.pixelwise import Pixelwise
from bdnet.losses.segmentation import SegmentationLoss
from bdnet.types import Prediction
from losses.reference import case

ALL = Offer.of(case().student)
OF_6, OF_10 = (Offer(frozenset({"features"}), channels) for channels in (6, 10))


def test_total_is_the_weighted_sum_and_values_are_without_weight():
    given = case()
    terms = {
        "segmentation": partial(SegmentationLoss),
        "pixelwise": partial(Pixelwise, weight=10.0),
    }
    total, values = Objective(terms, Offer.of(given.student), Offer.of(given.teacher))(*given)
    assert list(values) == ["segmentation", "pixelwise"]
    assert values["pixelwise"] == Pixelwise()(*given)
    assert total.item() == pytest.approx((values["segmentation"] + 10 * values["pixelwise"]).item())
    assert total.requires_grad
    assert not any(value.requires_grad for value in values.values())


def test_offer_is_what_a_prediction_holds():
    given = case()
    assert Offer.of(given.student) == Offer(frozenset(Prediction._fields), 6)
    assert Offer.of(Prediction(given.student.logits)) == Offer(frozenset({"logits"}), None)


def test_adapters_are_built_for_the_channels_and_trained():
    objective = Objective({"inner": partial(Inner)}, OF_6, OF_10)
    assert {name: list(weight.shape) for name, weight in objective.named_parameters()} == {
        "terms.inner.adapter.weight": [10, 6, 1, 1],
        "terms.inner.adapter.bias": [10],
    }


def test_same_features_are_compared_as_they_are_to_begin_with():
    features = torch.randn(1, 6, 4, 5)
    assert torch.equal(Inner(6, 6).adapter(features), features)


@pytest.mark.parametrize(
    ("term", "student", "teacher", "says"),
    [
        (Pixelwise, ALL, None, ["'it'", "a teacher", "teacher=hrnet"]),
        (BoundaryLoss, OF_6, None, ["'it'", "edges", "model/boundary=warped"]),
        (Inner, Offer(), ALL, ["'it'", "features", "another student"]),
        (Inner, ALL, Offer(), ["'it'", "features", "another teacher"]),
    ],
)
def test_an_unmet_need_is_named_with_its_term_and_its_fix(term, student, teacher, says):
    with pytest.raises(BdnetError) as caught:
        Objective({"it": partial(term)}, student, teacher)
    assert all(part in str(caught.value) for part in says)
    assert "leave 'it' out" in str(caught.value)


def test_nothing_to_train_for_is_refused():
    with pytest.raises(BdnetError, match="loss="):
        Objective({}, ALL, None)


def test_a_broken_promise_is_told():
    given = case()
    objective = Objective({"boundary": partial(BoundaryLoss)}, ALL, None)
    with pytest.raises(BdnetError, match="edges"):
        objective(given.student._replace(edges=None), None, given.clip)
    with pytest.raises(BdnetError, match="Pixelwise"):
        Pixelwise()(given.student, None, given.clip)
