"""What an offline run of Weights & Biases holds, read off its log file."""

from collections.abc import Iterator
from pathlib import Path

from wandb.proto.wandb_internal_pb2 import Record

# the layout of LevelDB's logs: blocks of records, each checksum (4), size (2), kind (1), content
HEADER, BLOCK, HEAD = 7, 32768, 7
WHOLE, LAST = 1, 4


def records(path: Path) -> Iterator[Record]:
    data, place, parts = path.read_bytes(), HEADER, b""
    while place + HEAD <= len(data):
        left = BLOCK - place % BLOCK
        if left < HEAD:  # no record begins so close to the end of a block
            place += left
            continue
        size, kind = int.from_bytes(data[place + 4 : place + 6], "little"), data[place + 6]
        parts += data[place + HEAD : place + HEAD + size]
        place += HEAD + size
        if kind in (WHOLE, LAST):
            yield Record.FromString(parts)
            parts = b""


def exit_codes(path: Path) -> list[int]:
    """How the run ended: 0 shows as finished there, others as failed."""
    return [
        record.exit.exit_code
        for record in records(path)
        if record.WhichOneof("record_type") == "exit"
    ]
