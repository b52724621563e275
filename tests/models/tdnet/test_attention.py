"""Attention propagation against its formulas, with loops."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from bdnet.models.tdnet.attention import Hop, Memory, attend

Array = NDArray[np.float64]
KEYS, WIDTH = 5, 7


def literal(hop: Hop, key: Array, value: Array, query: Array) -> Array:
    """A(K, V, Q), cell by cell: [channels, h, w] each."""
    weight, bias = (weights.detach().double().numpy() for weights in (hop.mix.weight, hop.mix.bias))
    told = np.empty((len(weight), *query.shape[1:]))
    keys, values = (array.reshape(len(array), -1).T for array in (key, value))
    for y in range(query.shape[1]):
        for x in range(query.shape[2]):
            powers = np.array([np.exp(query[:, y, x] @ k / np.sqrt(len(query))) for k in keys])
            mixed = sum(share * v for share, v in zip(powers / powers.sum(), values, strict=True))
            told[:, y, x] = weight[:, :, 0, 0] @ mixed + bias
    return told


def drawn(cells: tuple[int, int]) -> Memory:
    return Memory(torch.randn(2, KEYS, *cells), torch.randn(2, KEYS, *cells),
                  torch.randn(2, WIDTH, *cells))  # fmt: skip


def numbers(memory: Memory, sample: int) -> list[Array]:
    return [part[sample].double().numpy() for part in memory]


@pytest.fixture
def hops() -> list[Hop]:
    torch.manual_seed(0)
    return [Hop(WIDTH).eval() for _ in range(3)]


@torch.no_grad()
def test_two_frames(hops: list[Hop]):
    past, query = drawn((3, 4)), torch.randn(2, KEYS, 5, 6)
    attended = attend([past], hops[:1], query)
    for sample in range(2):
        _, key, value = numbers(past, sample)
        expected = literal(hops[0], key, value, query[sample].double().numpy())
        np.testing.assert_allclose(attended[sample].numpy(), expected, rtol=1e-4, atol=1e-5)


@torch.no_grad()
def test_four_frames(hops: list[Hop]):
    past, query = [drawn((3, 4)) for _ in range(3)], torch.randn(2, KEYS, 5, 6)
    attended = attend(past, hops, query)
    assert attended.shape == (2, WIDTH, 5, 6)
    for sample in range(2):
        (_, k1, v1), (q2, k2, v2), (q3, k3, v3) = (numbers(memory, sample) for memory in past)
        told2 = literal(hops[0], k1, v1, q2)
        told3 = literal(hops[1], k2, v2 + told2, q3)
        expected = literal(hops[2], k3, v3 + told3, query[sample].double().numpy())
        np.testing.assert_allclose(attended[sample].numpy(), expected, rtol=1e-4, atol=1e-5)


def test_results_are_dropped_out():
    torch.manual_seed(0)
    hop = Hop(400)
    torch.nn.init.eye_(hop.mix.weight[..., 0, 0])
    torch.nn.init.zeros_(hop.mix.bias)
    # one key: its value is the result, whatever the query, unless its weight is dropped out
    told = hop(torch.randn(1, KEYS, 1, 1), torch.ones(1, 400, 1, 1), torch.randn(1, KEYS, 9, 9))
    is_kept = told != 0
    torch.testing.assert_close(told[is_kept], torch.full_like(told[is_kept], 1 / 0.9**2))
    has_weight = is_kept.flatten(2).any(1)
    assert 0.8 < has_weight.float().mean() < 0.98
    assert 0.88 < is_kept.flatten(2)[:, :, has_weight[0]].float().mean() < 0.92


def test_attention_weights_are_dropped_out_one_by_one():
    torch.manual_seed(0)
    hop = Hop(3, dropout=0.5)
    torch.nn.init.eye_(hop.mix.weight[..., 0, 0])
    torch.nn.init.zeros_(hop.mix.bias)
    key, query = torch.zeros(1, KEYS, 20, 20), torch.zeros(1, KEYS, 1, 1)
    told = hop(key, torch.ones(1, 3, 20, 20), query)
    # 400 equal weights, of which half are kept and doubled
    torch.testing.assert_close(
        told[told != 0] / 2, torch.ones(int((told != 0).sum())), atol=0.2, rtol=0
    )
    assert not torch.allclose(hop(key, torch.ones(1, 3, 20, 20), query), told)


def test_memories_of_several_samples_become_a_batch():
    first, second = drawn((2, 2)), drawn((2, 2))
    joined = Memory.batched([first, second])
    assert all(
        torch.equal(joined[part], torch.cat([first[part], second[part]])) for part in range(3)
    )
