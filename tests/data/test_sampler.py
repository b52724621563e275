"""Which clip comes when."""

import collections

import pytest

from bdnet.data.errors import BadData
from bdnet.data.sampler import Draw, Draws, OffsetBatches, TrainingBatches

OFFSETS = [tuple(range(5))] * 200


def draws(seed: int = 3, offsets=OFFSETS, first: int = 0) -> Draws:
    return Draws(range(first, first + len(offsets)), offsets, seed)


def epoch(source: Draws, number: int) -> list[Draw]:
    return [source[number * len(source) + position] for position in range(len(source))]


def test_every_sample_comes_once_an_epoch_in_another_order_and_offset():
    first, second = epoch(draws(), 0), epoch(draws(), 1)
    assert sorted(draw.sample for draw in first) == list(range(200))
    assert [draw.sample for draw in first] != [draw.sample for draw in second]
    by_sample = [sorted(part) for part in (first, second)]
    changed = sum(a.offset != b.offset for a, b in zip(*by_sample, strict=True))
    assert 130 < changed < 190  # four of five, by chance


def test_same_seed_same_draws_and_another_seed_others():
    assert epoch(draws(3), 7) == epoch(draws(3), 7)
    assert epoch(draws(3), 7) != epoch(draws(4), 7)


def test_offsets_are_uniform():
    counts = collections.Counter(draw.offset for n in range(50) for draw in epoch(draws(0), n))
    assert set(counts) == set(range(5))
    for count in counts.values():
        assert count == pytest.approx(2000, abs=160)  # four standard deviations


def test_a_sample_takes_only_offsets_it_can_reach():
    seen = collections.defaultdict(set)
    for number in range(40):
        for draw in epoch(draws(0, [(0,), (2,), (0, 1)]), number):
            seen[draw.sample].add(draw.offset)
    assert seen == {0: {0}, 1: {2}, 2: {0, 1}}


def test_batches_go_through_each_kind_on_its_own():
    labelled, others = draws(), draws(offsets=OFFSETS[:7], first=200)
    both = list(TrainingBatches([(labelled, 4), (others, 2)], count=60))
    assert len(both) == 60
    assert [draw for batch in both for draw in batch[:4]] == [labelled[n] for n in range(240)]
    assert [draw for batch in both for draw in batch[4:]] == [others[n] for n in range(120)]


def test_batches_go_on_where_they_were():
    whole = list(TrainingBatches([(draws(), 4)], count=130))
    rest = TrainingBatches([(draws(), 4)], count=130, first=77)
    assert list(rest) == whole[77:]
    assert len(rest) == 130  # Lightning counts those done as well


def test_without_a_count_it_is_one_pass_and_epochs_follow():
    batches = TrainingBatches([(draws(), 8)])
    assert len(batches) == 25
    first = list(batches)
    batches.set_epoch(1)
    assert [*first, *batches] == list(TrainingBatches([(draws(), 8)], count=50))


def test_processes_together_read_the_joint_batch():
    joint = TrainingBatches([(draws(), 6), (draws(offsets=OFFSETS[:9], first=200), 3)], count=40)
    shares = [
        TrainingBatches([(draws(), 2), (draws(offsets=OFFSETS[:9], first=200), 1)], 40, 0, rank, 3)
        for rank in range(3)
    ]
    for whole, *parts in zip(joint, *shares, strict=True):
        assert sorted(draw for part in parts for draw in part) == sorted(whole)


def test_evaluation_batches_have_one_offset_each_and_every_sample_once():
    samples = {0: list(range(7)), 1: list(range(7)), 2: [4]}
    batches = list(OffsetBatches(samples, size=3))
    assert all(len({draw.offset for draw in batch}) == 1 for batch in batches)
    drawn = [(draw.offset, draw.sample) for batch in batches for draw in batch]
    assert drawn == [(offset, number) for offset, numbers in samples.items() for number in numbers]
    shares = [list(OffsetBatches(samples, 3, rank, 3)) for rank in range(3)]
    assert sorted(batch for share in shares for batch in share) == sorted(batches)


def test_what_comes_instead_is_a_function_of_the_draw_and_of_its_kind():
    source = draws(first=50)
    first = source[7]
    chain = [first]
    for _ in range(300):
        chain.append(source.replacement(chain[-1]))
    assert chain[1] == draws(first=50).replacement(first)
    assert len({draw.seed for draw in chain}) == len(chain)
    assert all(50 <= draw.sample < 250 and 0 <= draw.offset < 5 for draw in chain)
    assert len({draw.sample for draw in chain}) > 120
    assert {draw.offset for draw in chain} == set(range(5))


def test_every_process_has_something_to_evaluate():
    few = {0: [4, 7, 9], 1: [4]}
    shares = [list(OffsetBatches(few, 64, rank, 4)) for rank in range(4)]
    assert [[draw[:2] for (draw,) in share] for share in shares] == [
        *([(4, 0)], [(7, 0)], [(9, 0)], [(4, 1)]),
    ]
    assert [len(list(OffsetBatches(few, 64, rank, 2))) for rank in range(2)] == [2, 1]
    with pytest.raises(BadData, match=r"4 clips .* 5 processes"):
        OffsetBatches(few, 64, 0, 5)
