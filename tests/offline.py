"""Reads the log file of an offline run of Weights & Biases."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from wandb.proto.wandb_internal_pb2 import Record

# LevelDB's log format: blocks of records of checksum (4 bytes), size (2), kind (1) and content
HEADER, BLOCK, HEAD = 7, 32768, 7
WHOLE, LAST = 1, 4


def records(path: Path) -> Iterator[Record]:
    data, position, parts = path.read_bytes(), HEADER, b""
    while position + HEAD <= len(data):
        left = BLOCK - position % BLOCK
        if left < HEAD:  # no record begins so close to the end of a block
            position += left
            continue
        size, kind = int.from_bytes(data[position + 4 : position + 6], "little"), data[position + 6]
        parts += data[position + HEAD : position + HEAD + size]
        position += HEAD + size
        if kind in (WHOLE, LAST):
            yield Record.FromString(parts)
            parts = b""


def summary(path: Path) -> dict[str, Any]:
    """The run's last value under each name; parts of nested names are joined by dots."""
    return {
        item.key or ".".join(item.nested_key): json.loads(item.value_json)
        for record in records(path)
        if record.WhichOneof("record_type") == "summary"
        for item in record.summary.update
    }


def exit_codes(path: Path) -> list[int]:
    """The run's exit codes: 0 is shown as finished, others as failed."""
    return [
        record.exit.exit_code
        for record in records(path)
        if record.WhichOneof("record_type") == "exit"
    ]
