"""The device that a network runs on."""

import torch

from bdnet.models.errors import BadModel


def device_of(name: str | torch.device) -> torch.device:
    """A device that computes; auto is a GPU if there is one, else the CPU."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.zeros(1, device=device).item()  # meta, and devices that are not there, cannot
    except (RuntimeError, AssertionError) as error:  # torch's ways to refuse a device
        reason = str(error).splitlines()[0]
        raise BadModel(f"device={name}: {reason}; use auto, cpu or cuda") from error
    return device
