"""A network's way through a video, frame by frame."""

import numpy as np
import pytest
import torch

from bdnet.codec import VideoReader
from bdnet.inference.labeller import CudaGraphLabeller, Labeller, labeller
from bdnet.types import Frame
from networks import build
from videos import Pan

NETWORKS = {
    "bdnet": ("+model=bdnet", "model/boundary=warped"),
    "compared": ("+model=bdnet", "model/boundary=compared", "model/propagation=filled"),
    "copy": ("+model=bdnet", "model/boundary=none", "model/propagation=copy"),
    "single_frame": ("+model=single_frame",),
    "grfp": ("+model=grfp",),
    "dff": ("+model=dff",),
}


@pytest.fixture
def frames(make_video) -> list[Frame]:
    with VideoReader(make_video(scene=Pan((1.5, -1.0)), size=(64, 96), frames=11), "all") as reader:
        return list(reader)


def labels(label: Labeller, frames: list[Frame]) -> list[np.ndarray]:
    return [label(frame, frame.index % 4 == 0, 64, 96) for frame in frames]


def test_what_a_network_does_not_look_at_is_not_read(frames):
    label = Labeller(build(*NETWORKS["bdnet"]))
    key, other = label.read(frames[0], True), label.read(frames[1], False)
    assert key.image.shape == (1, 64, 96, 3)
    assert key.motion is key.valid is other.image is None
    assert other.motion.shape == (1, 2, 8, 12)
    seen = Labeller(build(*NETWORKS["compared"])).read(frames[1], False)
    assert torch.equal(seen.image[0], torch.from_numpy(frames[1].image))


def test_each_video_has_a_memory_of_its_own(frames):
    model = build(*NETWORKS["bdnet"])
    first, second = Labeller(model), Labeller(model)
    expected = labels(first, frames)
    start = second(frames[0], True, 64, 96)
    labels(first, frames[::-1][-5:])  # the second sees nothing of it
    assert np.array_equal(start, expected[0])
    assert np.array_equal(second(frames[1], False, 64, 96), expected[1])


def test_a_processor_has_nothing_to_replay():
    assert type(labeller(build(*NETWORKS["bdnet"]))) is Labeller
    assert not build("+model=tdnet").has_two_steps


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("name", NETWORKS)
def test_replayed_steps_say_the_same(name: str, frames):
    model = build(*NETWORKS[name]).cuda().to(memory_format=torch.channels_last)
    plain, replayed = Labeller(model), labeller(model)
    assert type(replayed) is CudaGraphLabeller
    for expected, actual in zip(labels(plain, frames), labels(replayed, frames), strict=True):
        assert (expected != actual).mean() < 1e-3
    # a second time through, what was recorded is used from the first frame on
    assert np.array_equal(replayed(frames[0], True, 64, 96), labels(replayed, frames)[0])


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_networks_that_count_frames_are_not_replayed(frames):
    model = build("+model=tdnet").cuda()
    assert type(labeller(model)) is Labeller
    assert len(labels(labeller(model), frames)) == len(frames)
