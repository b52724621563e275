"""A child process of test_fuzz: works through seeds and reports each outcome as it goes.

    python fuzz_worker.py FOLDER_OF_VIDEOS SCRATCH_FILE FIRST LAST

prints, for each seed, `begin SEED` and then `end SEED STEP=OUTCOME ...`; when this process dies or
hangs, it was over the last seed that began.
"""

import random
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import torch

from bdnet.codec import UnsupportedStream, VideoReader, describe
from bdnet.codec.search import Motion

torch.set_num_threads(1)
HEADER = 600  # bytes; most containers have their headers there or at the end


def mutate(data: bytes, rng: random.Random) -> bytes:
    """Damages the data in the headers or anywhere."""
    result = bytearray(data)
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        span = rng.choice((len(result), len(result), min(HEADER, len(result))))
        position = rng.randrange(span)
        if rng.random() < 0.25:
            position = len(result) - 1 - position
        size = min(rng.choice((1, 2, 4, 16, 200)), len(result) - position)
        damage(result, position, size, rng)
        if not result:
            break
    return bytes(result)


def damage(data: bytearray, position: int, size: int, rng: random.Random) -> None:
    kind = rng.choice(("flip", "flip", "noise", "fill", "cut", "remove", "insert", "repeat"))
    if kind == "flip":
        for offset in range(min(size, 8)):
            data[position + offset] ^= 1 << rng.randrange(8)
    elif kind == "noise":
        data[position : position + size] = rng.randbytes(size)
    elif kind == "fill":
        data[position : position + size] = bytes([rng.choice((0, 1, 127, 128, 255))]) * size
    elif kind == "cut":
        del data[position:]
    elif kind == "remove":
        del data[position : position + size]
    elif kind == "insert":
        data[position:position] = rng.randbytes(size)
    else:
        data[position:position] = data[position : position + size]


def read_all(path: Path, strict: bool, rng: random.Random, motion: Motion = "stream") -> None:
    pixels, threads = rng.choice(("key", "all", "none")), rng.choice((1, 2))
    with VideoReader(path, pixels, strict=strict, threads=threads, motion=motion) as reader:
        for frame in reader:
            if frame.motion is not None:
                assert frame.motion.shape == (2, *frame.valid.shape)


def read_clip(path: Path, rng: random.Random) -> None:
    with VideoReader(path, "key", strict=False, threads=1, motion="auto") as reader:
        target = rng.randrange(14)
        reader.clip(target, rng.randint(0, target), pixels=rng.choice(("key", "all", {0, target})))


def outcome(step: Callable[[], object], allowed: tuple[type[Exception], ...]) -> str:
    try:
        step()
    except allowed as error:
        return type(error).__name__
    except Exception:  # everything else is what we are looking for
        traceback.print_exc()
        return "DEFECT"
    return "clean"


def try_seed(seed: int, sources: list[Path], scratch: Path) -> str:
    rng = random.Random(seed)
    source = sources[seed % len(sources)]
    path = scratch.with_suffix(source.suffix)
    path.write_bytes(mutate(source.read_bytes(), rng))
    steps = {
        "probe": (lambda: describe(path), (UnsupportedStream,)),
        "strict": (lambda: read_all(path, True, rng), (UnsupportedStream,)),
        "effort": (lambda: read_all(path, False, rng), (UnsupportedStream,)),
        "searched": (lambda: read_all(path, False, rng, "search"), (UnsupportedStream,)),
        "clip": (lambda: read_clip(path, rng), (UnsupportedStream, IndexError)),
    }
    return " ".join(f"{name}={outcome(*step)}" for name, step in steps.items())


def main() -> None:
    folder, scratch, first, last = sys.argv[1:]
    sources = sorted(Path(folder).iterdir())
    for seed in range(int(first), int(last)):
        print(f"begin {seed}", flush=True)
        print(f"end {seed} {try_seed(seed, sources, Path(scratch))}", flush=True)


if __name__ == "__main__":
    main()
