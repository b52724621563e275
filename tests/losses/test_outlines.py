"""Outlines of classes."""

import numpy as np
import torch

from bdnet.losses.outlines import outlines
from bdnet.types import IGNORE
from losses.reference import CLASSES, bilinear, case


def bands(labels, teacher, width: int):
    """M [b, classes, h, w], pixel by pixel."""
    count, height, columns = labels.shape
    size = teacher.shape[-2:]
    if_unlabelled = bilinear(teacher, (height, columns)).argmax(1)
    labels = np.stack([
        seen if (given == IGNORE).all() else given
        for given, seen in zip(labels, if_unlabelled, strict=True)
    ])  # fmt: skip
    masks = np.zeros((count, teacher.shape[1], *size))
    rows, wide = height // size[0], columns // size[1]
    reach = width // 2
    for b, c, i, j in np.ndindex(masks.shape):
        shares = []
        for y in range(i * rows, (i + 1) * rows):
            for x in range(j * wide, (j + 1) * wide):
                window = labels[
                    b, max(0, y - reach) : y + reach + 1, max(0, x - reach) : x + reach + 1
                ]
                near_void = (window == IGNORE).any()
                members = window == c
                shares.append(np.nan if near_void else float(members.any()) - float(members.all()))
        masks[b, c, i, j] = 0 if np.isnan(shares).any() else np.mean(shares)
    return masks


def test_is_what_a_window_around_each_pixel_says():
    given = case()
    labels = given.clip.labels.clone()
    labels[0] = (torch.arange(40) // 14).expand(32, 40)
    labels[2] = IGNORE
    teacher = given.teacher.logits.detach()
    found = outlines(labels, teacher, 3)
    expected = bands(labels.numpy(), teacher.double().numpy(), 3)
    assert found.shape == (3, CLASSES, 8, 10)
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-6)
    assert all((each > 0).any() for each in (found[0], found[2]))


def test_a_straight_outline_is_as_wide_as_the_window_says():
    labels = (torch.arange(64) >= 32).long().expand(1, 16, 64)
    masks = outlines(labels, torch.zeros(1, 2, 16, 64), 7)
    assert masks[0, 0, 5].nonzero().flatten().tolist() == list(range(29, 35))
    assert torch.equal(masks[0, 0], masks[0, 1])


def test_void_hides_the_outline_of_cells_near_it():
    labels = (torch.arange(64) >= 32).long().repeat(64, 1)[None]
    labels[:, :32] = torch.where(torch.arange(64) < 30, 0, IGNORE)
    masks = outlines(labels, torch.zeros(1, 2, 8, 8), 7)
    assert not masks[0, :, :5].any()
    assert (masks[0, :, 5:, 3:5] > 0).all()
