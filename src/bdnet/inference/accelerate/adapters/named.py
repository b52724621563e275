"""Networks by name, with the weights and the preprocessing that their library keeps for them."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

from torch import nn

from bdnet.data.classes import Classes, default_colours
from bdnet.errors import BdnetError
from bdnet.inference.accelerate.adapters.preprocessing import IMAGENET, Normalise, first_line

PATIENCE = 5.0  # seconds until the hub has to answer
NAMES = {
    "torchvision": "deeplabv3_resnet50",
    "hf": "nvidia/segformer-b0-finetuned-cityscapes-1024-1024",
    "smp": "smp-hub/segformer-b0-512x512-ade-160k",
    "onnx": "FILE",
    "run": "FOLDER",
}


class Named(NamedTuple):
    """A network by name, how frames are prepared for it (None: as for any), and its classes."""

    model: nn.Module
    preprocess: Any = None
    classes: Classes | None = None


def named() -> dict[str, Callable[[str], Named]]:
    """The loader of each library."""
    return {"torchvision": _torchvision, "hf": _hugging_face, "smp": _smp}


def _torchvision(name: str) -> Named:
    from torchvision import models  # type: ignore[import-untyped]  # noqa: PLC0415  # a second

    known = models.list_models(models.segmentation)
    if name not in known:
        raise BdnetError(f"torchvision:{name}: no such network; it has {', '.join(known)}")
    weights = models.get_model_weights(name)["DEFAULT"]
    model = _loaded(f"torchvision:{name}", lambda: models.get_model(name, weights=weights))
    return Named(model, weights.transforms(), _classes(weights.meta["categories"]))


def _hugging_face(name: str) -> Named:
    _need("transformers", f"hf:{name}")
    import transformers  # type: ignore[import-untyped, import-not-found, unused-ignore]  # noqa: PLC0415

    def load(**where: bool) -> Named:
        config = transformers.AutoConfig.from_pretrained(name, **where)
        kinds = getattr(config, "architectures", None) or [""]
        has_queries = "Universal" in kinds[0] or "MaskFormer" in kinds[0]
        kind = (
            transformers.AutoModelForUniversalSegmentation
            if has_queries
            else transformers.AutoModelForSemanticSegmentation
        )
        processors: Any = transformers.AutoImageProcessor
        model = kind.from_pretrained(name, **where)
        return Named(model, processors.from_pretrained(name, **where))

    segmenter: Named = _loaded(f"hf:{name}", lambda: _from_hub(name, load))
    return segmenter


def _smp(name: str) -> Named:
    _need("segmentation_models_pytorch", f"smp:{name}", "segmentation-models-pytorch")
    import segmentation_models_pytorch as smp  # type: ignore[import-untyped, import-not-found, unused-ignore]  # noqa: PLC0415

    def load(**where: bool) -> nn.Module:
        model: nn.Module = smp.from_pretrained(name, **where)
        return model

    model = _loaded(f"smp:{name}", lambda: _from_hub(name, load))
    facts = getattr(model.encoder, "pretrained_cfg", None) or {}
    mean, std = (facts.get(key) or IMAGENET[key] for key in ("mean", "std"))
    multiple = int(getattr(model.encoder, "output_stride", 32))
    return Named(model, Normalise(mean, std, multiple=multiple))


def _need(package: str, name: str, project: str | None = None) -> None:
    if find_spec(package) is None:
        raise BdnetError(f"{name} needs a package: pip install {project or package}")


def _from_hub(name: str, load: Callable[..., Any]) -> Any:
    """What is on this disk, else a download.

    The hub is asked one question first: offline, a download fails only after half a minute.
    """
    try:
        return load(local_files_only=True)
    except (OSError, RuntimeError, ValueError):
        if Path(name).exists():
            raise
    from huggingface_hub import HfApi  # noqa: PLC0415  # a second

    try:
        HfApi().model_info(name, timeout=PATIENCE)
    except Exception as error:  # of whichever library it asks with
        raise OSError(f"the Hugging Face hub: {first_line(error)}") from error
    return load()


def _loaded(name: str, load: Callable[[], Any]) -> Any:
    """The loaded network, or an error of one sentence."""
    try:
        return load()
    except (OSError, RuntimeError, ValueError, ImportError) as error:
        raise BdnetError(
            f"{name}: its weights cannot be loaded ({type(error).__name__}: {first_line(error)}); "
            "offline, load the model yourself from local files, and pass it "
            "as an object"
        ) from error


def _classes(names: Sequence[str]) -> Classes | None:
    if len(set(names)) < len(names):
        return None
    return Classes(tuple(names), tuple(default_colours(len(names))))
