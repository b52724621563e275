"""Fields of real streams against the motion that was filmed: sign, scale, reference, holes."""

import itertools

import cv2
import numpy as np
import pytest
import torch

from bdnet.codec import VideoReader
from bdnet.motion.accumulation import accumulate
from bdnet.types import Frame
from videos import CLEAN_MPEG, Cut, Pan, Walk, Zoom

QUARTER_PEL = (*CLEAN_MPEG.items(), ("flags", "+qpel"))
CODECS = {
    "h264": {"codec": "libx264"},
    "mpeg4": {"codec": "mpeg4"},
    "mpeg2": {"codec": "mpeg2video", "container": "ts"},
    "mpeg4 quarter-pel": {"codec": "mpeg4", "options": QUARTER_PEL},
}
INTEGER_OR_HALF = [(2.0, 1.0), (-3.0, 2.0), (1.5, -0.5), (4.0, -3.0)]
QUARTER = [(0.25, 0.75), (-1.25, 0.5)]
PANS = [(codec, shift) for codec in ("h264", "mpeg4", "mpeg2") for shift in INTEGER_OR_HALF]
PANS += [(codec, shift) for codec in ("h264", "mpeg4 quarter-pel") for shift in QUARTER]
EDGE = 2  # cells; content that comes into the picture was in no frame before


def read(path, **options) -> list[Frame]:
    with VideoReader(path, threads=1, **options) as reader:
        return list(reader)


def share_of(frame: Frame, motion: tuple[float, float], edge: int = EDGE) -> float:
    """Share of the inner cells that are valid and hold exactly this vector."""
    inner = slice(edge, -edge), slice(edge, -edge)
    hits = (frame.motion == np.float32(motion)[:, None, None]).all(0) & frame.valid
    return float(hits[inner].mean())


@pytest.mark.parametrize(("codec", "shift"), PANS)
def test_vectors_are_the_motion_of_a_pan(make_video, codec, shift) -> None:
    frames = read(make_video(scene=Pan(shift), **CODECS[codec]))
    assert [frame.index for frame in frames if frame.motion is None] == [0, 12, 24]
    shares = [share_of(frame, shift) for frame in frames if frame.motion is not None]
    assert min(shares) > 0.95, f"{min(shares):.3f} of the inner cells at worst"


@pytest.mark.parametrize("codec", ["h264", "mpeg4", "mpeg2"])
def test_vectors_refer_to_the_frame_before(make_video, codec) -> None:
    walk = Walk(((2.0, 1.0), (-1.0, 3.0), (0.0, -2.0), (3.5, 0.0), (-2.0, -0.5)))
    for frame in read(make_video(scene=walk, **CODECS[codec])):
        if frame.motion is not None:
            share = share_of(frame, walk.step(frame.index))
            assert share > 0.9, f"frame {frame.index}: {share:.3f}"


@pytest.mark.parametrize("codec", ["h264", "mpeg4", "mpeg2"])  # quarter-pel encoders dither
def test_a_static_clip_is_all_zeros_and_all_valid(make_video, codec) -> None:
    for frame in read(make_video(**CODECS[codec])):
        if frame.motion is not None:
            assert not frame.motion.any()
            assert frame.valid.all()


@pytest.mark.parametrize("factor", [1.02, 0.98])
@pytest.mark.parametrize("codec", ["h264", "mpeg4"])
def test_a_zoom_is_reproduced_by_warping_the_frame_before(make_video, codec, factor) -> None:
    frames = read(make_video(scene=Zoom(factor), **CODECS[codec]), pixels="all")
    still, warped = [], []
    for before, frame in itertools.pairwise(frames):
        if frame.motion is None:
            continue
        height, width = frame.image.shape[:2]
        x, y = (cv2.resize(component, (width, height)) for component in frame.motion)
        columns, rows = np.meshgrid(np.arange(width), np.arange(height))
        sources = (columns + x).astype(np.float32), (rows + y).astype(np.float32)
        moved = cv2.remap(before.image, *sources, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        still.append(cv2.PSNR(before.image, frame.image))
        warped.append(cv2.PSNR(moved, frame.image))
    assert np.mean(warped) > np.mean(still) + 3
    assert np.min(np.subtract(warped, still)) > 0


@pytest.mark.parametrize("codec", ["h264", "mpeg4", "mpeg2"])
def test_a_scene_change_is_mostly_holes(make_video, codec) -> None:
    frames = read(make_video(scene=Cut(at=18), **CODECS[codec]))
    change = frames[18]
    assert change.motion is not None
    assert change.valid.mean() < 0.5
    assert not change.motion[:, ~change.valid].any()
    assert all(frame.valid.all() for frame in frames[19:24])


@pytest.mark.parametrize("size", [(121, 161), (24, 40), (33, 17), (16, 130)])
@pytest.mark.parametrize(
    "codec",
    [
        {"pixel_format": "yuv444p"},
        {"codec": "mpeg4", "container": "avi"},
        {"codec": "mpeg2video", "container": "ts"},
    ],
    ids=["h264", "mpeg4", "mpeg2"],
)
def test_grids_cover_pictures_of_any_size(make_video, size, codec) -> None:
    height, width = size
    grid = -(-height // 8), -(-width // 8)
    frames = read(make_video(scene=Pan((1.0, -1.0)), size=size, frames=4, **codec), pixels="all")
    assert len(frames) == 4
    for frame in frames:
        assert frame.image.shape == (height, width, 3)
        assert frame.image.dtype == np.uint8
        assert frame.image.flags.c_contiguous
        if frame.index:
            assert frame.motion.shape == (2, *grid)
            assert frame.motion.dtype == np.float32
            assert frame.valid.shape == grid
            assert frame.valid.dtype == np.bool_
            assert not frame.motion[:, ~frame.valid].any()
    if size == (121, 161):
        assert min(share_of(frame, (1.0, -1.0)) for frame in frames[1:]) > 0.9


@pytest.mark.parametrize("codec", ["h264", "mpeg4"])
def test_fields_of_a_walk_compose_to_the_way_walked(make_video, codec) -> None:
    walk = Walk(((2.0, 1.0), (-1.0, 2.0), (0.0, -2.0), (1.5, 0.0), (-2.0, -0.5)))
    frames = read(make_video(scene=walk, size=(192, 224), **CODECS[codec]))
    for steps in range(1, 12):
        chain = frames[1 : steps + 1]
        motion = torch.stack([torch.from_numpy(frame.motion) for frame in chain])
        valid = torch.stack([torch.from_numpy(frame.valid) for frame in chain])
        field, whole = accumulate(motion, valid)
        way = torch.tensor([walk.step(frame.index) for frame in chain]).sum(0)
        inner = slice(4, -4), slice(4, -4)
        exact = ((field - way[:, None, None]).abs() < 1e-3).all(0)[inner]
        assert exact.float().mean() > 0.8, f"{steps} steps: {exact.float().mean():.3f}"
        assert whole[inner].float().mean() > 0.95
        median = field[:, *inner].flatten(1).median(1).values
        torch.testing.assert_close(median, way, atol=1e-3, rtol=0)


@pytest.mark.parametrize("shift", [(2.0, 1.0), (-1.5, 0.5), (0.25, -0.75)])
def test_fields_of_a_pan_compose_to_a_multiple(make_video, shift) -> None:
    frames = read(make_video(scene=Pan(shift), size=(192, 224)))
    for steps in range(1, 12):
        chain = frames[12 - steps : 12]
        field, _ = accumulate(
            torch.stack([torch.from_numpy(frame.motion) for frame in chain]),
            torch.stack([torch.from_numpy(frame.valid) for frame in chain]),
        )
        error = (field - steps * torch.tensor(shift)[:, None, None]).abs().amax(0)[5:-5, 5:-5]
        exact = (error < 1e-3).float().mean()  # one wrong vector spreads through the chain
        assert exact > 0.65, f"{steps} steps: {exact:.3f} of the inner cells"
        assert (error <= 0.25).float().mean() > 0.98
        assert error.mean() < 0.03


B_FRAMES = (*CLEAN_MPEG.items(), ("bf", "2"))


@pytest.mark.parametrize(
    "codec",
    [
        {},
        {"codec": "mpeg4"},
        {"codec": "mpeg2video", "container": "ts"},
        {"codec": "mpeg1video", "container": "mkv"},
        {"codec": "mpeg4", "options": B_FRAMES},
        {"codec": "libx264", "options": ()},
    ],
)
@pytest.mark.parametrize("frames", [2, 8])
def test_the_last_frame_keeps_its_vectors(make_video, codec, frames) -> None:
    path = make_video(scene=Pan((1.0, -1.0)), frames=frames, **codec)
    *_, last = read(path, strict=False)
    assert last.index == frames - 1
    assert share_of(last, (1.0, -1.0)) > 0.85
