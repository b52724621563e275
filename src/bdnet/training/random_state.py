"""Random states in checkpoints, so that a resumed training draws the same numbers."""

from typing import Any

import torch
import torch.distributed as dist
from pytorch_lightning import Callback, LightningModule, Trainer


class RandomState(Callback):
    """Keeps the states of torch's generators in checkpoints, because dropout draws from them.

    Parallel processes draw different numbers, but only after all have made the same network.
    """

    def __init__(self) -> None:
        self._loaded: dict[str, Any] = {}

    def state_dict(self) -> dict[str, Any]:
        devices = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
        state = {"cpu": torch.get_rng_state(), "cuda": devices}
        if not (dist.is_initialized() and dist.get_world_size() > 1):
            return state
        states: list[Any] = [None] * dist.get_world_size()
        dist.all_gather_object(states, state)
        return {"processes": states}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._loaded = state_dict

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        state = self._loaded
        if "processes" in state:
            state = state["processes"][trainer.global_rank]
        if state:
            torch.set_rng_state(state["cpu"])
            if len(state["cuda"]) == torch.cuda.device_count():
                torch.cuda.set_rng_state_all(state["cuda"])
        elif dist.is_initialized() and trainer.global_rank:
            torch.manual_seed(torch.initial_seed() + trainer.global_rank)
