"""Makes README's moving picture of the film that `make demo` writes first.

python results/moving_picture.py [FILM]
"""

import sys
from itertools import islice
from pathlib import Path

from PIL import Image

from bdnet.codec import VideoReader

ROOT = Path(__file__).resolve().parent.parent
WIDTH, FRAMES, MILLISECONDS = 1000, 30, 120
MOST = 2_000_000  # bytes


def main(film: Path = ROOT / "demo/every_fifth_frame.mp4") -> None:
    with VideoReader(film, "all", strict=False) as reader:
        pictures = [
            Image.fromarray(frame.image)
            for frame in islice(reader, FRAMES)
            if frame.image is not None
        ]
    height = round(WIDTH * pictures[0].height / pictures[0].width)
    first, *others = (picture.resize((WIDTH, height)) for picture in pictures)
    path = ROOT / "docs/every_fifth_frame.webp"
    first.save(path, save_all=True, append_images=others, duration=MILLISECONDS, loop=0, quality=45)
    size = path.stat().st_size
    print(f"{path.relative_to(ROOT)}: {len(pictures)} frames, {size:,} bytes")
    assert size <= MOST, "more than README should load"


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:2]))
