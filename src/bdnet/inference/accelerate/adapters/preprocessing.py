"""Frames -> a network's input, by its library's preprocessing or by given numbers."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from bdnet.errors import BdnetError
from bdnet.types import Size

Image = NDArray[np.uint8]  # RGB [H, W, 3]
IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225)}


class Batch(NamedTuple):
    """Pictures as a network reads them, and how many of the frame's pixels they cover.

    pictures: float32 [b, 3, h, w]
    extent:   the frame's height and width, or more where pictures are padded on the right and below
    """

    pictures: Tensor
    extent: Size


class Preprocess(ABC):
    """Frames of one size -> a batch."""

    @abstractmethod
    def __call__(self, images: Sequence[Image], device: torch.device) -> Batch: ...


class Normalise(Preprocess):
    """(pixel / 255 - mean) / std, rounded as torchvision rounds it.

    mean, std: of red, green and blue; those of ImageNet if nothing is said
    size:      (height, width) to resize to first, bilinear; None: as frames come
    multiple:  pad by repeating the right and lower border to a multiple of so many pixels
    """

    def __init__(
        self,
        mean: Sequence[float] = IMAGENET["mean"],
        std: Sequence[float] = IMAGENET["std"],
        size: Size | None = None,
        multiple: int = 1,
    ) -> None:
        for name, values in (("mean", mean), ("std", std)):
            if len(values) != 3:
                raise BdnetError(f"preprocess: {name}={values}: three numbers, of red, green, blue")
        if 0 in std:
            raise BdnetError(f"preprocess: std={std}: pictures are divided by it, so not by 0")
        if multiple < 1 or (size is not None and (len(size) != 2 or min(size) < 1)):
            raise BdnetError(
                f"preprocess: size={size}, multiple={multiple}: give size as (height, width) in "
                "pixels, and multiple as a number of pixels"
            )
        self.mean, self.std, self.size, self.multiple = mean, std, size, multiple

    def __call__(self, images: Sequence[Image], device: torch.device) -> Batch:
        pictures = torch.from_numpy(np.stack(images)).to(device).permute(0, 3, 1, 2)
        pictures = pictures.to(torch.float32, memory_format=torch.contiguous_format) * (1 / 255)
        height, width = pictures.shape[-2:]
        if self.size is not None and tuple(self.size) != (height, width):
            is_smaller = self.size[0] < height or self.size[1] < width
            pictures = functional.interpolate(
                pictures, tuple(self.size), mode="bilinear", antialias=is_smaller
            )
        rows, columns = pictures.shape[-2:]
        mean, std = (
            torch.tensor(values, device=device)[:, None, None] for values in (self.mean, self.std)
        )
        pictures = (pictures - mean) / std
        below, right = -rows % self.multiple, -columns % self.multiple
        if below or right:
            pictures = functional.pad(pictures, (0, right, 0, below), mode="replicate")
        extent = _scaled(height, rows, below), _scaled(width, columns, right)
        return Batch(pictures, extent)


class Called(Preprocess):
    """By a function of one picture, which may resize it but must show all of it."""

    def __init__(self, function: Callable[[Image], Any], name: str) -> None:
        self.function, self.name = function, name
        self._checked: set[tuple[int, ...]] = set()

    def __call__(self, images: Sequence[Image], device: torch.device) -> Batch:
        size = images[0].shape
        if size not in self._checked:
            self._check_view(size[0], size[1])
            self._checked.add(size)
        pictures = torch.cat([self._picture(image) for image in images])
        return Batch(pictures.to(device), (size[0], size[1]))

    def _picture(self, image: Image) -> Tensor:
        """[1, 3, h, w] of one frame, whatever way round the function gives it."""
        try:
            prepared = self.function(image)
        except BdnetError:
            raise
        except Exception as error:
            raise BdnetError(
                f"preprocess={self.name} failed on a picture uint8 {list(image.shape)}: "
                f"{type(error).__name__}: {first_line(error)}"
            ) from error
        picture = torch.as_tensor(prepared) if not isinstance(prepared, Tensor) else prepared
        if picture.ndim == 3:
            if picture.shape[0] != 3 and picture.shape[2] == 3:
                picture = picture.permute(2, 0, 1)
            picture = picture[None]
        if picture.ndim != 4 or picture.shape[:2] != (1, 3):
            raise BdnetError(
                f"preprocess={self.name} gave {list(picture.shape)}: expected a picture [3, h, w]"
            )
        if not picture.is_floating_point():
            picture = picture.float()
        return picture.contiguous()

    def _check_view(self, height: int, width: int) -> None:
        """Refuses a function that cuts off or pads a border: its labels would lie elsewhere.

        A ramp from black to white must still be one at its ends.
        """
        for axis, size in enumerate((height, width)):
            ramp = np.linspace(0, 255, size).round().astype(np.uint8)
            shape = [1, 1, 1]
            shape[axis] = size
            image = np.broadcast_to(ramp.reshape(shape), (height, width, 3))
            black, white, graded = (
                self._picture(np.ascontiguousarray(picture)).float()
                for picture in (np.zeros_like(image), np.full_like(image, 255), image)
            )
            span = white - black
            is_same = span.abs() < 1e-3
            if bool(is_same.all()):
                return  # it normalises each picture, so a ramp shows nothing
            levels = ((graded - black) / span).mean((0, 1)).mean(1 - axis)
            slack = max(2 / len(levels), 2 / size) + 0.02
            is_whole = float(levels[0]) <= slack and float(levels[-1]) >= 1 - slack
            if bool(is_same.any()) or not is_whole:
                side = ("top and bottom", "left and right")[axis]
                raise BdnetError(
                    f"preprocess={self.name} crops or pads {side} of a {height}x{width} picture: "
                    "labels would be displaced; resize instead, or give "
                    "preprocess=dict(mean=..., std=..., size=(height, width))"
                )


def preprocess_of(given: Any) -> Preprocess:
    """Numbers, a transform of torchvision or albumentations, an image processor, or a function."""
    if isinstance(given, Preprocess):
        return given
    if isinstance(given, Mapping):
        try:
            return Normalise(**given)
        except TypeError as error:
            raise BdnetError(
                f"preprocess={dict(given)}: give mean, std, size and multiple, no others ({error})"
            ) from error
    name = type(given).__name__
    library = type(given).__module__.partition(".")[0]
    if library == "albumentations":
        return Called(lambda image: given(image=image)["image"], name)
    if library == "transformers" or hasattr(given, "post_process_semantic_segmentation"):
        return Called(lambda image: given(images=image, return_tensors="pt")["pixel_values"], name)
    if library == "torchvision":
        return Called(lambda image: given(torch.from_numpy(image).permute(2, 0, 1)), name)
    if callable(given):
        return Called(given, getattr(given, "__name__", name))
    raise BdnetError(
        f"preprocess={given!r}: give dict(mean=, std=, size=), torchvision's weights.transforms(), "
        "a Hugging Face image processor, albumentations, or a function of a picture"
    )


def _scaled(size: int, scaled: int, padding: int) -> int:
    """The padded side in the frame's own pixels."""
    return size if not padding else round((scaled + padding) * size / scaled)


def first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [""])[0]
