"""Checkpoints of whole networks by other authors, under our names."""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

from torch import Tensor, nn

from bdnet.models import network_names
from bdnet.models.head.pspnet import PSPNet
from bdnet.models.hrnet import HRNet
from bdnet.models.naming import unwrapped
from bdnet.models.network_names import Weights
from bdnet.models.segmenter import Segmenter
from bdnet.models.tdnet.tdnet import TDNet

PLACES = r"^paths\.\d\.norm\.(weight|bias)$"
# what a network can do without: losses, classifiers of pictures, heads for training
UNUSED = rf"^loss\.|\.fc\.|^aux|\.auxiliary\.|{PLACES}"


class Family(NamedTuple):
    """A kind of checkpoint by other authors.

    sign:    a pattern at the beginning of a name that only such files have
    name:    for messages
    remedy:  what uses such a file
    fits:    whether a network of ours is the same one
    renamed: the weights under our names
    lacks:   a pattern for names of ours that such files may lack
    """

    sign: str
    name: str
    remedy: str
    fits: Callable[[nn.Module], bool] = lambda _: False
    renamed: Callable[[Weights, nn.Module], dict[str, Tensor]] = lambda weights, _: dict(weights)
    lacks: str = "(?!)"


class Translation(NamedTuple):
    """Another author's weights under our names.

    unused: parts of the file that the network does not have
    new:    parts of the network that the file lacks
    """

    weights: dict[str, Tensor]
    unused: list[str]
    new: list[str]


def family_of(weights: Weights) -> Family | None:
    names = unwrapped(weights)
    return next(
        (family for family in FAMILIES if any(re.match(family.sign, name) for name in names)), None
    )


def translated(model: nn.Module, weights: Weights) -> Translation | None:
    """Another author's checkpoint of the same network, as a whole; else None."""
    family, wanted = family_of(weights), model.state_dict()
    if family is None or not family.fits(model):
        return None
    ours = family.renamed(unwrapped(weights), model)
    absent = [
        name for name in wanted if name not in ours and not name.endswith("num_batches_tracked")
    ]
    unused = [name for name in ours if name not in wanted]
    if any(not re.search(family.lacks, name) for name in absent) or any(
        not re.search(UNUSED, name) for name in unused
    ):
        return None
    found = {name: ours.get(name, wanted[name]) for name in wanted}
    return Translation(found, _parts(unused) + _dropped_places(ours, unused), _parts(absent))


def _dropped_places(weights: Weights, unused: Iterable[str]) -> list[str]:
    """Says how far TDNet's weights by place are from doing nothing."""
    dropped = [name for name in unused if re.search(PLACES, name)]
    if not dropped:
        return []
    rows, columns = weights[dropped[0]].shape
    change = max(
        float((weights[name] - (1 if name.endswith("weight") else 0)).abs().max())
        for name in dropped
    )
    size, grid = f"{rows}x{columns}", f"[{rows},{columns}]"
    effect = f"up to {change:.2g} from 1 and 0 (model.norm_grid={grid} takes them)"
    return [f"the norms' weights and biases by place of {size} cells, {effect}"]


def _parts(names: Iterable[str]) -> list[str]:
    """The parts of networks that messages name."""
    words = (name.split(".") for name in names if not re.search(PLACES, name))
    parts = {".".join(path[:3] if path[0] == "paths" else path[:1]) for path in words}
    backbones = {part for part in parts if part.endswith("backbone")}
    return sorted(parts - backbones) + ["the classifier of pictures (fc)"] * bool(backbones)


ONNX = "export it, and use teacher=segmenter teacher.network=onnx:FILE"
FAMILIES = (
    Family(r"ocr_", "HRNet-OCR, a", f"there is no such network here: {ONNX}"),
    Family(
        r"last_layer\.",
        "an HRNet of its authors, a",
        "use model=hrnet or teacher=hrnet, with the backbone and classes that it was trained with, "
        "such as hrnet_w48 or hrnet_w18_small_v2",
        lambda model: isinstance(model, HRNet),
        network_names.hrnet,
    ),
    Family(
        r"pretrained\d\.",
        "a TDNet of its authors, a",
        "use model=td4_psp18 or model=td2_psp50",
        lambda model: isinstance(model, TDNet),
        network_names.tdnet,
        r"\.auxiliary\.|\.norm\.",
    ),
    Family(
        r"pretrained\.",
        "a PSPNet of TDNet's authors, a",
        "use model=psp18, psp50 or psp101, or teacher=pspnet",
        lambda model: isinstance(model, Segmenter) and isinstance(model.head, PSPNet),
        network_names.pspnet,
    ),
    Family(
        r"decode_head\.conv_seg\.",
        "mmseg's",
        "of mmseg's, FCN-HRNet is understood as a whole (model=hrnet or teacher=hrnet); of others, "
        f"model.weights=FILE takes the backbone; or {ONNX}",
        lambda model: isinstance(model, HRNet),
        network_names.hrnet,
    ),
    Family(
        r"\w+\.encoder\.|decode_head\.classifier\.",
        "Hugging Face's",
        "use teacher=segmenter teacher.network=hf:FOLDER; of a ResNet, model.weights=FILE takes "
        "the backbone",
    ),
    Family(
        r"(aux_)?classifier\.(\d|cbr|low_classifier|high_classifier)",
        "torchvision's",
        "use teacher=segmenter teacher.network=torchvision:NAME; model.weights=FILE takes the "
        "backbone",
    ),
    Family(
        r"segmentation_head\.",
        "segmentation_models_pytorch's",
        "use teacher=segmenter teacher.network=smp:FOLDER; model.weights=FILE takes the encoder",
    ),
)
