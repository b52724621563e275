"""Grouped distillation against its formula."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from bdnet.losses import UnmetNeed
from bdnet.losses.grouped import GroupedLoss
from losses.reference import both_precisions, case, check_formula
from losses.test_pixelwise import reference as divergence


def reference(share: float):
    def grouped(student, teacher, labels) -> float:
        chosen = [
            groups[numbers.astype(bool).tolist().index(True)]
            for groups, numbers in zip(teacher.groups, student.group, strict=True)
        ]
        single, group = (
            SimpleNamespace(logits=logits) for logits in (student.single_path, np.stack(chosen))
        )
        mean = divergence(1.0)
        return mean(student, teacher, labels) + share * mean(single, group, labels)

    return grouped


@both_precisions
@pytest.mark.parametrize("share", [0.5, 2.0])
def test_agrees_with_its_formula(dtype: torch.dtype, share: float):
    check_formula(GroupedLoss(share=share), reference(share), dtype)


def test_other_groups_do_not_matter():
    given = case()
    with torch.no_grad():
        changed = given.teacher.groups.where(given.student.group[..., None, None, None], 7.0)
    assert torch.equal(
        GroupedLoss()(*given),
        GroupedLoss()(given.student, given.teacher._replace(groups=changed), given.clip),
    )


def test_as_many_groups_as_sub_networks():
    given = case()
    two = given.teacher._replace(groups=given.teacher.groups[:, :2])
    with pytest.raises(UnmetNeed, match=r"teacher\.groups=4"):
        GroupedLoss()(given.student, two, given.clip)
