"""What transforms do to a clip, against warps, exact cases and slow literal versions."""

import hashlib
import pickle
import random
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import albumentations as A  # noqa: N812  # its own documentation's name
import cv2
import numpy as np
import pytest
from hydra.utils import instantiate
from numpy.typing import NDArray
from omegaconf import OmegaConf

from bdnet.cli.conf import conf_folder
from bdnet.data.transforms import (
    Crop,
    Flip,
    Geometric,
    JointTransform,
    Scale,
    ScaleCrop,
    UnmovedVectors,
)
from bdnet.errors import BdnetError

MEAN_COLOUR = (124, 116, 104)
LONGEST = 6  # pixels; of the random fields


class Parts(NamedTuple):
    """What a JointTransform takes and gives."""

    images: list[NDArray[np.uint8]]
    labels: NDArray[np.uint8]
    motion: NDArray[np.float32]
    valid: NDArray[np.bool_]


def smooth(
    rng: np.random.Generator, height: int, width: int, channels: int, period: int
) -> NDArray[Any]:
    """Random in [0, 1], changing over so many pixels."""
    coarse = rng.random((height // period + 2, width // period + 2, channels))
    fine = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(fine.reshape(height, width, channels), 0, 1)


def sample(picture: NDArray[Any], x: NDArray[Any], y: NDArray[Any]) -> NDArray[np.float64]:
    """picture [h, w, c] between its places, bilinear, the border repeated."""
    height, width, _ = picture.shape
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    across, down = (x - left)[..., None], (y - top)[..., None]
    upper = picture[top, left] * (1 - across) + picture[top, right] * across
    lower = picture[bottom, left] * (1 - across) + picture[bottom, right] * across
    return upper * (1 - down) + lower * down


def warp(image: NDArray[np.uint8], motion: NDArray[Any]) -> NDArray[np.float64]:
    """image at p + v(p), where v is motion [2, h/8, w/8] between its cells."""
    y, x = np.mgrid[: image.shape[0], : image.shape[1]].astype(float)
    vectors = sample(motion.transpose(1, 2, 0), (x - 3.5) / 8, (y - 3.5) / 8)
    return sample(image.astype(float), x + vectors[..., 0], y + vectors[..., 1])


def moving_clip(seed: int, height: int, width: int, steps: int = 1) -> Parts:
    """Smooth pictures; the target is the keyframe warped by each of the fields (they are alike).

    Labels are 1 where a border of 24 pixels is far, otherwise 0.
    """
    rng = np.random.default_rng(seed)
    rows, columns = -(-height // 8), -(-width // 8)
    key = np.round(smooth(rng, height, width, 3, 30) * 255).astype(np.uint8)
    # over 12 cells: between cells it must be nearly linear
    whole = smooth(rng, rows, columns, 2, 12)
    field = np.float32((whole - 0.5) * 2 * LONGEST).transpose(2, 0, 1)
    target = np.round(warp(key, field)).astype(np.uint8)
    labels = np.zeros((height, width), np.uint8)
    labels[24:-24, 24:-24] = 1
    motion = np.ascontiguousarray(np.broadcast_to(field, (steps, *field.shape)))
    return Parts([key, target], labels, motion, np.ones((steps, rows, columns), np.bool_))


def noisy_clip(seed: int, height: int, width: int, steps: int = 3, images: int = 2) -> Parts:
    """Noise in every part, with holes; labels 0..10 and 255."""
    rng = np.random.default_rng(seed)
    grid = -(-height // 8), -(-width // 8)
    valid = rng.random((steps, *grid)) > 0.1
    motion = rng.normal(0, 5, (steps, 2, *grid)).astype(np.float32) * valid[:, None]
    labels = rng.choice(np.array([*range(11), 255], np.uint8), (height, width))
    pixels = [rng.integers(0, 256, (height, width, 3), dtype=np.uint8) for _ in range(images)]
    return Parts(pixels, labels, motion, valid)


def apply(transforms: list[Any], clip: Parts, seed: int = 0) -> Parts:
    return Parts(*JointTransform(transforms)(*clip, seed=seed))


def configured(name: str) -> JointTransform:
    node = OmegaConf.load(conf_folder() / "augmentation" / f"{name}.yaml")
    return instantiate(node, _convert_="all")


def same(ours: Parts, theirs: Parts) -> bool:
    return len(ours.images) == len(theirs.images) and all(
        a.dtype == b.dtype and np.array_equal(a, b)
        for a, b in zip([*ours.images, *ours[1:]], [*theirs.images, *theirs[1:]], strict=True)
    )


def digest(seed: int) -> str:
    """Of a clip after the standard augmentation."""
    moved = Parts(*configured("standard")(*noisy_clip(0, 101, 181), seed=(seed, 3)))
    content = b"".join(part.tobytes() for part in (*moved.images, *moved[1:]))
    return hashlib.sha256(content).hexdigest()


GEOMETRY = {
    "scale": lambda: [Scale()],
    "half": lambda: [Scale(0.5, 0.5)],
    "double": lambda: [Scale(2, 2)],
    "crop": lambda: [Crop(80, 113)],
    "padded": lambda: [Crop(200, 200)],
    "flip": lambda: [Flip(1)],
    "scale crop": lambda: [ScaleCrop(88, 120)],
    "large scale crop": lambda: [ScaleCrop(169, 241)],
    "scale, crop, flip": lambda: [Scale(), Crop(88, 120), Flip(1)],
    "flip, scale": lambda: [Flip(1), Scale()],
    "scale crop, flip, scale": lambda: [ScaleCrop(104, 165, 0.7, 1.5), Flip(1), Scale(0.8, 1.2)],
}
SIZES = [(128, 192), (133, 187), (121, 200)]


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", GEOMETRY)
def test_warping_the_transformed_is_transforming_the_warped(name: str, size: tuple[int, int]):
    """Within 1.1 grey levels on average and 11 at most, of pictures that span 255 and shrink by up
    to a half; unwarped they are 9 and more apart, and 7 with one component of the vectors negated.
    """
    transform = JointTransform(GEOMETRY[name]())
    for seed in range(2):
        clip = moving_clip(seed, *size)
        assert np.abs(warp(clip.images[0], clip.motion[0]) - clip.images[1]).max() <= 0.5
        moved = Parts(*transform(*clip, seed=seed))
        (key, target), field = moved.images, moved.motion[0]
        # what lies outside the new border is not there to be read
        edge = 2 + int(np.ceil(np.abs(field).max()))
        inner = moved.labels[edge:-edge, edge:-edge] == 1
        assert inner.sum() > 800

        def error(image: NDArray[Any]) -> NDArray[Any]:
            return np.abs(image - target)[edge:-edge, edge:-edge][inner]  # noqa: B023

        warped = error(warp(key, field))
        assert warped.mean() < 1.1
        assert warped.max() < 11
        assert error(key.astype(float)).mean() > 9
        assert error(warp(key, field * [[[-1]], [[1]]])).mean() > 7
        assert error(warp(key, field * [[[1]], [[-1]]])).mean() > 7


def test_flip_is_exact_on_whole_cells():
    clip = noisy_clip(1, 64, 96)
    moved = apply([Flip(1)], clip)
    for image, original in zip(moved.images, clip.images, strict=True):
        np.testing.assert_array_equal(image, original[:, ::-1])
    np.testing.assert_array_equal(moved.labels, clip.labels[:, ::-1])
    np.testing.assert_array_equal(moved.valid, clip.valid[..., ::-1])
    np.testing.assert_array_equal(moved.motion[:, 0], -clip.motion[:, 0, :, ::-1])
    np.testing.assert_array_equal(moved.motion[:, 1], clip.motion[:, 1, :, ::-1])
    assert same(apply([Flip(1), Flip(1)], clip), clip)


def test_flip_between_cells_takes_the_mean_of_two():
    """At a width of 100 the mirrored centres fall half-way between the old ones."""
    clip = noisy_clip(1, 64, 100)
    clip = clip._replace(valid=np.ones_like(clip.valid))
    moved = apply([Flip(1)], clip)
    pairs = (clip.motion[..., 1:] + clip.motion[..., :-1]) / 2
    np.testing.assert_allclose(moved.motion[:, 0, :, :-1], -pairs[:, 0, :, ::-1], atol=1e-5)
    np.testing.assert_allclose(moved.motion[:, 1, :, :-1], pairs[:, 1, :, ::-1], atol=1e-5)
    # the last cell's centre lies outside the picture: the border repeats
    np.testing.assert_array_equal(moved.motion[:, 1, :, -1], clip.motion[:, 1, :, 0])


@pytest.mark.parametrize("crop", [(64, 96), (65, 97), (71, 103)])
def test_crop_is_exact_and_on_the_grid(crop):
    height, width = crop
    clip = noisy_clip(2, 133, 187)
    corners = set()
    for seed in range(30):
        moved = apply([Crop(height, width)], clip, seed)
        (corner,) = {
            (top, left)
            for top in range(0, 133 - height + 1, 8)
            for left in range(0, 187 - width + 1, 8)
            if np.array_equal(
                clip.images[0][top : top + height, left : left + width], moved.images[0]
            )
        }
        top, left = corner
        corners.add(corner)
        window = slice(top, top + height), slice(left, left + width)
        rows, columns = -(-height // 8), -(-width // 8)
        grid = slice(top // 8, top // 8 + rows), slice(left // 8, left // 8 + columns)
        np.testing.assert_array_equal(moved.images[1], clip.images[1][window])
        np.testing.assert_array_equal(moved.labels, clip.labels[window])
        np.testing.assert_array_equal(moved.motion, clip.motion[:, :, *grid])
        np.testing.assert_array_equal(moved.valid, clip.valid[:, *grid])
    assert {0, 8 * ((133 - height) // 8)} <= {top for top, _ in corners}
    assert len({left for _, left in corners}) > 6


def test_small_pictures_are_padded():
    clip = noisy_clip(3, 61, 90)
    moved = apply([Crop(769, 128)], clip)
    for image, original in zip(moved.images, clip.images, strict=True):
        assert image.shape == (769, 128, 3)
        np.testing.assert_array_equal(image[:61, :90], original)
        assert (image[61:] == MEAN_COLOUR).all()
        assert (image[:, 90:] == MEAN_COLOUR).all()
    np.testing.assert_array_equal(moved.labels[:61, :90], clip.labels)
    assert (moved.labels[61:] == 255).all()
    assert (moved.labels[:, 90:] == 255).all()
    assert moved.valid.shape == (3, 97, 16)
    np.testing.assert_array_equal(moved.valid[:, :8, :12], clip.valid)
    np.testing.assert_array_equal(moved.motion[:, :, :8, :12], clip.motion)
    for outside in (np.s_[..., 8:, :], np.s_[..., 12:]):
        assert not moved.valid[outside].any()
        assert not moved.motion[outside].any()


def test_padding_follows_a_flip():
    clip = noisy_clip(3, 64, 96)
    moved = apply([Crop(64, 128), Flip(1)], clip)
    np.testing.assert_array_equal(moved.images[0][:, 32:], clip.images[0][:, ::-1])
    assert (moved.images[0][:, :32] == MEAN_COLOUR).all()
    assert (moved.labels[:, :32] == 255).all()
    assert not moved.valid[..., :4].any()
    np.testing.assert_array_equal(moved.valid[..., 4:], clip.valid[..., ::-1])


@pytest.mark.parametrize(
    ("transform", "size", "ratio"),
    [
        (Scale(2, 2), (64, 96), (2, 2)),
        (Scale(0.5, 0.5), (64, 96), (0.5, 0.5)),
        (Scale(1.3, 1.3), (61, 90), (79 / 61, 117 / 90)),  # 61 * 1.3 = 79.3
    ],
)
def test_constant_fields_scale_by_the_exact_ratios(transform, size, ratio):
    clip = noisy_clip(4, *size)
    motion = np.ones_like(clip.motion) * np.float32([[[3.25]], [[-1.5]]])
    clip = clip._replace(motion=motion, valid=np.ones_like(clip.valid))
    moved = apply([transform], clip)
    down, across = ratio
    assert moved.labels.shape == (round(size[0] * down), round(size[1] * across))
    assert moved.valid.all()
    np.testing.assert_array_equal(moved.motion[:, 0], np.float32(3.25) * np.float32(across))
    np.testing.assert_array_equal(moved.motion[:, 1], np.float32(-1.5) * np.float32(down))


def test_doubling_puts_new_centres_a_quarter_off_the_old():
    clip = noisy_clip(5, 8, 16, steps=1)
    motion = np.float32([[[0, 8]], [[4, 4]]])[None]
    clip = clip._replace(motion=motion, valid=np.ones((1, 1, 2), np.bool_))
    moved = apply([Scale(2, 2)], clip)
    np.testing.assert_array_equal(moved.motion[0, 0], [[0, 4, 12, 16]] * 2)
    np.testing.assert_array_equal(moved.motion[0, 1], np.full((2, 4), 8))


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", GEOMETRY)
def test_holes_stay_holes(name: str, size: tuple[int, int]):
    """Holes carry absurd vectors here: any that leaked would show."""
    for seed in range(4):
        clip = noisy_clip(seed, *size)
        poison = np.where(clip.valid[:, None], np.float32(1), np.float32(1e9))
        dirty = clip._replace(motion=np.broadcast_to(poison, clip.motion.shape))
        moved = apply(GEOMETRY[name](), dirty, seed)
        assert not moved.motion[~np.broadcast_to(moved.valid[:, None], moved.motion.shape)].any()
        assert np.abs(moved.motion).max() <= 3
        assert moved.valid.any()
        assert not moved.valid.all()


@pytest.mark.parametrize("transform", [Scale(1.37, 1.37), Flip(1), ScaleCrop(64, 90)])
def test_valid_is_all_that_contributes_and_no_less(transform):
    """Validity as a field of ones and zeros, resampled, is 1 exactly where a cell stays valid."""
    clip = noisy_clip(6, 101, 180)
    ones = clip._replace(
        motion=np.ascontiguousarray(np.broadcast_to(clip.valid[:, None], clip.motion.shape)).astype(
            np.float32
        ),
        valid=np.ones_like(clip.valid),
    )
    moved, share = apply([transform], clip, 9), apply([transform], ones, 9)
    share = np.abs(share.motion[:, 1]) / np.abs(share.motion[:, 1]).max()
    np.testing.assert_array_equal(moved.valid, share > 1 - 1e-5)


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", GEOMETRY)
def test_labels_are_never_interpolated(name: str, size: tuple[int, int]):
    rng = np.random.default_rng(7)
    labels = rng.choice(np.uint8([0, 200]), size)
    clip = noisy_clip(7, *size)._replace(labels=labels)
    for seed in range(4):
        moved = apply(GEOMETRY[name](), clip, seed)
        assert moved.labels.dtype == np.uint8
        assert set(np.unique(moved.labels)) <= {0, 200, 255}


@pytest.mark.parametrize("size", SIZES, ids=str)
@pytest.mark.parametrize("name", GEOMETRY)
def test_labels_and_pixels_move_alike(name: str, size: tuple[int, int]):
    """Red discs on blue are where their labels are, up to the pixels along their edges."""
    labels = np.zeros(size, np.uint8)
    for x in range(25, size[1] - 25, 50):
        for y in range(25, size[0] - 25, 50):
            cv2.circle(labels, (x, y), 20, 1, -1)
    image = np.uint8([[0, 0, 255], [255, 0, 0]])[labels]
    clip = noisy_clip(8, *size)._replace(labels=labels, images=[image, image])
    for seed in range(4):
        moved = apply(GEOMETRY[name](), clip, seed)
        np.testing.assert_array_equal(*moved.images)
        red = (moved.images[0][..., 0] > 127) & (moved.labels != 255)
        shape = np.uint8(moved.labels == 1)
        near, edge = (
            cv2.dilate(shape, np.ones((n, n))) != cv2.erode(shape, np.ones((n, n))) for n in (5, 3)
        )
        assert shape.sum() > 500
        np.testing.assert_array_equal(red[~near], shape[~near] == 1)
        assert (red != shape).sum() < 0.15 * edge.sum()  # a shift by half a pixel gives .2 to .3


@pytest.mark.parametrize("factor", [0.5, 0.77, 1.0, 1.49, 2.0])
def test_scale_crop_is_a_crop_of_the_scaled(factor):
    """Where both show everything, they agree; otherwise the sizes do."""
    clip = moving_clip(9, 101, 180, steps=2)
    together = apply([ScaleCrop(208, 368, factor, factor)], clip)
    apart = apply([Scale(factor, factor), Crop(208, 368)], clip)
    assert same(together, apart)
    window = apply([ScaleCrop(51, 77, factor, factor)], clip)
    assert window.labels.shape == (51, 77)
    assert window.motion.shape == (2, 2, 7, 10)


def test_scale_crop_reaches_every_corner():
    """The position of its window is uniform: every border of the picture is touched."""
    clip = noisy_clip(9, 40, 60, steps=1)
    ramp = np.indices((40, 60), np.uint8).transpose(1, 2, 0)
    image = np.concatenate([ramp, ramp[..., :1]], -1)
    clip = clip._replace(images=[image, image])
    transform = JointTransform([ScaleCrop(16, 24, 0.8, 1.6)])
    corners = np.array([transform(*clip, seed=n)[0][0][[0, -1], [0, -1], :2] for n in range(300)])
    assert corners[:, 0].min(0).tolist() == [0, 0]
    assert (corners[:, 1].max(0) >= [38, 58]).all()


def test_the_same_seed_gives_the_same_in_another_process_and_after_other_calls():
    here = digest(1)
    transform = configured("standard")
    for seed in range(3):
        transform(*noisy_clip(seed, 64, 80, images=3), seed=seed)
    random.seed(5)
    np.random.seed(5)  # noqa: NPY002  # nor do global generators matter
    clip = noisy_clip(0, 101, 181)
    assert same(
        Parts(*transform(*clip, seed=(1, 3))), Parts(*configured("standard")(*clip, seed=(1, 3)))
    )
    program = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "import test_transforms; print(test_transforms.digest(1), test_transforms.digest(2))"
    )
    there = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert there.stdout.split() == [here, digest(2)]
    assert len({digest(seed) for seed in range(20)}) == 20


def test_a_pickled_transform_is_the_same():
    transform = configured("standard")
    clip = noisy_clip(1, 64, 80)
    copy = pickle.loads(pickle.dumps(transform))
    assert same(Parts(*copy(*clip, seed=4)), Parts(*transform(*clip, seed=4)))


def test_transforms_draw_independently():
    """albumentations seeds all of a pipeline alike; then every small picture would be flipped."""
    clip = noisy_clip(0, 32, 32)
    clip.images[0][:, :16], clip.images[0][:, 16:] = 0, 255
    transform = JointTransform([Scale(0.5, 2), Flip(0.5)])
    moved = [Parts(*transform(*clip, seed=seed)) for seed in range(400)]
    small = np.array([len(clip.labels) < 40 for clip in moved])
    flipped = np.array([clip.images[0][0, 0, 0] > 127 for clip in moved])
    for group in (small, ~small):
        assert 0.35 < flipped[group].mean() < 0.65
    assert 0.35 < small.mean() < 0.65


@pytest.mark.parametrize("count", [1, 2, 3, 12])
def test_all_images_get_the_same(count):
    transform = configured("standard")
    clip = noisy_clip(1, 128, 256, images=1)
    clip = clip._replace(images=clip.images * count)
    untouched = pickle.loads(pickle.dumps(clip))
    changed = 0
    for seed in range(10):
        first, *others = transform(*clip, seed=seed)[0]
        assert len(others) == count - 1
        assert all(np.array_equal(first, image) for image in others)
        changed += not np.array_equal(first, clip.images[0])
    assert changed > 8
    assert same(clip, untouched)


def test_standard_colours_are_the_same_function_in_every_image():
    """Also where the images differ: no statistic of an image enters."""
    colours = [part for part in configured("standard")._compose if not isinstance(part, Geometric)]
    assert colours
    transform = JointTransform(colours)
    rng = np.random.default_rng(3)
    palette = rng.integers(0, 256, (12, 3), dtype=np.uint8)
    dark = palette[rng.choice(12, (64, 64), p=np.arange(12) / 66)]
    bright = palette[rng.choice(12, (64, 64), p=np.arange(12)[::-1] / 66)]
    clip = noisy_clip(3, 64, 64)._replace(images=[dark, bright])
    changes = 0
    for seed in range(20):
        moved = Parts(*transform(*clip, seed=seed))
        for colour in palette:
            masks = [(image == colour).all(-1) for image in clip.images]
            new = [image[mask] for image, mask in zip(moved.images, masks, strict=True)]
            assert len(np.unique(np.concatenate(new), axis=0)) == 1
        changes += not np.array_equal(moved.images[0], dark)
        assert same(moved._replace(images=clip.images), clip)
    assert changes > 15


@pytest.mark.parametrize(
    "recolour",
    [
        A.ColorJitter(p=1),
        A.GaussNoise(p=1),
        A.ImageCompression(p=1),
        A.OneOf([A.ToGray(), A.InvertImg()], p=1),
    ],
    ids=lambda transform: type(transform).__name__,
)
def test_albumentations_own_recolouring_is_taken(recolour):
    clip = moving_clip(3, 64, 72)
    clip = clip._replace(images=clip.images[:1] * 2)
    moved = apply([recolour], clip)
    np.testing.assert_array_equal(*moved.images)
    assert not np.array_equal(moved.images[0], clip.images[0])
    assert same(moved._replace(images=clip.images), clip)


@pytest.mark.parametrize(
    ("transform", "name"),
    [
        (A.Rotate(), "Rotate"),
        (A.HorizontalFlip(), "HorizontalFlip"),
        (A.RandomCrop(8, 8), "RandomCrop"),
        (A.CoarseDropout(), "CoarseDropout"),
        (A.OneOf([A.ToGray(), A.OneOf([Flip(), A.Affine()])]), "Affine"),
        # changes the first image of a clip only
        (A.SelectiveChannelTransform([A.RandomGamma()], [0]), "SelectiveChannelTransform"),
    ],
)
def test_what_cannot_move_vectors_is_refused(transform, name):
    with pytest.raises(UnmovedVectors, match=f"^{name} .*bdnet.data.transforms") as caught:
        JointTransform([Flip(), transform])
    assert isinstance(caught.value, BdnetError)


def test_containers_of_albumentations_move_vectors_too():
    clip = noisy_clip(1, 64, 96)
    moved = apply([A.OneOf([Flip(1), Flip(1)], p=1), A.Compose([Flip(1)])], clip)
    assert same(moved, clip)


def test_none_changes_nothing():
    clip = noisy_clip(1, 61, 99)
    assert same(Parts(*configured("none")(*clip, seed=0)), clip)


def test_standard_does_all_it_says():
    transform = configured("standard")
    clip = noisy_clip(1, 128, 256)
    clip = clip._replace(labels=np.zeros_like(clip.labels))
    padded = []
    for seed in range(9):
        moved = Parts(*transform(*clip, seed=seed))
        padding = moved.labels == 255
        # one colour, whatever the colour transforms have made of the mean
        assert all(len(np.unique(image[padding], axis=0)) <= 1 for image in moved.images)
        padded.append(padding.mean())
        assert [image.shape for image in moved.images] == [(128, 256, 3)] * 2
        assert moved.labels.shape == (128, 256)
        assert moved.motion.shape == (3, 2, 16, 32)
        assert moved.motion.dtype == np.float32
        assert moved.valid.shape == (3, 16, 32)
        assert all(part.flags.c_contiguous for part in (*moved.images, *moved[1:]))
    assert min(padded) == 0
    assert 0.1 < max(padded) < 0.76


@pytest.mark.parametrize("name", GEOMETRY)
def test_clips_without_steps_or_of_one_cell(name: str):
    moved = apply(GEOMETRY[name](), noisy_clip(1, 61, 99, steps=0))
    assert moved.motion.shape[:2] == (0, 2)
    assert moved.valid.shape[1:] == moved.motion.shape[2:]
    for size in ((1, 1), (3, 9)):
        moved = apply(GEOMETRY[name](), noisy_clip(1, *size))
        height, width = moved.labels.shape
        assert moved.motion.shape == (3, 2, -(-height // 8), -(-width // 8))


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Scale(0, 1), "Scale needs lowest above 0, not 0"),
        (lambda: Scale(2, 1), "Scale needs lowest <= highest, not 2 and 1"),
        (lambda: ScaleCrop(8, 8, 2, 1), "ScaleCrop needs lowest <= highest, not 2 and 1"),
        (lambda: ScaleCrop(8, 0), "ScaleCrop needs width above 0, not 0"),
        (lambda: Crop(-8, 8), "Crop needs height above 0, not -8"),
    ],
)
def test_impossible_sizes_are_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
