"""Warnings that tell users nothing."""

import warnings

QUIET = (
    "Checkpoint directory .* exists",  # it is the run's folder
    "`isinstance\\(treespec, LeafSpec\\)` is deprecated",  # Lightning's own
    "The number of training batches .* is smaller than the logging interval",
    "Found .* module\\(s\\) in eval mode",  # the teacher, always
    "The '.*_dataloader' does not have many workers",  # as many as data.workers says
    "It is recommended to use .*sync_dist=True",  # the metrics add up over processes themselves
    "The ``compute`` method of metric .* was called before",  # others may have counted something
    "You're resuming .* your dataloader is not resumable",  # TrainingBatches.first
)


def hush() -> None:
    """Drops them, in this process."""
    for message in QUIET:
        warnings.filterwarnings("ignore", message)
