"""Streaming: what the network says of a video is what it says of its clips."""

import gc
import itertools
import sys
import threading
import weakref
from pathlib import Path

import numpy as np
import pytest
import torch

from bdnet.codec import CorruptStream, UnsupportedStream, VideoReader
from bdnet.data.normalisation import normalise
from bdnet.errors import BdnetError
from bdnet.inference.streaming import AHEAD, Stream, segment
from bdnet.keyframes.adaptive import Adaptive
from bdnet.motion.upsampling import upsample
from bdnet.types import Clip, Frame
from networks import build
from videos import NO_VECTORS, Cut, Pan, overwrite, packet_positions

INTERVAL = 5
MODELS = {
    "bdnet": ("+model=bdnet", "model/boundary=warped", "model/propagation=vectors"),
    "compared": ("+model=bdnet", "model/boundary=compared", "model/propagation=filled"),
    "single": ("+model=single_frame",),
}
SLOW = Pan((1.5, -1.0))


@pytest.fixture(scope="module", params=MODELS)
def model(request):
    return build(*MODELS[request.param])


@pytest.fixture(scope="module")
def bdnet():
    return build(*MODELS["bdnet"])


def frames_of(path: Path, **settings) -> list[Frame]:
    with VideoReader(path, "all", threads=1, **settings) as reader:
        return list(reader)


def clip(frames: list[Frame], key: int, target: int) -> Clip:
    """A batch of one: frames key..target of a video as the loader would hand them over."""
    chain = frames[key + 1 : target + 1]
    height, width = frames[0].image.shape[:2]
    grid = -(-height // 8), -(-width // 8)
    motion = [torch.from_numpy(frame.motion) for frame in chain]
    valid = [torch.from_numpy(frame.valid) for frame in chain]
    images = [torch.from_numpy(frames[index].image).permute(2, 0, 1) for index in (key, target)]
    batch = Clip(
        torch.stack(images)[None],
        torch.stack(motion)[None] if chain else torch.zeros(1, 0, 2, *grid),
        torch.stack(valid)[None] if chain else torch.ones(1, 0, *grid, dtype=torch.bool),
        torch.full((1, height, width), 255),
        torch.tensor([len(chain)]),
    )
    return normalise(batch)


@torch.no_grad()
def assert_says_the_same(model, labels: np.ndarray, batch: Clip) -> None:
    """Equal labels wherever the two best classes are not equally good but for rounding."""
    scores = upsample(model(batch).logits, *labels.shape)[0]
    best = scores.topk(2, 0)
    is_clear = (best.values[0] - best.values[1] > 1e-3 * scores.std()).numpy()
    assert is_clear.mean() > 0.97
    assert np.array_equal(labels[is_clear], best.indices[0].numpy()[is_clear])


@pytest.mark.parametrize("size", [(61, 99), (64, 96)])
@pytest.mark.parametrize("images", ["read", "all"])
def test_labels_are_those_of_clips(make_video, model, size, images) -> None:
    # H.264 has no odd sizes at 4:2:0
    path = make_video(scene=SLOW, size=size, frames=15, pixel_format="yuv444p")
    frames, key = frames_of(path), 0
    segmented = list(segment(path, model, INTERVAL, images))
    assert [frame.frame.index for frame in segmented] == list(range(15))
    # the codec's keyframe 12 comes before 15, which would have been due
    assert [frame.frame.index for frame in segmented if frame.is_key] == [0, 5, 10, 12]
    for frame in segmented:
        key = frame.frame.index if frame.is_key else key
        assert frame.offset == frame.frame.index - key
        assert frame.labels.dtype == np.uint8
        assert frame.labels.shape == size
        assert_says_the_same(model, frame.labels, clip(frames, key, frame.frame.index))
        is_read = frame.is_key or model.pixels == "all" or images == "all"
        assert (frame.frame.image is not None) == is_read
        assert frame.seconds.decode > 0
        assert frame.seconds.network > 0
    assert len({frame.labels.tobytes() for frame in segmented}) > 5


@pytest.mark.parametrize(
    ("interval", "keys"),
    [(1, list(range(15))), (4, [0, 4, 8, 12]), (12, [0, 12]), (100, [0, 12]), (None, [0, 12])],
)
def test_keyframes_are_due_after_the_interval_and_where_the_stream_starts_afresh(
    make_video, bdnet, interval, keys
) -> None:
    path = make_video(scene=SLOW, size=(64, 96), frames=15)
    segmented = list(segment(path, bdnet, interval))
    assert [frame.frame.index for frame in segmented if frame.is_key] == keys
    assert [frame.frame.index for frame in segmented if frame.frame.image is not None] == keys
    everything = segment(path, bdnet, interval, "all")
    for frame, decoded in zip(segmented, everything, strict=True):
        assert np.array_equal(frame.labels, decoded.labels)


@pytest.mark.parametrize("interval", [9, None])
def test_an_intra_frame_that_is_no_codec_keyframe_is_one_of_the_networks(
    make_video, bdnet, interval
) -> None:
    options = (("bf", "0"), ("refs", "1"), ("keyint_min", "20"), ("sc_threshold", "400"))
    path = make_video(scene=Cut(at=7), size=(96, 128), frames=12, options=options)
    segmented = list(segment(path, bdnet, interval))
    assert [frame.frame.index for frame in segmented if frame.is_key] == [0, 7]
    assert_says_the_same(bdnet, segmented[7].labels, clip(frames_of(path, strict=False), 7, 7))


def test_unclean_streams_are_done_as_well_as_it_goes_and_said_once(
    make_video, model, caplog
) -> None:
    path = make_video(scene=SLOW, size=(96, 128), frames=20, options=(("crf", "20"),))
    with Stream(path, model, INTERVAL, threads=1, motion="stream") as stream:
        segmented = list(stream)
        problems, share = stream.reader.problems, stream.reader.hole_share
    frames = frames_of(path, strict=False)
    assert [frame.frame.index for frame in segmented if frame.is_key] == [0, 5, 10, 15]
    for frame in segmented:
        key = frame.frame.index // INTERVAL * INTERVAL
        assert_says_the_same(model, frame.labels, clip(frames, key, frame.frame.index))
    assert any("B-frames" in problem for problem in problems)
    assert 0 < share < 1
    assert [message for message in caplog.messages if "no usable vector" in message] == [
        f"{path}: {100 * share:.1f} % of the picture had no usable vector"
    ] * 2  # of the stream, and of the frames that the test itself read
    with pytest.raises(UnsupportedStream, match=r"bdnet\.encode"):
        list(segment(path, model, strict=True, motion="stream"))


@pytest.mark.parametrize("kind", ["hevc", "vp9"])
def test_any_codec_is_segmented_along_searched_motion(make_video, model, kind) -> None:
    path = make_video(scene=SLOW, size=(96, 128), frames=12, **NO_VECTORS[kind])
    with Stream(path, model, INTERVAL, threads=1) as stream:
        segmented = list(stream)
        source = stream.reader.source_of_motion
    assert source.startswith("searched")
    frames = list(VideoReader(path, "all", strict=False, motion="search", threads=1))
    assert [frame.frame.index for frame in segmented if frame.is_key] == [0, 5, 10]
    for frame in segmented:
        key = frame.frame.index // INTERVAL * INTERVAL
        assert_says_the_same(model, frame.labels, clip(frames, key, frame.frame.index))
    with pytest.raises(UnsupportedStream, match="motion=search"):
        Stream(path, model, motion="stream")


def test_a_search_finds_the_same_keyframes(make_video, bdnet) -> None:
    """The codec's own where they are asked for, and a cut in any case."""
    options = (("bf", "2"), ("g", "8"), ("keyint_min", "8"), ("sc_threshold", "0"))
    path = make_video(scene=Cut(at=5), size=(96, 128), frames=20, options=options)
    for interval, keys in ((None, [0, 5, 8, 16]), (6, [0, 5, 11, 17])):
        for images in ("read", "all"):
            segmented = segment(path, bdnet, interval, images, motion="search")
            assert [frame.index for frame in segmented if frame.is_key] == keys


def test_damage_costs_no_more_than_its_group_of_pictures(make_video, bdnet, tmp_path) -> None:
    path = tmp_path / "damaged.mp4"
    sound = make_video(scene=SLOW, size=(96, 128), frames=30)
    path.write_bytes(sound.read_bytes())
    position, size = packet_positions(path)[12]
    overwrite(path, position, bytes(size))  # a keyframe is gone
    by_time = {frame.frame.time: frame for frame in segment(path, bdnet, INTERVAL, threads=1)}
    for frame in segment(sound, bdnet, INTERVAL):
        if frame.frame.index < 12 or frame.frame.index >= 24:
            assert np.array_equal(by_time[frame.frame.time].labels, frame.labels)
    with pytest.raises(CorruptStream):
        list(segment(path, bdnet, strict=True))


def test_before_the_first_keyframe_nothing_is_known(make_video, bdnet, monkeypatch) -> None:
    """Such as where a recording begins in the middle of a group of pictures."""
    path = make_video(scene=SLOW, size=(64, 96), frames=15)
    whole = VideoReader.__iter__

    def headless(reader):
        yield from itertools.islice(whole(reader), 3, None)

    monkeypatch.setattr(VideoReader, "__iter__", headless)
    segmented = list(segment(path, bdnet, None))
    assert [frame.frame.index for frame in segmented] == list(range(3, 15))
    assert all((frame.labels == 255).all() for frame in segmented[:9])
    assert [frame.is_key for frame in segmented] == [False] * 9 + [True] + [False] * 2
    assert [frame.offset for frame in segmented[-3:]] == [0, 1, 2]
    # asked for all pixels, the first frame there is can be one
    assert [frame.frame.index for frame in segment(path, bdnet, None, "all") if frame.is_key] == [
        3,
        12,
    ]


def test_decoded_frames_are_few_at_a_time(make_video, bdnet, monkeypatch) -> None:
    path = make_video(scene=SLOW, size=(64, 96), frames=40)
    alive: weakref.WeakSet = weakref.WeakSet()
    whole = VideoReader.__iter__
    most = 0

    class Picture(np.ndarray):
        """An array that can be counted."""

    def counted(reader):
        nonlocal most
        for frame in whole(reader):
            picture = frame.image.view(Picture)
            alive.add(picture)
            most = max(most, len(alive))
            yield frame._replace(image=picture)

    monkeypatch.setattr(Picture, "__hash__", object.__hash__)
    monkeypatch.setattr(VideoReader, "__iter__", counted)
    gc.collect()
    for number, frame in enumerate(segment(path, bdnet, INTERVAL, "all")):
        if number == 10:
            threading.Event().wait(0.2)  # time enough to decode all, if nothing held it back
        del frame
    assert number == 39
    assert 0 < most <= AHEAD + 3  # of 40


def test_closing_early_leaves_no_thread_and_no_open_file(make_video, bdnet) -> None:
    path = make_video(scene=SLOW, size=(64, 96), frames=40)
    before = set(threading.enumerate())
    stream = Stream(path, bdnet, INTERVAL, threads=1)
    next(iter(stream))
    assert set(threading.enumerate()) > before
    stream.close()
    assert set(threading.enumerate()) == before
    assert not stream.reader._decoders._idle
    with pytest.raises(ValueError, match="this reader is closed"):
        stream.reader.clip(3, 1)
    for _ in segment(path, bdnet, INTERVAL, threads=1):
        break
    gc.collect()
    assert set(threading.enumerate()) == before
    if sys.platform == "linux":
        assert str(path) not in [str(file.resolve()) for file in Path("/proc/self/fd").iterdir()]


def test_an_error_of_the_network_or_the_decoder_arrives_and_ends_the_thread(
    make_video, bdnet, monkeypatch
) -> None:
    path = make_video(scene=SLOW, size=(64, 96), frames=40)
    before = set(threading.enumerate())
    whole = VideoReader.__iter__

    def broken(reader):
        yield from itertools.islice(whole(reader), 3)
        raise CorruptStream("broken", 3)

    monkeypatch.setattr(VideoReader, "__iter__", broken)
    seen = []
    with pytest.raises(CorruptStream, match="broken"):
        seen += [frame.frame.index for frame in segment(path, bdnet)]
    monkeypatch.setattr(VideoReader, "__iter__", whole)

    def interrupted(state, frame):
        raise KeyboardInterrupt

    monkeypatch.setattr(bdnet, "step", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(segment(path, bdnet))
    gc.collect()
    assert set(threading.enumerate()) == before


def test_settings_that_mean_nothing_are_refused(make_video, bdnet) -> None:
    with pytest.raises(BdnetError, match="interval=0"):
        Stream(make_video(), bdnet, 0)
    with pytest.raises(UnsupportedStream, match="no such file"):
        next(segment("absent.mp4", bdnet))


def test_the_network_is_put_into_evaluation(make_video) -> None:
    model = build(*MODELS["single"]).train()
    first = next(segment(make_video(size=(64, 96)), model))
    assert not model.training
    frame, labels, *_ = first
    assert frame.index == 0
    assert labels.shape == (64, 96)
    assert not any(tensor.requires_grad for tensor in model.state_dict().values())


def test_any_rule_says_which_frames_are_read(make_video, bdnet) -> None:
    path = make_video(scene=SLOW, size=(64, 96), frames=20)
    rule = Adaptive(holes=1.0, motion=0.08)
    segmented = list(segment(path, bdnet, rule))
    keys = [frame.frame.index for frame in segmented if frame.is_key]
    # the codec's own at 12; 1.8 pixels per frame, and the limit is at 9.6 of a diagonal of 120
    assert [key for key in keys if key < 12] == [0, 6]
    assert 12 in keys
    assert [frame.frame.index for frame in segmented if frame.frame.image is not None] == keys
    for frame, decoded in zip(segmented, segment(path, bdnet, rule, "all"), strict=True):
        assert frame.is_key == decoded.is_key
        assert np.array_equal(frame.labels, decoded.labels)


def test_half_the_bits_say_nearly_the_same(make_video, bdnet) -> None:
    path = make_video(scene=SLOW, size=(64, 96), frames=6)
    pairs = zip(segment(path, bdnet), segment(path, bdnet, precision="bfloat16"), strict=True)
    agree = [float((half.labels == full.labels).mean()) for half, full in pairs]
    assert 0.9 < min(agree) < 1
    with pytest.raises(BdnetError, match="precision=int3"):
        next(segment(path, bdnet, precision="int3"))
