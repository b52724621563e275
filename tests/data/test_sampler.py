"""Which clip comes when."""

import collections

import pytest

from bdnet.data.sampler import Draw, OffsetBatches, TrainingSampler

OFFSETS = [tuple(range(5))] * 200


def epoch(sampler: TrainingSampler, number: int) -> list[Draw]:
    sampler.set_epoch(number)
    return list(sampler)


def test_every_sample_comes_once_an_epoch_in_another_order_and_offset():
    sampler = TrainingSampler(OFFSETS, seed=3)
    first, second = epoch(sampler, 0), epoch(sampler, 1)
    assert sorted(draw.sample for draw in first) == list(range(200))
    assert [draw.sample for draw in first] != [draw.sample for draw in second]
    by_sample = [sorted(draws) for draws in (first, second)]
    changed = sum(a.offset != b.offset for a, b in zip(*by_sample, strict=True))
    assert 130 < changed < 190  # four of five, by chance


def test_same_seed_same_draws_and_another_seed_others():
    assert epoch(TrainingSampler(OFFSETS, 3), 7) == epoch(TrainingSampler(OFFSETS, 3), 7)
    assert epoch(TrainingSampler(OFFSETS, 3), 7) != epoch(TrainingSampler(OFFSETS, 4), 7)


def test_offsets_are_uniform():
    sampler = TrainingSampler(OFFSETS, 0)
    counts = collections.Counter(draw.offset for n in range(50) for draw in epoch(sampler, n))
    assert set(counts) == set(range(5))
    for count in counts.values():
        assert count == pytest.approx(2000, abs=160)  # four standard deviations


def test_processes_share_the_samples_and_agree_on_the_offsets():
    whole = {draw.sample: draw for draw in epoch(TrainingSampler(OFFSETS, 3), 2)}
    shares = [epoch(TrainingSampler(OFFSETS, 3, rank, 2), 2) for rank in (0, 1)]
    assert not {d.sample for d in shares[0]} & {d.sample for d in shares[1]}
    assert {draw.sample: draw for share in shares for draw in share} == whole


def test_a_sample_takes_only_offsets_it_can_reach():
    sampler = TrainingSampler([(0,), (2,), (0, 1)], 0)
    seen = collections.defaultdict(set)
    for number in range(40):
        for draw in epoch(sampler, number):
            seen[draw.sample].add(draw.offset)
    assert seen == {0: {0}, 1: {2}, 2: {0, 1}}


def test_evaluation_batches_have_one_offset_each_and_every_sample_once():
    samples = {0: list(range(7)), 1: list(range(7)), 2: [4]}
    batches = list(OffsetBatches(samples, size=3))
    assert all(len({draw.offset for draw in batch}) == 1 for batch in batches)
    drawn = [(draw.offset, draw.sample) for batch in batches for draw in batch]
    assert drawn == [(offset, each) for offset, chosen in samples.items() for each in chosen]
    shares = [list(OffsetBatches(samples, 3, rank, 3)) for rank in range(3)]
    assert sorted(batch for share in shares for batch in share) == sorted(batches)
