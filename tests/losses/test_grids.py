"""Labels on other grids."""

import pytest
import torch

from bdnet.losses.grids import counted, labels_at, mean_over, resized, to_larger
from bdnet.motion.upsampling import upsample
from bdnet.types import IGNORE
from losses.reference import label_of


def test_a_cell_has_the_label_at_its_centre():
    labels = torch.arange(29 * 37).view(1, 29, 37)
    for size in ((4, 5), (8, 10), (29, 37), (1, 1), (58, 74)):
        cells = labels_at(labels, size)
        assert cells.shape == (1, *size)
        for row in range(size[0]):
            for column in range(size[1]):
                expected = label_of(labels[0].numpy(), (row, column), size)
                assert cells[0, row, column] == expected


def test_unlabelled_samples_count_and_void_does_not():
    labels = torch.full((2, 8, 8), IGNORE)
    labels[0, 4:] = 3
    assert counted(labels, torch.zeros(2, 5, 2, 2)).tolist() == [
        [[False] * 2, [True] * 2],
        [[True] * 2] * 2,
    ]


def test_mean_over_nothing_is_zero_with_a_graph():
    values = torch.tensor([[torch.inf, 1.0]], requires_grad=True)
    mean = mean_over(values, torch.zeros(1, 2, dtype=torch.bool))
    mean.backward()
    assert mean == 0
    assert values.grad.tolist() == [[0, 0]]


def test_both_go_to_the_larger_grid():
    small, large = to_larger(torch.rand(1, 2, 4, 5), torch.rand(1, 3, 8, 10))
    assert small.shape == (1, 2, 8, 10)
    assert large.shape == (1, 3, 8, 10)


@pytest.mark.parametrize(("height", "width"), [(61, 99), (64, 96), (33, 41)])
def test_scores_stand_on_the_pixels_where_evaluation_has_them(height: int, width: int):
    """Also where the last cell hangs over the border, as of a crop of 769."""
    for stride in (4, 8):
        scores = torch.randn(1, 3, -(-height // stride), -(-width // stride))
        assert torch.equal(resized(scores, (height, width)), upsample(scores, height, width))


def test_a_student_of_another_stride_stands_where_the_teacher_stands():
    ramp = torch.arange(13).float().expand(1, 1, 8, 13)  # of 8 pixels; the other: 25 of 4
    ours, theirs = to_larger(ramp, torch.zeros(1, 1, 16, 25))
    assert theirs.shape == ours.shape
    torch.testing.assert_close(ours[0, 0, 0, 1:24], torch.arange(1, 24) / 2 - 0.25)
