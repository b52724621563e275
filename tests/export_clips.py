"""A clip as graphs read it, and graphs one after the other on it."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from hydra import compose, initialize_config_dir
from torch import Tensor

import bdnet.inference.graphs.export
from bdnet.cli.application import conf_folder, quoted
from bdnet.data.normalisation import normalise_images
from bdnet.inference.graphs.steps import Part
from bdnet.types import Clip
from networks import random_clip

SIZE = 61, 99


def clip_of_bytes(height: int = SIZE[0], width: int = SIZE[1]) -> tuple[Clip, Tensor]:
    """A clip of three frames, and its pictures as graphs read them, [3, H, W, 3]."""
    clip = random_clip(height, width, 3, [2])
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (3, height, width, 3), generator=generator, dtype=torch.uint8)
    normalised = normalise_images(images.permute(0, 3, 1, 2))
    return clip._replace(images=normalised[None]), images


class Ports(NamedTuple):
    """A graph that can be called, and what its inputs and outputs are called."""

    call: Callable[..., Sequence[Tensor]]
    inputs: list[str]
    state: Mapping[str, str]


def run(graphs: Mapping[str, Ports], clip: Clip, images: Tensor) -> dict[str, Tensor]:
    """The last frame's outputs."""
    kept: dict[str, Tensor] = {}
    for place, image in enumerate(images):
        graph = graphs["key"] if place == 0 else graphs.get("other", graphs["key"])
        given = kept | {"image": image[None]}
        if place:
            given |= {"motion": clip.motion[:, place - 1], "valid": clip.valid[:, place - 1]}
        outputs = graph.call(*(given[name] for name in graph.inputs))
        named = dict(zip(["labels", "logits", *graph.state.values()], outputs, strict=True))
        kept |= {name: named[output] for name, output in graph.state.items()}
    return named


def ports_of(parts: Sequence[Part]) -> dict[str, Ports]:
    """Of steps that were not traced."""
    return {part.name: Ports(part.step, list(part.inputs), part.state) for part in parts}


def export(*overrides: str) -> None:
    """What the command with these arguments does."""
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        bdnet.inference.graphs.export.export(compose("export", list(map(quoted, overrides))))
