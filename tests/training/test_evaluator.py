"""What is counted in a test is what the network says."""

from pathlib import Path

import pytest
import torch
from hydra.utils import instantiate

from bdnet.data.module import ClipDataModule
from bdnet.data.normalisation import normalise
from bdnet.data.sampler import Draw
from bdnet.data.video_segments import VideoSegment
from bdnet.errors import BdnetError
from bdnet.inference.network import load
from bdnet.metrics import SegmentationByOffset
from bdnet.runs.run import Run
from bdnet.training.evaluator import Evaluator
from tiny_training import metrics


@pytest.fixture
def data(trained: Path) -> ClipDataModule:
    module: ClipDataModule = instantiate(Run(trained).config().data, _convert_="all")
    return module


@pytest.fixture
def evaluator(trained: Path) -> Evaluator:
    model, classes, interval, _ = load(trained)
    return Evaluator(model, classes, interval)


def segment(data: ClipDataModule) -> VideoSegment:
    video = data.video_segments("test")[0]
    return normalise(VideoSegment(*(tensor for tensor in video)))


@torch.no_grad()
def test_a_segment_is_predicted_as_its_clips_are(evaluator: Evaluator, data: ClipDataModule):
    clips, _ = data.evaluation_clips("test")
    video = segment(data)
    seen = list(evaluator.stream(video))
    assert video.is_key.tolist() == [True, False, False, False] * 2
    targets = {sample.target: number for number, sample in reversed(list(enumerate(clips.samples)))}
    for index, labels in enumerate(seen):
        clip = clips[Draw(targets[index], index % 4, (0, 0, 0))]
        batch = normalise(type(clip)(*(tensor[None] for tensor in clip)))
        assert torch.equal(batch.labels[0], video.labels[index])
        assert (evaluator.segment(batch) == labels).float().mean() > 0.999
    assert len({tuple(maps.flatten().tolist()) for maps in seen}) == 8


def test_pixels_that_the_network_does_not_read_stay_hidden(
    evaluator: Evaluator, data: ClipDataModule
):
    assert evaluator.student.pixels == "key"
    video = segment(data)
    hidden = video.images.clone()
    hidden[~video.is_key] = torch.nan
    with torch.no_grad():
        seen = torch.cat(list(evaluator.stream(video)))
        blind = torch.cat(list(evaluator.stream(video._replace(images=hidden))))
    assert torch.equal(seen, blind)


@torch.no_grad()
def test_a_finished_runs_numbers_can_be_counted_again(
    trained: Path, evaluator: Evaluator, data: ClipDataModule
):
    counted = SegmentationByOffset(3, 4)
    targets = 0
    for batch in data.test_dataloader()[0]:
        labels = evaluator.segment(normalise(batch))
        counted.update(labels, batch.labels, batch.offset)
        targets += len(batch.offset)
    scores = metrics(trained)["scores"]
    assert scores["miou"] == pytest.approx([float(value) for value in counted.compute().miou])
    assert targets == 4 * metrics(trained)["data"]["targets"]
    assert scores["video"]["frames"] == 16  # two videos


def test_a_layout_that_there_is_not_is_refused(evaluator: Evaluator):
    with pytest.raises(BdnetError, match="memory_format=rows"):
        evaluator.set_memory_format("rows")
    evaluator.set_memory_format("channels_last")
    weight = evaluator.student.get_parameter("head.branches.0.weight")
    assert weight.is_contiguous(memory_format=torch.channels_last)
