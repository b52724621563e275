"""Several processes that train one network: the first one decides, the others follow."""

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import pytorch_lightning as pl
from pytorch_lightning.utilities import rank_zero_only

from bdnet.errors import BdnetError
from bdnet.system.machine import process_count


@contextmanager
def led(make: Callable[[], pl.Trainer], entry: AbstractContextManager[bool]) -> Iterator[bool]:
    """What `entry` says, in every process; only the first enters it, and its refusal is everyone's.

    All leave together: what the first has written is there for the others.

    make: a trainer, by which the processes talk to each other
    """
    count = process_count()
    if count == 1:
        with entry as found:
            yield found
        return
    strategy = _connected(make(), count).strategy
    with ExitStack() as stack:
        answer: bool | str = False
        if is_first():
            try:
                answer = stack.enter_context(entry)
            except (BdnetError, OSError) as error:
                answer = str(error)
        else:
            _quieten()
        answer = strategy.broadcast(answer)
        if isinstance(answer, str):
            raise BdnetError(answer)
        yield answer
        strategy.barrier()


def is_first() -> bool:
    """Whether this process is the one that writes; Lightning knows once it has a trainer."""
    return not getattr(rank_zero_only, "rank", 0)


def check_started(trainer: pl.Trainer) -> None:
    """Refuses devices for which Lightning would start this command again, a sweep with it."""
    if trainer.world_size > process_count():
        raise BdnetError(
            f"the trainer's {trainer.world_size} devices need as many processes: torchrun "
            f"--nproc-per-node={trainer.num_devices} -m bdnet.train trainer=ddp ..., or one SLURM "
            "task each"
        )


def check_reached(trainer: pl.Trainer, trains_all: bool, syncs: bool, what: str) -> None:
    """Refuses processes that would wait for what others leave out of a step.

    syncs: batch norms count over all processes
    """
    kwargs = getattr(trainer.strategy, "_ddp_kwargs", {})
    needed = {
        "trainer.strategy=ddp_find_unused_parameters_true": kwargs.get("find_unused_parameters"),
        "trainer.sync_batchnorm=false": not syncs,
    }
    missing = [said for said, holds in needed.items() if not holds]
    if trainer.world_size > 1 and not trains_all and missing:
        raise BdnetError(
            f"{what} leaves some of its parameters out of each step; with several processes say "
            f"trainer=ddp {' '.join(missing)}"
        )


def _quieten() -> None:
    """What all processes would say alike, the first says."""
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
