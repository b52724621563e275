"""Networks of each library are labelled as by their library, and asked about keyframes only."""

import numpy as np
import pytest
import torch
from segmenters import SEGMENTERS, Segmenter

from bdnet.codec import VideoReader
from bdnet.data.classes import Classes, default_colours
from bdnet.inference.accelerate import accelerate
from bdnet.inference.labeller import labeller
from bdnet.inference.network import Network
from bdnet.models.for_inference import for_inference
from networks import build
from videos import Pan

SIZE = (80, 112)
SCENE = Pan((1.7, -0.8))
FRAMES = 14


@pytest.fixture(scope="module", params=SEGMENTERS)
def segmenter(request: pytest.FixtureRequest) -> Segmenter:
    return SEGMENTERS[request.param]()


@pytest.fixture(scope="module")
def video(make_video):
    return make_video(scene=SCENE, size=SIZE, frames=FRAMES)


@torch.no_grad()
def test_every_frame_has_the_networks_own_labels(segmenter, video) -> None:
    """At interval 1 without memory: to the last bit, and busy enough to mean something."""
    fast = accelerate(segmenter.model, 1, memory=0, **segmenter.options)
    for frame in fast.video(video):
        own = segmenter.own(frame.frame.image)
        assert frame.labels.shape == SIZE
        assert frame.labels.dtype == np.uint8
        assert np.array_equal(frame.labels, own)
        assert len(np.unique(own)) > 1
    assert frame.index == FRAMES - 1


def test_the_network_is_asked_about_keyframes_only(segmenter, video, monkeypatch) -> None:
    fast = accelerate(segmenter.model, 5, **segmenter.options)
    asked = []
    answer = type(fast.network).answer
    monkeypatch.setattr(
        type(fast.network), "answer", lambda self, batch: asked.append(1) or answer(self, batch)
    )
    frames = list(fast.video(video))
    keys = [frame.index for frame in frames if frame.is_key]
    assert keys == [0, 5, 10, 12]  # the codec's own at 12
    assert len(asked) == len(keys)
    assert [frame.index for frame in frames if frame.frame.image is not None] == keys
    assert [frame.offset for frame in frames[:6]] == [0, 1, 2, 3, 4, 0]


def test_streaming_is_frame_by_frame(segmenter, video) -> None:
    fast = accelerate(segmenter.model, 4, **segmenter.options)
    stream = fast.start()
    with VideoReader(video, "all") as reader:
        for frame, streamed in zip(reader, fast.video(video), strict=True):
            stepped = stream.step(frame.image, frame.motion, frame.valid)
            assert np.array_equal(stepped.labels, streamed.labels)
            assert stepped[2:4] == streamed[2:4]


def test_batches_give_the_same_scores(segmenter, video) -> None:
    fast = accelerate(segmenter.model, **segmenter.options)
    with VideoReader(video, "all") as reader:
        images = [frame.image for frame in reader][:4]
    together = fast.network(images).scores
    alone = torch.cat([fast.network([image]).scores for image in images])
    assert torch.allclose(together, alone, atol=1e-4)
    several = accelerate(segmenter.model, 2, batch=4, **segmenter.options)
    one_by_one = accelerate(segmenter.model, 2, **segmenter.options)
    for batched, single in zip(several.video(video), one_by_one.video(video), strict=True):
        assert batched[2:4] == single[2:4]
        assert (batched.labels == single.labels).mean() > 0.999


@pytest.mark.parametrize("size", [(62, 100), (80, 112)])
def test_a_run_of_our_own_gives_the_scores_of_predict(size: tuple[int, int], make_video) -> None:
    """Bit for bit, whatever the network's parts."""
    for overrides in (["+model=single_frame"], ["+model=bdnet", "model/boundary=compared"]):
        network = Network(build(*overrides), default_classes(), 5, "random")
        fast = accelerate(network, 1, memory=0)
        model = for_inference(network.model).to(memory_format=torch.channels_last)
        path = make_video(scene=Pan((1.7, -0.8)), size=size, frames=4)
        label = labeller(model)
        for frame in fast.video(path):
            scores, labels = label.predict(frame.frame, is_key=True, height=size[0], width=size[1])
            assert torch.equal(fast.network([frame.frame.image]).scores, scores)
            assert np.array_equal(frame.labels, labels[0].numpy())


def default_classes() -> Classes:
    return Classes(tuple(f"class {number}" for number in range(3)), tuple(default_colours(3)))
