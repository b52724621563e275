"""Runs a function in several connected processes on the CPU, as torchrun would."""

import io
import logging
import multiprocessing
import os
import socket
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from typing import Any

import torch


def clean_context() -> ForkServerContext:
    """Starts processes as forks of a server that has imported everything and run nothing.

    A fork of this process would inherit what earlier tests left: autograd's and decoders' threads.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([f"bdnet.{verb}" for verb in ("train", "encode", "predict")])
    return context


def in_processes(work: Callable[..., Any], *arguments: object, count: int = 2) -> list[Any]:
    """The results of `work(*arguments)` in all processes, which import its module anew."""
    context = clean_context()
    port = _free_port()
    pipes, members = [], []
    for rank in range(count):
        receiver, sender = context.Pipe(duplex=False)
        task = (rank, count, port, sender, work, arguments)
        members.append(context.Process(target=_member, args=task))
        pipes.append(receiver)
    for member in members:
        member.start()
    try:
        results = [_received(pipe) for pipe in pipes]
    finally:
        for member in members:
            member.join(1)
            member.kill()
    errors = [f"process {n}: {text}" for n, text in enumerate(results) if isinstance(text, str)]
    assert not errors, "\n".join(errors)
    return [value for (value,) in results]


def _member(
    rank: int, count: int, port: int, pipe: Connection, work: Callable[..., Any],
    arguments: tuple[object, ...],
) -> None:  # fmt: skip
    os.environ |= {
        **dict.fromkeys(("RANK", "LOCAL_RANK"), str(rank)),
        **dict.fromkeys(("WORLD_SIZE", "LOCAL_WORLD_SIZE"), str(count)),
        "GROUP_WORLD_SIZE": "1", "GROUP_RANK": "0", "TORCHELASTIC_RUN_ID": "test",
        "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port),
    }  # fmt: skip
    torch.set_num_threads(1)  # as in all tests
    logging.getLogger().setLevel(logging.INFO)  # as Hydra does
    try:
        result: object = (work(*arguments),)
    except BaseException:  # includes pytest.fail
        result = traceback.format_exc()
    content = io.BytesIO()
    torch.save(result, content)  # a tensor in a pipe would need this process to stay alive
    pipe.send_bytes(content.getvalue())
    os._exit(0)  # whatever threads are left


def _received(pipe: Connection) -> Any:
    if not pipe.poll(900):
        return "no result in 900 s"
    return torch.load(io.BytesIO(pipe.recv_bytes()), weights_only=False)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
