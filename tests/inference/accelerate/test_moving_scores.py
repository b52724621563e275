"""What travels between keyframes, what they keep, and where everything starts afresh."""

import numpy as np
import pytest
import torch
from segmenters import Plain

from bdnet.codec import VideoReader
from bdnet.inference.accelerate import accelerate
from bdnet.inference.accelerate.grid import Grid, at_grid, finer
from bdnet.inference.accelerate.warping import moved
from bdnet.types import Frame
from videos import Cut, Pan

SIZE = (96, 128)
CLEAN = (("bf", "0"), ("refs", "1"), ("sc_threshold", "0"), ("crf", "10"), ("threads", "1"))


def bright(image: np.ndarray) -> np.ndarray:
    """Two classes by how bright the red of a pixel is; scores [2, H, W]."""
    level = (image[..., 0].astype(np.float32) - 128) / 20
    return np.stack([-level, level])


def frames_of(video) -> list[Frame]:
    with VideoReader(video, "all", strict=False) as reader:
        return list(reader)


@pytest.mark.parametrize("kernel", ["linear", "cubic"])
@pytest.mark.parametrize("corners", [False, True])
def test_a_field_moves_maps_of_any_stride(kernel: str, corners: bool) -> None:
    """A gradient in pixels stays one, shifted by the field, away from the border."""
    grid = Grid(21, 37, (100, 130), corners)
    y, x = grid.centres(torch.device("cpu"))
    assert grid.stride[0] != grid.stride[1]
    maps = torch.stack([y[:, None].expand(-1, 37), x.expand(21, -1)])[None]
    field = torch.zeros(1, 2, 13, 17)
    field[:, 0], field[:, 1] = 6.5, -9.25
    moved_maps = moved(maps, field, grid, kernel)
    moved_maps, maps = (values[0, :, 5:-5, 5:-5] for values in (moved_maps, maps))
    # torch's cubic kernel bends a gradient a little
    near = {"linear": 1e-3, "cubic": 0.3}[kernel]
    assert torch.allclose(moved_maps[0], maps[0] - 9.25, atol=near)
    assert torch.allclose(moved_maps[1], maps[1] + 6.5, atol=near)


@pytest.mark.parametrize("corners", [False, True])
def test_finer_maps_lie_where_the_coarse_ones_do(corners: bool) -> None:
    grid = Grid(12, 20, (100, 130), corners)
    x = grid.centres(torch.device("cpu"))[1]
    maps, fine = finer(x.expand(1, 2, 12, -1), grid, 4)
    assert max(fine.stride) <= 4 < min(grid.stride)
    assert maps.shape == (1, 2, fine.rows, fine.columns)
    inside = slice(4, -4)
    wanted = fine.centres(torch.device("cpu"))[1]
    assert torch.allclose(maps[0, 0, 3, inside], wanted[inside], atol=1e-3)
    assert finer(maps, fine, 4)[1] == fine


def test_values_of_the_codecs_cells_are_read_at_pixels() -> None:
    columns = torch.arange(20.0).expand(1, 1, 15, 20) * 8 + 3.5  # the pixel at each centre
    grid = Grid(30, 50, (120, 160))
    read = at_grid(columns, grid)[0, 0, 0]
    inside = slice(2, -2)
    assert torch.allclose(read[inside], grid.centres(torch.device("cpu"))[1][inside], atol=1e-4)


@pytest.mark.parametrize("memory", [0.0, 0.6])
def test_labels_follow_the_picture(make_video, memory: float) -> None:
    video = make_video(scene=Pan((3.0, 1.0)), size=SIZE, frames=24, options=(*CLEAN, ("g", "24")))
    fast = accelerate(bright, 12, memory=memory)
    held = agree = 0.0
    for frame in fast.video(video, images="all"):
        own = bright(frame.frame.image).argmax(0)
        if frame.offset == 0:
            first = own
        if frame.offset == 8:
            agree, held = (own == frame.labels).mean(), (own == first).mean()
            inner = np.s_[:-16, :-32]  # what came into view is not known
            assert (own == frame.labels)[inner].mean() > 0.95
    assert agree > held + 0.2


def test_a_keyframe_keeps_what_its_weight_says(make_video) -> None:
    """Of two networks one after the other, on a still picture: w and 1 - w."""
    video = make_video(size=SIZE, frames=4, options=(*CLEAN, ("g", "24")))
    first, second = np.zeros((2, *SIZE), np.float32), np.zeros((2, *SIZE), np.float32)
    first[0], second[1] = 2.0, 1.0
    answers = iter((first, second))
    stream = accelerate(lambda _: next(answers), 3, memory=0.4).start()
    for frame in frames_of(video):
        stream.step(frame.image, frame.motion, frame.valid)
    before, now = (torch.from_numpy(scores).softmax(0)[:, 0, 0] for scores in (first, second))
    state = stream._propagation.state[0, :, 50, 60]
    change = 0.05  # of grey levels, by the codec
    assert torch.allclose(state, 0.4 * before + 0.6 * now, atol=change)
    assert not torch.allclose(state, now, atol=change)


def test_a_cut_starts_afresh_and_a_codec_keyframe_does_not(make_video) -> None:
    """Either has no vectors; the pictures tell them apart."""
    sure = np.zeros((2, *SIZE), np.float32)
    sure[0], later = 4.0, np.zeros((2, *SIZE), np.float32)
    later[1] = 0.1
    for scene, kept in ((Pan((2.0, -1.0)), True), (Cut(at=6), False)):
        video = make_video(scene=scene, size=SIZE, frames=8, options=(*CLEAN, ("g", "6")))
        calls = []
        stream = accelerate(
            lambda _, calls=calls: calls.append(1) or (later if len(calls) > 1 else sure),
            20,
            memory=0.7,
        ).start()
        steps = [stream.step(frame.image, frame.motion, frame.valid) for frame in frames_of(video)]
        assert [frame.index for frame in steps if frame.is_key] == [0, 6]
        assert (steps[6].labels == 0).mean() == pytest.approx(float(kept), abs=0.1)


def test_a_cut_without_a_codec_keyframe_is_found(make_video) -> None:
    """The codec's vectors then are nearly all missing, and the network is asked."""
    video = make_video(scene=Cut(at=4), size=SIZE, frames=8, options=(*CLEAN, ("g", "24")))
    segmented = list(accelerate(bright, 20).video(video))
    assert [frame.index for frame in segmented if frame.is_key] == [0, 4]
    for frame in segmented:
        if frame.is_key:
            assert np.array_equal(frame.labels, bright(frame.frame.image).argmax(0))


def test_a_still_video_costs_one_call(make_video) -> None:
    video = make_video(size=SIZE, frames=20, options=(*CLEAN, ("g", "50")))
    segmented = list(accelerate(bright, 100).video(video))
    assert [frame.index for frame in segmented if frame.is_key] == [0]
    own = bright(segmented[0].frame.image).argmax(0)
    assert min((frame.labels == own).mean() for frame in segmented) > 0.98


def test_one_frame(make_video) -> None:
    video = make_video(size=SIZE, frames=1)
    (frame,) = accelerate(bright).video(video)
    assert frame.is_key


def test_ready_labels_move_too(make_video) -> None:
    """Half a pixel at each frame, which rounding frame by frame would lose."""
    video = make_video(scene=Pan((0.5, 0)), size=SIZE, frames=13, options=(*CLEAN, ("g", "24")))

    def ready(image: np.ndarray) -> np.ndarray:
        return bright(image).argmax(0)

    *_, last = accelerate(ready, 12).video(video)
    *_, before = frames_of(video)[:12]
    own = ready(before.image)
    *_, last = (frame for frame in accelerate(ready, 12).video(video) if frame.index < 12)
    first = ready(frames_of(video)[0].image)
    assert (last.labels == own)[:, :-10].mean() > (first == own)[:, :-10].mean() + 0.1
    assert last.labels.dtype == np.uint8


def test_a_yes_or_no_and_several_classes_at_once(make_video) -> None:
    video = make_video(scene=Pan((1.0, 0)), size=SIZE, frames=4)

    def yes(image: np.ndarray) -> np.ndarray:
        return bright(image)[1:]

    def both(image: np.ndarray) -> np.ndarray:
        level = bright(image)[1]
        return np.stack([level, level + 1, -level])

    for frame in accelerate(yes, 1, memory=0).video(video):
        assert np.array_equal(frame.labels, yes(frame.frame.image)[0] > 0)
    for frame in accelerate(both, 1, memory=0, multilabel=True).video(video):
        assert np.array_equal(frame.labels, both(frame.frame.image) > 0)
    for frame in accelerate(both, 4, multilabel=True).video(video):
        assert frame.labels.shape == (3, *SIZE)
        assert (frame.labels[1] >= frame.labels[0]).all()


def test_a_feature_between_two_parts_travels(make_video) -> None:
    video = make_video(scene=Pan((1.7, -0.8)), size=SIZE, frames=6)
    torch.manual_seed(0)
    model = Plain().eval()
    parts = (torch.nn.Sequential(model.first, torch.nn.ReLU()), model.last)
    whole, split = (
        accelerate(given, 1, memory=0, split=parts if given is None else None)
        for given in (model, None)
    )
    for expected, frame in zip(whole.video(video), split.video(video), strict=True):
        assert np.array_equal(expected.labels, frame.labels)
    segmented = list(accelerate(split=parts, interval=5).video(video))
    assert [frame.is_key for frame in segmented] == [True, False, False, False, False, True]
    assert len(np.unique(segmented[3].labels)) > 1


def test_memory_is_flat(make_video) -> None:
    """Of what a stream remembers: as many values after 4 frames as after 40."""
    video = make_video(scene=Pan((1.0, 0.5)), size=SIZE, frames=40)
    stream = accelerate(bright, 3).start()
    sizes = []
    for frame in frames_of(video):
        stream.step(frame.image, frame.motion, frame.valid)
        values = vars(stream._propagation).values()
        sizes.append(sum(value.numel() for value in values if isinstance(value, torch.Tensor)))
    assert max(sizes[4:]) == max(sizes[:8])


def test_a_file_with_b_frames_gets_its_motion_from_its_pictures(make_video) -> None:
    """Else two thirds of its frames would be held where they are."""
    video = make_video(scene=Pan((2.0, 1.0)), size=SIZE, frames=16, options=(("crf", "18"),))
    inner = np.s_[:-24, :-40]
    agree = {}
    for motion in ("stream", "auto"):
        frames = list(accelerate(bright, 20).video(video, "all", motion=motion))
        assert frames[0].is_key
        agree[motion] = np.mean(
            [(frame.labels == bright(frame.frame.image).argmax(0))[inner] for frame in frames[9:]]
        )
    assert agree["auto"] > 0.9
    assert agree["auto"] > agree["stream"]
