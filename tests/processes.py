"""Several processes that work together on this machine's CPU, as torchrun would start them."""

import io
import multiprocessing
import os
import socket
import traceback
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import torch


def together(work: Callable[..., Any], *arguments: object, count: int = 2) -> list[Any]:
    """What `work(*arguments)` gives in each of the processes.

    They are forked from this one, which has imported everything.
    """
    context = multiprocessing.get_context("fork")
    port = _free_port()
    answers, members = [], []
    for rank in range(count):
        ours, theirs = context.Pipe(duplex=False)
        task = (rank, count, port, theirs, work, arguments)
        members.append(context.Process(target=_member, args=task))
        answers.append(ours)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that threads do not survive a fork: none is at work
        for each in members:
            each.start()
    try:
        found = [_received(each) for each in answers]
    finally:
        for each in members:
            each.join(1)
            each.kill()
    wrong = [f"process {rank}: {said}" for rank, said in enumerate(found) if isinstance(said, str)]
    assert not wrong, "\n".join(wrong)
    return [value for (value,) in found]


def _member(
    rank: int, count: int, port: int, answer: Connection, work: Callable[..., Any],
    arguments: tuple[object, ...],
) -> None:  # fmt: skip
    os.environ |= {
        **dict.fromkeys(("RANK", "LOCAL_RANK"), str(rank)),
        **dict.fromkeys(("WORLD_SIZE", "LOCAL_WORLD_SIZE"), str(count)),
        "GROUP_WORLD_SIZE": "1", "GROUP_RANK": "0", "TORCHELASTIC_RUN_ID": "test",
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
    }  # fmt: skip
    try:
        said: object = (work(*arguments),)
    except BaseException:  # also pytest.fail's
        said = traceback.format_exc()
    content = io.BytesIO()
    torch.save(said, content)  # the pipe's own way with tensors needs this process to live on
    answer.send_bytes(content.getvalue())
    os._exit(0)  # nothing of pytest's is this process's to finish


def _received(answer: Connection) -> Any:
    if not answer.poll(900):
        return "no answer in 900 s"
    return torch.load(io.BytesIO(answer.recv_bytes()), weights_only=False)


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
