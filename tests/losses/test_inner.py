"""D_inn, reading A, against its formula."""

import numpy as np
import torch

from bdnet.losses.inner import Inner
from losses.reference import bilinear, both_precisions, case, check_formula, counted_cells


def reference(term: Inner):
    matrix = term.adapter.weight.detach().double().numpy()[:, :, 0, 0]
    offset = term.adapter.bias.detach().double().numpy()

    def distance(student, teacher, labels) -> float:
        size = teacher.features.shape[-2:]
        adapted = np.einsum("oc,bchw->bohw", matrix, student.features) + offset[:, None, None]
        ours = bilinear(adapted, size)
        terms = []
        for b, i, j, _ in counted_cells(labels, size):
            feature, wanted = ours[b, :, i, j], teacher.features[b, :, i, j]
            gap = feature / np.linalg.norm(feature) - wanted / np.linalg.norm(wanted)
            terms.append(float(gap @ gap))
        return float(np.mean(terms))

    return distance


@both_precisions
def test_agrees_with_its_formula(dtype: torch.dtype):
    torch.manual_seed(0)
    term = Inner(6, 10)
    torch.nn.init.normal_(term.adapter.bias)
    check_formula(term, reference(term), dtype)


def test_adapter_learns_and_dead_features_do_not_blow_up():
    given = case()
    dead = torch.zeros_like(given.student.features, requires_grad=True)
    term = Inner(6, 10)
    term(given.student._replace(features=dead), given.teacher, given.clip).backward()
    assert dead.grad.norm() < 1e4
    assert term.adapter.bias.grad.norm() > 0
    term(given.student, given.teacher, given.clip).backward()
    assert term.adapter.weight.grad.norm() > 0
