"""D_inn, reading D, against its formula."""

import numpy as np
import torch

from bdnet.losses.intra_class import IntraClass
from bdnet.types import IGNORE
from losses.reference import bilinear, both_precisions, check_formula, cosine, counted_cells


def reference(student, teacher, labels) -> float:
    size = teacher.features.shape[-2:]
    logits = bilinear(teacher.logits, size)
    cells = [
        (b, i, j, int(logits[b, :, i, j].argmax()) if (labels[b] == IGNORE).all() else label)
        for b, i, j, label in counted_cells(labels, size)
    ]
    maps = []
    for features in (bilinear(student.features, size), teacher.features):
        members: dict[tuple[int, int], list] = {}
        for b, i, j, label in cells:
            members.setdefault((b, label), []).append(features[b, :, i, j])
        prototypes = {key: np.mean(vectors, axis=0) for key, vectors in members.items()}
        maps.append([cosine(features[b, :, i, j], prototypes[b, c]) for b, i, j, c in cells])
    return float(np.mean((np.array(maps[0]) - np.array(maps[1])) ** 2))


@both_precisions
def test_agrees_with_its_formula(dtype: torch.dtype):
    check_formula(IntraClass(), reference, dtype)
