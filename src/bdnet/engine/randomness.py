"""Random numbers that go on where an interrupted training stopped."""

from typing import Any

import torch
from pytorch_lightning import Callback, LightningModule, Trainer


class Randomness(Callback):
    """Keeps the state of torch's generators in checkpoints: dropout and TDNet draw from them."""

    def __init__(self) -> None:
        self._found: dict[str, Any] = {}

    def state_dict(self) -> dict[str, Any]:
        devices = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
        return {"cpu": torch.get_rng_state(), "cuda": devices}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._found = state_dict

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:  # noqa: ARG002
        if self._found:
            torch.set_rng_state(self._found["cpu"])
            if len(self._found["cuda"]) == torch.cuda.device_count():
                torch.cuda.set_rng_state_all(self._found["cuda"])
