"""Networks composed from the configuration, with checkpoints and random clips for them."""

import itertools
from pathlib import Path

import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from torch import nn

from bdnet.cli.conf import conf_folder
from bdnet.models.base import Step, VideoModel
from bdnet.types import Clip, cells

CLASSES = 3
# the same networks with their own backbones
PRESETS = {"psp18", "psp50", "psp101", "deeplabv3plus", "hrnet_w18s", "td4_psp18", "td2_psp50"}


def choices(group: str) -> list[str]:
    return sorted(path.stem for path in conf_folder().glob(f"{group}/*.yaml"))


def combinations() -> dict[str, list[str]]:
    """Overrides for all combinations of networks, heads, boundaries and propagations, by name."""
    boundaries, propagations = choices("model/boundary"), choices("model/propagation")
    overrides = {"hrnet": ["+model=hrnet", "model.backbone=hrnet_w18_small"]}
    for boundary in boundaries:
        overrides[f"single_frame-{boundary}"] = [
            "+model=single_frame",
            f"model/boundary={boundary}",
        ]
    for boundary, propagation in itertools.product(boundaries, propagations):
        overrides[f"bdnet-{boundary}-{propagation}"] = [
            *("+model=bdnet", f"model/boundary={boundary}", f"model/propagation={propagation}"),
        ]
    for propagation in ("vectors", "filled"):
        overrides[f"bdnet-warped-{propagation}-cubic"] = [
            *("+model=bdnet", f"model/propagation={propagation}", "model.propagation.kernel=cubic"),
        ]
    for head in sorted(set(choices("model/head")) - {"deeplabv2"}):  # the default
        overrides[f"single_frame-{head}"] = ["+model=single_frame", f"model/head={head}"]
        for boundary in ("none", "warped"):
            chosen = [f"model/boundary={boundary}", f"model/head={head}"]
            overrides[f"bdnet-{boundary}-{head}"] = ["+model=bdnet", *chosen]
    # all other networks, with their defaults
    others = set(choices("model")) - {"hrnet", "single_frame", "bdnet"} - PRESETS
    return overrides | {name: [f"+model={name}"] for name in sorted(others)}


def build(*overrides: str, classes: int = CLASSES, backbone: str = "test_resnet") -> VideoModel:
    """A network in evaluation mode, without zero weights that would hide errors."""
    if any("hrnet" not in choice for choice in overrides if choice.startswith("+model=")):
        overrides = (*overrides, f"model.backbone={backbone}")
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        config = compose(overrides=[*overrides, f"+classes={classes}"])
    if "width" in config.model.get("propagation", {}):
        config.model.propagation.width = 0.02  # a small FlowNet-S, because a full one takes seconds
    torch.manual_seed(0)
    return without_zeros(instantiate(config.model, _convert_="all"))


def without_zeros(model: VideoModel) -> VideoModel:
    """The network in evaluation mode, with random values where layers start from zeros."""
    generator = torch.Generator().manual_seed(1)
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and not module.weight.any():
            nn.init.normal_(module.weight, std=0.1, generator=generator)
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.0, generator=generator)
            nn.init.uniform_(module.running_mean, -0.1, 0.1, generator=generator)
    return model.eval()


def saved(model: VideoModel, path: Path, **more: torch.Tensor) -> Path:
    """A checkpoint like those of training, with all weights one higher, to recognise them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    weights = {f"student.{name}": weight + 1 for name, weight in model.state_dict().items()}
    torch.save({"global_step": 7, "state_dict": weights | more}, path)
    return path


def has_weights_of(model: VideoModel, path: Path, *parts: str) -> dict[str, bool]:
    """For some parts of a network, whether all their weights are those of a checkpoint."""
    saved = torch.load(path, weights_only=True)["state_dict"]
    return {
        part: all(
            torch.equal(weight, saved.get(f"student.{name}", torch.empty(0)))
            for name, weight in model.state_dict().items()
            if name.startswith(f"{part}.")
        )
        for part in parts
    }


def random_clip(
    height: int, width: int, interval: int, offsets: list[int], is_smooth: bool = False
) -> Clip:
    """A batch with one clip per offset, which holds all frames from keyframe to target."""
    generator = torch.Generator().manual_seed(height * width + interval)
    size, steps = len(offsets), interval - 1
    grid = cells(height), cells(width)
    images = torch.randn(size, interval, 3, height, width, generator=generator)
    motion = torch.randn(size, steps, 2, *grid, generator=generator) * 6
    valid = torch.rand(size, steps, *grid, generator=generator) > 0.1
    motion *= valid[:, :, None]
    for index, offset in enumerate(offsets):
        motion[index, : steps - offset] = 0
        valid[index, : steps - offset] = True
        images[index, : interval - offset] = images[index, 0]
    if is_smooth:
        motion = motion.mean((-2, -1), keepdim=True).expand_as(motion).contiguous()
    labels = torch.zeros(size, height, width, dtype=torch.long)
    return Clip(images, motion, valid, labels, torch.tensor(offsets))


def first_and_last(clip: Clip) -> Clip:
    """The clip with keyframe and target only, as most networks read it."""
    return clip._replace(images=clip.images[:, [0, -1]])


def stream(model: VideoModel, clip: Clip) -> torch.Tensor:
    """Logits of a clip's last frame, computed frame by frame with only the images that are read."""
    steps, offset = clip.motion.shape[1], int(clip.offset)
    state = model.start()
    logits = None
    for index in range(steps - offset, steps + 1):
        is_key = index == steps - offset
        is_read = is_key or model.pixels == "all"
        frame = Step(
            clip.images[:, index] if is_read else None,
            None if is_key else clip.motion[:, index - 1],
            None if is_key else clip.valid[:, index - 1],
            is_key,
        )
        state, logits = model.step(state, frame)
    assert logits is not None
    return logits


def single(clip: Clip, index: int) -> Clip:
    """A batch of one clip out of a batch."""
    return Clip(*(field[index : index + 1] for field in clip))
