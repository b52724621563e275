"""Keys of earlier versions, and their names now."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bdnet.errors import BdnetError

RENAMED = {
    "callbacks.exhibits": "callbacks.examples",
    "callbacks.randomness": "callbacks.random_state",
    "callbacks.waiting": "callbacks.loader_monitor",
    "data.extra": "data.unlabelled_videos",
    "data.labelled": "data.labelled_frame",
    "data.mode": "data.keyframes (any or codec)",
    "data.stride": "data.evaluate_every",
    "data.unlabelled": "data.unlabelled_batch_size",
    "loss.alone": "loss.single_path",
    "loss.middle": "loss.auxiliary_head",
    "memory": "memory_format",
    "optimizer.head": "optimizer.head_lr_factor",
    "recipe.resnet": "recipe.other_teachers",
    "recipe.row": "recipe.finetune",
    "recipe.taught_by": "recipe.teacher_experiment",
    "recipe.tdnet.head": "recipe.tdnet.head_lr_factor",
    "recipe.unlabelled": "recipe.unlabelled_batch_size",
    "recipe.weights": "loss.NAME.weight",
    "requires": "needs (names of experiments)",
}


# what a class did before it had these arguments: stored configurations lack them
EARLIER: dict[str, dict[str, Any]] = {
    "bdnet.models.hrnet.HRNet": {"fuse": "nearest"},
    "bdnet.models.head.pspnet.PSPNet": {"align_corners": False},
    "bdnet.models.propagation.flownet.Flow": {"scale_bias": "learned"},
}


def with_earlier_defaults(node: Any) -> Any:
    """A stored configuration, arguments that it lacks set to what was done when it was written."""
    if isinstance(node, Mapping):
        filled = {key: with_earlier_defaults(value) for key, value in node.items()}
        return {**EARLIER.get(str(node.get("_target_")), {}), **filled}
    if isinstance(node, list):
        return [with_earlier_defaults(value) for value in node]
    return node


def new_name(key: str) -> str | None:
    """The present name of a dotted key of an earlier version, or of the renamed key above it."""
    parts = key.split(".")
    names = (".".join(parts[:count]) for count in range(1, len(parts) + 1))
    return next((RENAMED[name] for name in names if name in RENAMED), None)


def check_renamed(config: Mapping[str, Any], path: Path) -> None:
    """Refuses a stored configuration with keys of an earlier version, which would be ignored."""
    for key, new in RENAMED.items():
        *groups, name = key.split(".")
        node: Any = config
        for group in groups:
            node = node.get(group) or {}
        if name in node:
            raise BdnetError(f"{path}: {key} is now {new}; rename it there, or train the run again")
