"""Labels on other grids."""

import torch

from bdnet.clip import IGNORE
from bdnet.losses.grids import counted, labels_at, mean_over, to_larger
from losses.reference import label_of


def test_a_cell_has_the_label_at_its_centre():
    labels = torch.arange(29 * 37).view(1, 29, 37)
    for size in ((4, 5), (8, 10), (29, 37), (1, 1), (58, 74)):
        found = labels_at(labels, size)
        assert found.shape == (1, *size)
        for row in range(size[0]):
            for column in range(size[1]):
                expected = label_of(labels[0].numpy(), (row, column), size)
                assert found[0, row, column] == expected


def test_unlabelled_samples_count_and_void_does_not():
    labels = torch.full((2, 8, 8), IGNORE)
    labels[0, 4:] = 3
    assert counted(labels, (2, 2)).tolist() == [[[False] * 2, [True] * 2], [[True] * 2] * 2]


def test_mean_over_nothing_is_zero_with_a_graph():
    values = torch.tensor([[torch.inf, 1.0]], requires_grad=True)
    mean = mean_over(values, torch.zeros(1, 2, dtype=torch.bool))
    mean.backward()
    assert mean == 0
    assert values.grad.tolist() == [[0, 0]]


def test_both_go_to_the_larger_grid():
    one, other = to_larger(torch.rand(1, 2, 4, 5), torch.rand(1, 3, 8, 10))
    assert one.shape == (1, 2, 8, 10)
    assert other.shape == (1, 3, 8, 10)
