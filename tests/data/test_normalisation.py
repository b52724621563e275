"""Normalised images, and back."""

import torch

from bdnet.data.normalisation import MEAN, STD, denormalise, normalise
from bdnet.types import Clip


def a_clip() -> Clip:
    values = torch.arange(256, dtype=torch.uint8).view(1, 16, 16)
    images = torch.stack([values.expand(3, 16, 16), values.flip(1).expand(3, 16, 16)])
    labels = torch.zeros(16, 16, dtype=torch.int64)
    motion, valid = torch.zeros(1, 2, 2, 2), torch.ones(1, 2, 2, dtype=torch.bool)
    return Clip(images, motion, valid, labels, torch.tensor(1))


def test_each_colour_has_its_own_statistics():
    images = normalise(a_clip()).images
    assert images.dtype == torch.float32
    for channel in range(3):
        expected = (torch.arange(256) / 255 - MEAN[channel]) / STD[channel]
        torch.testing.assert_close(images[0, channel].flatten(), expected)


def test_denormalised_images_are_those_of_before():
    clip = a_clip()
    for back in (denormalise(normalise(clip)), denormalise(half(normalise(clip)))):
        assert back.images.dtype == torch.uint8
        assert all(torch.equal(image, original) for image, original in zip(back, clip, strict=True))


def half(clip: Clip) -> Clip:
    """As some of it comes out of mixed precision: coarser than a grey level nowhere."""
    return clip._replace(images=clip.images.half())


def test_what_is_no_colour_is_cut_off():
    clip = normalise(a_clip())
    images = denormalise(clip._replace(images=clip.images * 9)).images
    assert (images.min(), images.max()) == (0, 255)
