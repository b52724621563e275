"""The table of numbers is what the metrics say, as JSON holds it."""

import json

import pytest
import torch

from bdnet.data.classes import Classes
from bdnet.metrics import (
    BoundaryF,
    BoundaryIoU,
    SegmentationByOffset,
    TailingError,
    VideoConsistency,
)
from bdnet.training.scores import OffsetMetrics, VideoMetrics, scalars

CLASSES = Classes(("road", "car", "sky"), ((0, 0, 0),) * 3)


def maps(count: int, seed: int, classes: int = 3) -> torch.Tensor:
    """[count, 48, 64] of blocks of random classes; some are void, where there are four."""
    generator = torch.Generator().manual_seed(seed)
    blocks = torch.randint(0, classes, (count, 6, 8), generator=generator)
    blocks = blocks.repeat_interleave(8, 1).repeat_interleave(8, 2)
    return blocks.where(blocks < 3, 255)


def test_numbers_by_offset_are_those_of_the_metrics():
    scores = OffsetMetrics(CLASSES, 3, outlines=True)
    segmentation = SegmentationByOffset(3, 3)
    outlines = [(BoundaryIoU(3), BoundaryF(3)) for _ in range(3)]
    for seed, offsets in enumerate([[0, 0], [1, 2], [2, 1], [0, 2]]):
        prediction, labels = maps(2, seed), maps(2, seed + 9, classes=4)
        scores.update(prediction, labels, torch.tensor(offsets))
        segmentation.update(prediction, labels, torch.tensor(offsets))
        for number, offset in enumerate(offsets):
            for metric in outlines[offset]:
                metric.update(prediction[number, None], labels[number, None])
    result, wanted = scores.compute(), segmentation.compute()
    assert result["miou"] == pytest.approx([float(value) for value in wanted.miou])
    assert result["avg_k"] == pytest.approx(sum(result["miou"]) / 3)
    assert result["avg"] == pytest.approx(sum(result["miou"][1:]) / 2)
    assert result["last_k"] == result["miou"][2]
    assert list(result["iou"]) == ["road", "car", "sky"]
    assert result["iou"]["car"] == pytest.approx([float(classes[1]) for classes in wanted.iou])
    assert result["boundary_iou"] == pytest.approx([float(b.compute().mean) for b, _ in outlines])
    assert list(result["boundary_f"]) == ["3", "5", "9", "12"]
    for pixels, values in result["boundary_f"].items():
        assert values == pytest.approx([float(f.compute()[int(pixels)].mean) for _, f in outlines])
    assert len({*result["miou"], *result["boundary_iou"], *result["boundary_f"]["3"]}) == 9


def test_while_training_there_are_no_outlines():
    scores = OffsetMetrics(CLASSES, 2, outlines=False)
    scores.update(maps(2, 0), maps(2, 1), torch.tensor([0, 1]))
    assert set(scores.compute()) == {"miou", "avg_k", "avg", "last_k", "iou"}


@pytest.mark.filterwarnings("ignore:The ``compute`` method")  # that is what is asked for
def test_what_is_undefined_is_none_and_scalars_leave_it_out():
    scores = OffsetMetrics(CLASSES, 2, outlines=True)
    labels = torch.zeros(1, 48, 64, dtype=torch.long)
    scores.update(labels, labels, torch.tensor([0]))
    values = scores.compute()
    assert json.loads(json.dumps(values, allow_nan=False)) == values
    assert values["miou"] == [1.0, None]
    assert (values["avg_k"], values["last_k"]) == (None, None)
    assert values["iou"] == {"road": [1.0, None], "car": [None, None], "sky": [None, None]}
    flat = scalars(values, "test")
    assert flat["test/miou/d=0"] == flat["test/iou/road/d=0"] == 1.0
    assert "test/avg_k" not in flat
    assert not any("d=1" in name or "car" in name for name in flat)


def test_numbers_of_a_single_offset_have_no_average_over_later_ones():
    scores = OffsetMetrics(CLASSES, 1, outlines=False)
    scores.update(maps(1, 0), maps(1, 1), torch.tensor([0]))
    values = scores.compute()
    assert values["avg"] is None
    assert values["avg_k"] == values["last_k"] == values["miou"][0]


def test_numbers_of_video_are_those_of_the_metrics():
    scores = VideoMetrics(CLASSES)
    segmentation, tailing = SegmentationByOffset(3, 1), TailingError(3, [1])
    consistency = VideoConsistency(3, 8)
    for seed, length in ((0, 10), (1, 3)):
        prediction = maps(length, seed).index_select(0, torch.arange(length) // 2)
        labels = maps(length, seed + 5, classes=4).index_select(0, torch.arange(length) // 9)
        scores.update(prediction, labels)
        segmentation.update(prediction, labels, torch.zeros(length, dtype=torch.long))
        tailing.update(prediction[1:], labels[1:], labels[:-1])
        if length >= 8:
            consistency.update(prediction[None], labels[None])
    values, wanted = scores.compute(), tailing.compute()
    assert values["miou"] == pytest.approx(float(segmentation.compute().miou[0]))
    assert values["tailing_error"] == pytest.approx(float(wanted.error))
    assert values["smear"] == pytest.approx(float(wanted.smear))
    assert 0 < values["smear"] < values["tailing_error"] < 1
    by_pixel, by_window = consistency.compute()
    assert values["consistency"] == {"8": pytest.approx(float(by_pixel))}
    assert values["consistency_by_window"] == {"8": pytest.approx(float(by_window))}


def test_a_reset_forgets_everything():
    scores = OffsetMetrics(CLASSES, 1, outlines=True)
    labels = maps(1, 1)
    scores.update((labels + 1) % 3, labels, torch.tensor([0]))
    assert scores.compute()["avg_k"] == 0
    scores.reset()
    scores.update(labels, labels, torch.tensor([0]))
    assert scores.compute()["avg_k"] == scores.compute()["boundary_iou"][0] == 1
