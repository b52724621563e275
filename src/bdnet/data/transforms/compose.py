"""One albumentations pipeline for everything that a clip holds."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from bdnet.data.transforms.geometric import A, BadTransform, FixedSize, Geometric
from bdnet.errors import BdnetError
from bdnet.types import Size

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

# of albumentations' containers, those that hand every target on; SelectiveChannelTransform
# changes the first image only
CONTAINERS = (A.Compose, A.OneOf, A.OneOrOther, A.Sequential, A.SomeOf)  # and RandomOrder


Transform: TypeAlias = Any  # A.BasicTransform or A.BaseCompose; albumentations ships no types


class UnmovedVectors(BdnetError, ValueError):
    """A transform that would move the pixels without the motion vectors."""


class JointTransform:
    """Applies transforms in turn to one clip, each with the same parameters for all its parts.

    Takes geometric transforms of this package, albumentations' ImageOnlyTransforms (their `p` is
    the chance per clip) and its containers of both, such as OneOf. Names, where given, are for the
    configuration: `augmentation.transforms.crop.height=...`.
    """

    def __init__(self, transforms: Sequence[Transform] | Mapping[str, Transform]) -> None:
        if isinstance(transforms, Mapping):
            transforms = list(transforms.values())
        for transform in _leaves(transforms):
            if not isinstance(transform, (Geometric, A.ImageOnlyTransform)):
                raise UnmovedVectors(
                    f"{type(transform).__name__} does not know how to move motion vectors along "
                    "with the pixels; use bdnet.data.transforms, or an ImageOnlyTransform of "
                    "albumentations, which only recolours"
                )
        self._transforms = list(transforms)
        self._images = 1
        self._compose = A.Compose(list(transforms), is_check_shapes=False)

    def __call__(
        self,
        images: Sequence[NDArray[np.uint8]],
        labels: NDArray[np.uint8],
        motion: NDArray[np.float32],
        valid: NDArray[np.bool_],
        seed: int | Sequence[int],
    ) -> tuple[list[NDArray[np.uint8]], NDArray[np.uint8], NDArray[np.float32], NDArray[np.bool_]]:
        """Transforms a clip; the result depends on these arguments alone.

        images: RGB [H, W, 3]                                 bilinear, padded with the mean colour
        labels: class or 255 [H, W]                           nearest, padded with 255
        motion: pixels (x, y) [s, 2, ceil(H/8), ceil(W/8)]    bilinear, 0 where not valid
        valid:  [s, ceil(H/8), ceil(W/8)]                     all of what motion was taken from
        seed:   not negative; for example (seed, epoch, index)

        The result may share memory with what was given.
        """
        self._seed(seed)
        names = self._image_names(len(images))
        moved = self._compose(
            **dict(zip(names, images, strict=True)), mask=labels, motion=motion, valid=valid
        )
        valid = moved["valid"]
        images = [moved[name] for name in names]
        return images, moved["mask"], moved["motion"] * valid[:, None], valid

    @property
    def fixes_size(self) -> bool:
        """Whether clips of any size come out at one size, as those of a crop do."""
        return any(isinstance(transform, FixedSize) for transform in self._transforms)

    def check_fit(self, size: Size) -> None:
        """Refuses a crop that not even the largest picture would fill: all clips would be padded.

        size: of the pictures before any transform, (height, width)
        """
        largest = size
        for transform in _leaves(self._transforms):
            if isinstance(transform, Geometric):
                largest = transform.enlarged(largest)
            if not isinstance(transform, FixedSize):
                continue
            height, width = transform.height, transform.width
            if height > largest[0] or width > largest[1]:
                enlarged = "" if largest == size else f", and {_by(largest)} when they are enlarged"
                raise BadTransform(
                    f"augmentation: a {type(transform).__name__} of {height}x{width} (height x "
                    f"width) is larger than the pictures, which are {_by(size)}{enlarged}; use "
                    f"data.augmentation.transforms.crop.height={min(height, largest[0])} and "
                    f"width={min(width, largest[1])}, or less"
                )
            largest = height, width

    def _seed(self, seed: int | Sequence[int]) -> None:
        # Compose.set_random_seed would seed every transform alike: all of them would draw the same
        # numbers, and a picture be flipped exactly when it is made smaller
        generator = np.random.default_rng(seed)
        self._compose.set_random_state(generator, random.Random(int(generator.integers(2**63))))

    def _image_names(self, count: int) -> list[str]:
        """albumentations calls the first one `image`; names for the others save stacking them."""
        names = ["image", *(f"image{number}" for number in range(1, count))]
        if count > self._images:
            self._compose.add_targets(dict.fromkeys(names[1:], "image"))
            self._images = count
        return names


def _by(size: Size) -> str:
    return f"{size[0]}x{size[1]}"


def _leaves(transforms: Sequence[object]) -> Iterator[object]:
    for transform in transforms:
        if isinstance(transform, CONTAINERS):
            yield from _leaves(transform.transforms)
        else:
            yield transform
