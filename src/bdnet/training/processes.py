"""Training by several processes: decisions of rank zero, and checks of the setup."""

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
    """Enters a context on rank zero only, and broadcasts its value or its error to all processes.

    All leave it together, so that files of rank zero are complete before the others go on.

    make: makes the trainer that connects the processes
    """
    count = process_count()
    if count == 1:
        with entry as value:
            yield value
        return
    strategy = _connected(make(), count).strategy
    with ExitStack() as stack:
        result: bool | str = False
        if is_rank_zero():
            try:
                result = stack.enter_context(entry)
            except (BdnetError, OSError) as error:
                result = str(error)
        else:
            _log_warnings_only()
        result = strategy.broadcast(result)
        if isinstance(result, str):
            raise BdnetError(result)
        yield result
        strategy.barrier()


def is_rank_zero() -> bool:
    """Whether this process writes files; Lightning knows the rank once there is a trainer."""
    return not getattr(rank_zero_only, "rank", 0)


def check_process_count(trainer: pl.Trainer) -> None:
    """Refuses devices for which Lightning would start this command, or a whole sweep, again."""
    if trainer.world_size > process_count():
        raise BdnetError(
            f"the trainer's {trainer.world_size} devices need as many processes: torchrun "
            f"--nproc-per-node={trainer.num_devices} -m bdnet.train trainer=ddp ..., or one SLURM "
            "task each"
        )


def check_unused_parameters(
    trainer: pl.Trainer, trains_all: bool, syncs_batchnorm: bool, network: str
) -> None:
    """Refuses settings by which processes would wait for gradients that a step does not have.

    trains_all: each training step reaches all parameters of the network
    """
    kwargs = getattr(trainer.strategy, "_ddp_kwargs", {})
    needed = {
        "trainer.strategy=ddp_find_unused_parameters_true": kwargs.get("find_unused_parameters"),
        "trainer.sync_batchnorm=false": not syncs_batchnorm,
    }
    missing = [override for override, holds in needed.items() if not holds]
    if trainer.world_size > 1 and not trains_all and missing:
        raise BdnetError(
            f"{network} leaves some of its parameters out of each step; with several processes use "
            f"trainer=ddp {' '.join(missing)}"
        )


def _log_warnings_only() -> None:
    logging.getLogger().setLevel(logging.WARNING)


def _connected(trainer: pl.Trainer, count: int) -> pl.Trainer:
    """Connects a trainer's processes; later trainers reuse the connections."""
    if trainer.world_size != count:
        raise BdnetError(
            f"{count} processes were started for trainer.devices={trainer.num_devices} in each of "
            f"{trainer.num_nodes} nodes; use trainer=ddp, or trainer=ddp_cpu"
        )
    trainer.strategy.setup_environment()
    return trainer
