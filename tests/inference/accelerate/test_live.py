"""A camera that is faster than the network: frames skip the network, never the vectors."""

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from bdnet.inference.accelerate import accelerate
from bdnet.inference.accelerate.live import CALLS, LONGEST, Live, SpeedCheck
from bdnet.keyframes.base import Keyframes
from bdnet.keyframes.fixed import Fixed
from bdnet.types import Frame, Seconds, Segmentation
from videos import Pan

SIZE = (64, 96)
IMAGES = [Pan((2, -1)).picture(index, *SIZE) for index in range(40)]


def scores(image: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Of three classes, by colour: [classes, H, W]."""
    blurred = cv2.GaussianBlur(image, (0, 0), 4).astype(np.float32)
    return np.ascontiguousarray(blurred.transpose(2, 0, 1)) / 16


class Camera:
    """Gives a picture when the one before has its labels, and while the network works."""

    def __init__(self, during: int) -> None:
        self.during = during  # pictures that come while the network works
        self.given = self.labelled = 0
        self.is_busy = False
        self.changed = threading.Condition()

    def pictures(self) -> Iterator[NDArray[np.uint8]]:
        for image in IMAGES:
            with self.changed:
                assert self.changed.wait_for(
                    lambda: self.is_busy or self.labelled == self.given, timeout=20
                )
                self.given += 1
                self.changed.notify_all()
            yield image

    def network(self, image: NDArray[np.uint8]) -> NDArray[np.float32]:
        with self.changed:
            self.is_busy = True
            self.changed.notify_all()
            enough = min(len(IMAGES), self.given + self.during)
            assert self.changed.wait_for(lambda: self.given >= enough, timeout=20)
            self.is_busy = False
        return scores(image)

    def took(self) -> None:
        with self.changed:
            self.labelled += 1
            self.changed.notify_all()


class Chosen(Keyframes):
    def __init__(self, indices: set[int]) -> None:
        self.indices = indices

    def begin(self) -> Callable[[Frame], bool]:
        return lambda frame: frame.index in self.indices

    def __str__(self) -> str:
        return "chosen"


@pytest.mark.parametrize("images", ["read", "all"])
def test_labels_are_those_of_the_same_keyframes_offline(images: Any):
    camera = Camera(during=6)
    fast = accelerate(camera.network, 2)
    frames = []
    with fast.video(camera.pictures(), images, live=True) as video:
        for frame in video:
            frames.append(frame)
            camera.took()
        latency = video.latency
    assert [frame.index for frame in frames] == list(range(40))
    assert [frame.index for frame in frames if frame.frame.motion is None] == [0]
    keys = {frame.index for frame in frames if frame.is_key}
    assert 3 <= len(keys) <= 10  # 20 are due
    assert latency is not None
    assert latency.frames == 40
    assert 0 < latency.p50 <= latency.p99 <= latency.maximum
    assert all((frame.frame.image is not None) == (images == "all" or frame.is_key)
               for frame in frames)  # fmt: skip
    offline = accelerate(scores, keyframe=Chosen(keys)).video(IMAGES)
    for live, same in zip(frames, offline, strict=True):
        np.testing.assert_array_equal(live.labels, same.labels)


def test_a_network_with_time_reads_every_keyframe_that_is_due():
    camera = Camera(during=0)
    keys = []
    for frame in accelerate(camera.network, 4).video(camera.pictures(), live=True):
        keys.append(frame.is_key)
        camera.took()
    assert keys == [index % 4 == 0 for index in range(40)]


def still(index: int) -> Frame:
    return Frame(index, 0.0, False, None, np.zeros((2, 2, 2), np.float32), np.ones((2, 2), bool))


def test_a_network_that_is_never_free_is_asked_at_last():
    live = Live(Fixed(2).begin())
    wants = live.wants(all_images=False)
    keys = [index for index in range(3 * LONGEST) if wants(still(index))]
    assert keys[0] == 0
    assert len(keys) == 3
    assert np.diff(keys).min() >= LONGEST


@pytest.mark.parametrize(
    ("network", "labels", "decode", "is_searched", "is_slower"),
    [
        (0.100, 0.005, 0.010, True, False),
        (0.002, 0.005, 0.010, True, True),  # the search takes longer
        (0.002, 0.005, 0.010, False, False),  # every frame has to be decoded anyway
        (0.002, 0.005, 0.001, False, True),  # warping takes longer
    ],
)
def test_a_network_faster_than_its_acceleration_is_told_once(
    caplog: pytest.LogCaptureFixture,
    network: float,
    labels: float,
    decode: float,
    is_searched: bool,
    is_slower: bool,
):
    check = SpeedCheck("drive.mp4", is_searched)
    with caplog.at_level(logging.WARNING):
        for index in range(5 * CALLS * 2):
            is_key = index % 5 == 0
            seconds = Seconds(decode, 1.0 if index == 0 else network if is_key else labels)
            nothing = np.zeros(SIZE, np.uint8)
            check.add(Segmentation(still(index), nothing, is_key, index % 5, seconds))
    assert ["drive.mp4" in record.message for record in caplog.records] == [True] * is_slower


def test_pictures_may_change_their_size():
    smaller = [Pan((1, 1)).picture(index, 48, 64) for index in range(8)]
    images = [*IMAGES[:8], *smaller]
    fast = accelerate(scores, 5)
    frames = list(fast.video(images))
    assert [frame.labels.shape for frame in frames] == [SIZE] * 8 + [(48, 64)] * 8
    assert [frame.index for frame in frames if frame.is_key] == [0, 5, 8, 13]
    alone = list(fast.video(smaller))
    for frame, same in zip(frames[8:], alone, strict=True):
        np.testing.assert_array_equal(frame.labels, same.labels)
    assert fast.compare(images).frames == 16
