"""Networks as the configuration composes them, their checkpoints, and clips for them."""

import itertools
from pathlib import Path

import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from torch import nn

from bdnet.cli.application import conf_folder
from bdnet.models.base import Step, VideoModel
from bdnet.types import Clip, cells

CLASSES = 3
# others of these, on a backbone of their own
PRESETS = {"psp18", "psp50", "psp101", "deeplabv3plus", "hrnet_w18s", "td4_psp18", "td2_psp50"}


def choices(group: str) -> list[str]:
    return sorted(path.stem for path in conf_folder().glob(f"{group}/*.yaml"))


def combinations() -> dict[str, list[str]]:
    """Overrides for every network that the configuration can say, by name."""
    boundaries, propagations = choices("model/boundary"), choices("model/propagation")
    found = {"hrnet": ["+model=hrnet", "model.backbone=hrnet_w18_small"]}
    for boundary in boundaries:
        found[f"single_frame-{boundary}"] = ["+model=single_frame", f"model/boundary={boundary}"]
    for boundary, propagation in itertools.product(boundaries, propagations):
        found[f"bdnet-{boundary}-{propagation}"] = [
            *("+model=bdnet", f"model/boundary={boundary}", f"model/propagation={propagation}"),
        ]
    for propagation in ("vectors", "filled"):
        found[f"bdnet-warped-{propagation}-cubic"] = [
            *("+model=bdnet", f"model/propagation={propagation}", "model.propagation.kernel=cubic"),
        ]
    for head in sorted(set(choices("model/head")) - {"deeplabv2"}):  # which all of those have
        found[f"single_frame-{head}"] = ["+model=single_frame", f"model/head={head}"]
        for boundary in ("none", "warped"):
            chosen = [f"model/boundary={boundary}", f"model/head={head}"]
            found[f"bdnet-{boundary}-{head}"] = ["+model=bdnet", *chosen]
    # whatever else there is, as its yaml has it
    others = set(choices("model")) - {"hrnet", "single_frame", "bdnet"} - PRESETS
    return found | {name: [f"+model={name}"] for name in sorted(others)}


def build(*overrides: str, classes: int = CLASSES, backbone: str = "test_resnet") -> VideoModel:
    """A network with weights of all sizes, so that nothing is zero by chance."""
    if any("hrnet" not in each for each in overrides if each.startswith("+model=")):
        overrides = (*overrides, f"model.backbone={backbone}")
    with initialize_config_dir(str(conf_folder()), version_base="1.3"):
        config = compose(overrides=[*overrides, f"+classes={classes}"])
    if "width" in config.model.get("propagation", {}):
        config.model.propagation.width = 0.02  # of FlowNet-S, whose own would take seconds
    torch.manual_seed(0)
    return awake(instantiate(config.model, _convert_="all"))


def awake(model: VideoModel) -> VideoModel:
    """Without the zeros that some layers start from, in evaluation."""
    generator = torch.Generator().manual_seed(1)
    for module in model.modules():
        if isinstance(module, nn.Conv2d) and not module.weight.any():
            nn.init.normal_(module.weight, std=0.1, generator=generator)
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.5, 1.0, generator=generator)
            nn.init.uniform_(module.running_mean, -0.1, 0.1, generator=generator)
    return model.eval()


def saved(model: VideoModel, path: Path, **more: torch.Tensor) -> Path:
    """As training saves it; its weights are one higher, so that they are known again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    weights = {f"student.{name}": each + 1 for name, each in model.state_dict().items()}
    torch.save({"global_step": 7, "state_dict": weights | more}, path)
    return path


def is_from(model: VideoModel, path: Path, *parts: str) -> dict[str, bool]:
    """Of each part of a network: are its weights all those of a checkpoint?"""
    found = torch.load(path, weights_only=True)["state_dict"]
    return {
        part: all(
            torch.equal(each, found.get(f"student.{name}", torch.empty(0)))
            for name, each in model.state_dict().items()
            if name.startswith(f"{part}.")
        )
        for part in parts
    }


def random_clip(
    height: int, width: int, interval: int, offsets: list[int], is_smooth: bool = False
) -> Clip:
    """A batch with one clip for each offset; all the frames in between, keyframe first."""
    generator = torch.Generator().manual_seed(height * width + interval)
    size, steps = len(offsets), interval - 1
    grid = cells(height), cells(width)
    images = torch.randn(size, interval, 3, height, width, generator=generator)
    motion = torch.randn(size, steps, 2, *grid, generator=generator) * 6
    valid = torch.rand(size, steps, *grid, generator=generator) > 0.1
    motion *= valid[:, :, None]
    for place, offset in enumerate(offsets):
        motion[place, : steps - offset] = 0
        valid[place, : steps - offset] = True
        images[place, : interval - offset] = images[place, 0]
    if is_smooth:
        motion = motion.mean((-2, -1), keepdim=True).expand_as(motion).contiguous()
    labels = torch.zeros(size, height, width, dtype=torch.long)
    return Clip(images, motion, valid, labels, torch.tensor(offsets))


def ends(clip: Clip) -> Clip:
    """The clip as a loader hands it to networks that need no more."""
    return clip._replace(images=clip.images[:, [0, -1]])


def stream(model: VideoModel, clip: Clip) -> torch.Tensor:
    """The last frame's logits of a single clip, frame by frame, hiding pixels that are not read."""
    steps, offset = clip.motion.shape[1], int(clip.offset)
    state = model.start()
    logits = None
    for place in range(steps - offset, steps + 1):
        is_key = place == steps - offset
        is_read = is_key or model.pixels == "all"
        frame = Step(
            clip.images[:, place] if is_read else None,
            None if is_key else clip.motion[:, place - 1],
            None if is_key else clip.valid[:, place - 1],
            is_key,
        )
        state, logits = model.step(state, frame)
    assert logits is not None
    return logits


def one(clip: Clip, place: int) -> Clip:
    return Clip(*(field[place : place + 1] for field in clip))
