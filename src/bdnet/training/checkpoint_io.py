"""Writes checkpoints atomically."""

import io
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins import TorchCheckpointIO

from bdnet.errors import BdnetError
from bdnet.system.files import remove_abandoned, replace_file


class AtomicCheckpointIO(TorchCheckpointIO):
    """Writes to a temporary file in the same folder, then renames it.

    Lightning's own plugin writes to the system's temporary folder: where that is another disk, it
    copies over the previous checkpoint, which is lost if the copy is interrupted.
    """

    def save_checkpoint(
        self,
        checkpoint: dict[str, Any],
        path: str | Path,
        storage_options: Any | None = None,  # noqa: ARG002
    ) -> None:
        content = io.BytesIO()
        torch.save(checkpoint, content)
        try:
            remove_abandoned(Path(path))
            replace_file(Path(path), content.getbuffer())
        except OSError as error:
            raise BdnetError(
                f"{path}: cannot be written ({error}); free space on its disk and start again: "
                "training resumes from the previous checkpoint"
            ) from error
