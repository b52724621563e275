"""Shares of a list of files, for several processes or machines that work on one output folder."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, TypeVar

from bdnet.errors import BdnetError
from bdnet.system.locks import exclusive

Item = TypeVar("Item")


class Shard(NamedTuple):
    """Every `total`-th item of a list, from item `number` on."""

    number: int = 0
    total: int = 1

    def of(self, items: Sequence[Item]) -> list[Item]:
        return list(items[self.number :: self.total])

    def folder(self, output: Path) -> Path:
        """Where its lock and its summary are; the whole list's is the output folder."""
        if self.total == 1:
            return output
        return shards_folder(output) / f"{self.number}-of-{self.total}"


def shards_folder(output: Path) -> Path:
    return output / ".shards"


def shard_of(number: int | None, count: int) -> Shard:
    """The values of shard= and shards=."""
    if number is None and count == 1:
        return Shard()
    if number is None or number >= count:
        chosen = "" if number is None else f"shard={number} "
        every = ",".join(map(str, range(min(count, 3)))) + (",..." if count > 3 else "")
        raise BdnetError(
            f"{chosen}shards={count}: add shard=N, with N from 0 to {count - 1}; all of them, as "
            f"jobs of one command: -m shards={count} shard={every}"
        )
    return Shard(number, count)


@contextmanager
def exclusive_shard(output: Path, shard: Shard, remedy: str = "") -> Iterator[None]:
    """Lets one process at a time work on a shard, and none on others that overlap with it."""
    folder, shards = shard.folder(output), shards_folder(output)
    with exclusive(folder, remedy):
        if shards.is_dir():
            apart = {folder, *shards.glob(f"*-of-{shard.total}")}  # share no file with this one
            others = {output, *shards.glob("*-of-*")} - apart
            with exclusive(shards, wait=True):  # one shard at a time tries the others
                for other in sorted(others):
                    with exclusive(other, remedy):
                        pass
        yield
