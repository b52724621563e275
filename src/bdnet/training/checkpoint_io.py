"""Checkpoints that are there whole or not at all."""

import io
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins import TorchCheckpointIO

from bdnet.errors import BdnetError
from bdnet.system.files import remove_abandoned, replace_file


class WholeFiles(TorchCheckpointIO):
    """Writes beside the file, then gives it its name.

    Lightning's own writes to the folder of temporary files: where that is another disk, it copies
    from there over the file before, which is lost if the copy ends early.
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
                "training goes on from the checkpoint before"
            ) from error
