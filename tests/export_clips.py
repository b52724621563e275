"""Clips for exported graphs, and a function that runs graphs on them."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import torch
from hydra import compose, initialize_config_dir
from torch import Tensor

import bdnet.inference.graphs.export
from bdnet.cli.arguments import quoted
from bdnet.cli.conf import conf_folder
from bdnet.data.normalisation import normalise_images
from bdnet.inference.graphs.steps import Part
from bdnet.types import Clip
from networks import random_clip

SIZE = 61, 99


def clip_of_bytes(height: int = SIZE[0], width: int = SIZE[1]) -> tuple[Clip, Tensor]:
    """A clip of three frames, and the same images as uint8 [3, H, W, 3] for graphs."""
    clip = random_clip(height, width, 3, [2])
    generator = torch.Generator().manual_seed(0)
    images = torch.randint(0, 256, (3, height, width, 3), generator=generator, dtype=torch.uint8)
    normalised = normalise_images(images.permute(0, 3, 1, 2))
    return clip._replace(images=normalised[None]), images


class Ports(NamedTuple):
    """A callable graph with the names of its inputs and outputs."""

    call: Callable[..., Sequence[Tensor]]
    inputs: list[str]
    state: Mapping[str, str]


def run(graphs: Mapping[str, Ports], clip: Clip, images: Tensor) -> dict[str, Tensor]:
    """Runs the graphs on all frames; the outputs on the last one."""
    kept: dict[str, Tensor] = {}
    for index, image in enumerate(images):
        graph = graphs["key"] if index == 0 else graphs.get("other", graphs["key"])
        given = kept | {"image": image[None]}
        if index:
            given |= {"motion": clip.motion[:, index - 1], "valid": clip.valid[:, index - 1]}
        outputs = graph.call(*(given[name] for name in graph.inputs))
        named = dict(zip(["labels", "logits", *graph.state.values()], outputs, strict=True))
        kept |= {name: named[output] for name, output in graph.state.items()}
    return named


def ports_of(parts: Sequence[Part]) -> dict[str, Ports]:
    """Ports of steps that are not traced."""
    return {part.name: Ports(part.step, list(part.inputs), part.state) for part in parts}


def export(*overrides: str) -> None:
    """Runs the export command in this process."""
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        bdnet.inference.graphs.export.export(compose("export", list(map(quoted, overrides))))
