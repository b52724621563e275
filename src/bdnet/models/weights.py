"""Weights of backbones: from timm, from a local file, or random."""

import logging
import socket
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from pickle import UnpicklingError
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies

import timm
import torch
from huggingface_hub import constants, try_to_load_from_cache
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from bdnet.models.errors import BadModel
from bdnet.models.naming import in_timm

log = logging.getLogger(__name__)

WRAPPINGS = (
    "state_dict",
    "model",
    "model_state",
    "state_dict_ema",
)  # under which training scripts store weights
ENDINGS = (".pth", ".safetensors")
# raised by torch.load for files of other kinds
UNREADABLE = (OSError, RuntimeError, ValueError, EOFError, KeyError, UnpicklingError)


def create(name: str, weights: str, **settings: Any) -> nn.Module:
    """A timm network that returns features.

    weights: `none` (random), `timm` (a download, cached by timm), a local file (of timm or of a
             library in `naming`), or a folder with the file NETWORK.pth or NETWORK.safetensors
    """
    known = timm.is_model(name)
    if not known:
        near = get_close_matches(name.partition(".")[0], timm.list_models(), n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else "timm.list_models() names them"
        raise BadModel(f"backbone={name}: timm {timm.__version__} has no such network; {hint}")
    if weights == "timm":
        return _pretrained(name, settings)
    network = _build(name, settings)
    if weights != "none":
        path = _file(Path(weights), name)
        fill(network, in_timm(read(path)), path, name)
    return network


def read(path: Path) -> dict[str, Tensor]:
    """The weights in a file, by name."""
    if not path.is_file():
        raise BadModel(
            f"weights={path}: no such file; give a file of weights, or use none (random) or timm "
            "(a download)"
        )
    try:
        if path.suffix == ".safetensors":
            weights = load_file(path)
            _check_finite(weights, path)
            return weights
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (*UNREADABLE, SafetensorError) as error:
        raise BadModel(
            f"weights={path}: not a file of weights that torch.load(weights_only=True) reads; save "
            "it again as torch.save(network.state_dict(), path)"
        ) from error
    for wrapping in WRAPPINGS:
        if isinstance(content, Mapping) and isinstance(content.get(wrapping), Mapping):
            content = content[wrapping]
            break
    tensors = {
        str(key).removeprefix("module."): value
        for key, value in (content.items() if isinstance(content, Mapping) else ())
        if isinstance(value, Tensor)
    }
    if not tensors:
        raise BadModel(
            f"weights={path}: holds no tensors by name; save it again as "
            "torch.save(network.state_dict(), path)"
        )
    _check_finite(tensors, path)
    return tensors


def _check_finite(weights: Mapping[str, Tensor], path: Path) -> None:
    for name, weight in weights.items():
        if weight.is_floating_point() and not torch.isfinite(weight).all():
            raise BadModel(
                f"weights={path}: {name} is not finite; use another file, or "
                "train again with a lower rate"
            )


def fill(network: nn.Module, weights: Mapping[str, Tensor], path: Path, name: str) -> None:
    """Copies weights into a backbone, strictly; logs parts of the file that are no backbone's."""
    # timm's feature extractors flatten the names of some containers: stages.0 is stages_0 there
    given = {key.replace(".", "_"): weight for key, weight in weights.items()}
    wanted = {key.replace(".", "_"): weight for key, weight in network.state_dict().items()}
    tops = tuple({f"{key.partition('.')[0]}_" for key in network.state_dict()})
    problems = [
        f"{key} is missing"
        for key in wanted
        if key not in given and not key.endswith("num_batches_tracked")
    ]
    problems += [
        f"{key} is {list(given[key].shape)}, not {list(weight.shape)}"
        for key, weight in wanted.items()
        if key in given and given[key].shape != weight.shape
    ]
    problems += [
        f"{key} is unexpected" for key in given if key not in wanted and key.startswith(tops)
    ]
    if problems:
        more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise BadModel(
            f"weights={path} are not those of {name}: {problems[0]}{more}; choose the backbone "
            "that they were saved from"
        )
    with torch.no_grad():
        for key, weight in wanted.items():
            if key in given:
                weight.copy_(given[key])
    unused = sorted(
        {key.partition(".")[0] for key in weights if key.replace(".", "_") not in wanted}
    )
    log.info("weights=%s: %s%s", path, name, f"; not used: {', '.join(unused)}" if unused else "")


def _file(path: Path, name: str) -> Path:
    """The file of this network in a folder; a file itself."""
    if not path.is_dir():
        return path
    files = [path / f"{name}{ending}" for ending in ENDINGS if (path / f"{name}{ending}").is_file()]
    if len(files) != 1:
        has = " and ".join(file.name for file in files) or f"no weights of {name}"
        raise BadModel(
            f"weights={path}: the folder holds {has}; give it one file that is called {name} and "
            f"ends in {' or '.join(ENDINGS)}"
        )
    return files[0]


def _pretrained(name: str, settings: dict[str, Any]) -> nn.Module:
    if not timm.models.is_model_pretrained(name):
        raise BadModel(f"weights=timm: timm has none for {name}; use weights=none, or give a file")
    _build(name, settings)  # raises errors of the settings before any download
    try:
        _check_hub(name)
        return timm.create_model(name, pretrained=True, features_only=True, **settings)
    except Exception as error:  # whatever the hub, its cache, or the network stack raises
        log.debug("timm could not load %s", name, exc_info=error)
        raise BadModel(
            f"weights=timm: those of {name} are not in the local cache and could not be "
            f"downloaded ({type(error).__name__}); go online once, give a local file "
            "(model.weights=FILE), or use model.weights=none; of experiments, recipe.pretrained=..."
        ) from error


def _check_hub(name: str) -> None:
    """Raises OSError if the hub cannot be resolved; its own retries would take most of a minute."""
    published = timm.get_pretrained_cfg(name)
    repository = published and published.hf_hub_id
    if not repository or getproxies():
        return
    cached = (
        isinstance(try_to_load_from_cache(repository, file), str)
        for file in ("model.safetensors", "pytorch_model.bin")
    )
    if not any(cached):
        socket.getaddrinfo(urlsplit(constants.ENDPOINT).hostname, 443)


def _build(name: str, settings: dict[str, Any]) -> nn.Module:
    try:
        return timm.create_model(name, pretrained=False, features_only=True, **settings)
    except (TypeError, AssertionError, RuntimeError, ValueError, AttributeError) as error:
        wanted = ", ".join(f"{key}={value!r}" for key, value in settings.items())
        raise BadModel(
            f"backbone={name}: timm cannot build it as a feature extractor with {wanted}; choose "
            "one that can be dilated, such as resnet18, regnetx_002, mobilenetv3_small_050 or "
            "convnext_atto"
        ) from error
