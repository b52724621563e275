"""Several processes that train one network: decisions of rank zero, and checks of the setup."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import pytorch_lightning as pl
from pytorch_lightning.utilities import rank_zero_only

from bdnet.errors import BdnetError
from bdnet.system.machine import process_count


@contextmanager
def enter_on_rank_zero(
    make: Callable[[], pl.Trainer], entry: AbstractContextManager[bool]
) -> Iterator[bool]:
    """Enters a context in the first process only, and broadcasts its value or its error to all.

    All processes leave together, so that the others find what the first has written.

    make: a trainer, by which the processes talk to each other
    """
    count = process_count()
    if count == 1:
        with entry as only:
            yield only
        return
    strategy = _connected(make(), count).strategy
    with ExitStack() as stack:
        value: bool | str = False
        if is_rank_zero():
            try:
                value = stack.enter_context(entry)
            except (BdnetError, OSError) as error:
                value = str(error)
        else:
            _log_warnings_only()
        value = strategy.broadcast(value)
        if isinstance(value, str):
            raise BdnetError(value)
        yield value
        strategy.barrier()


def is_rank_zero() -> bool:
    """Whether this process writes files; Lightning knows its rank once there is a trainer."""
    return not getattr(rank_zero_only, "rank", 0)


def check_started(trainer: pl.Trainer) -> None:
    """Refuses devices for which Lightning would start this command again, a sweep with it."""
    if trainer.world_size > process_count():
        raise BdnetError(
            f"the trainer's {trainer.world_size} devices need as many processes: torchrun "
            f"--nproc-per-node={trainer.num_devices} -m bdnet.train trainer=ddp ..., or one SLURM "
            "task each"
        )


def check_reached(trainer: pl.Trainer, trains_all: bool, syncs: bool, network: str) -> None:
    """Refuses processes that would wait for gradients which others leave out of a step.

    syncs: batch norms count over all processes
    """
    kwargs = getattr(trainer.strategy, "_ddp_kwargs", {})
    needed = {
        "trainer.strategy=ddp_find_unused_parameters_true": kwargs.get("find_unused_parameters"),
        "trainer.sync_batchnorm=false": not syncs,
    }
    missing = [override for override, holds in needed.items() if not holds]
    if trainer.world_size > 1 and not trains_all and missing:
        raise BdnetError(
            f"{network} leaves some of its parameters out of each step; with several processes say "
            f"trainer=ddp {' '.join(missing)}"
        )


def _log_warnings_only() -> None:
    """The first process logs for all."""
    logging.getLogger().setLevel(logging.WARNING)


def _connected(trainer: pl.Trainer, count: int) -> pl.Trainer:
    """Connects its processes; the trainers after it find them connected."""
    if trainer.world_size != count:
        raise BdnetError(
            f"{count} processes were started for trainer.devices={trainer.num_devices} in each of "
            f"{trainer.num_nodes} nodes; say trainer=ddp, or trainer=ddp_cpu"
        )
    trainer.strategy.setup_environment()
    return trainer
