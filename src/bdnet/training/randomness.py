"""Random numbers that go on where an interrupted training stopped."""

from typing import Any

import torch
import torch.distributed as dist
from pytorch_lightning import Callback, LightningModule, Trainer


class Randomness(Callback):
    """Keeps the state of torch's generators in checkpoints: dropout draws from them.

    Each of several processes has numbers of its own; networks were made with the same ones.
    """

    def __init__(self) -> None:
        self._found: dict[str, Any] = {}

    def state_dict(self) -> dict[str, Any]:
        devices = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
        state = {"cpu": torch.get_rng_state(), "cuda": devices}
        if not (dist.is_initialized() and dist.get_world_size() > 1):
            return state
        states: list[Any] = [None] * dist.get_world_size()
        dist.all_gather_object(states, state)
        return {"processes": states}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._found = state_dict

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        found = self._found
        if "processes" in found:
            found = found["processes"][trainer.global_rank]
        if found:
            torch.set_rng_state(found["cpu"])
            if len(found["cuda"]) == torch.cuda.device_count():
                torch.cuda.set_rng_state_all(found["cuda"])
        elif dist.is_initialized() and trainer.global_rank:
            torch.manual_seed(torch.initial_seed() + trainer.global_rank)
