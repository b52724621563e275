"""A child process of test_memory: segments a video into film and labels, and measures its memory.

    python memory_child.py VIDEO OUTPUT_FOLDER

prints the largest resident set of the process in MiB.
"""

import re
import sys
from pathlib import Path

import torch

from bdnet.data.classes import Classes
from bdnet.inference import predictor
from bdnet.inference.network import Network
from bdnet.predict import main as predict
from bdnet.reports.pictures import overlay
from networks import build


def main() -> None:
    video, output = sys.argv[1:]
    torch.set_num_threads(1)
    overlay.NARROW = 64  # a film that is not enlarged takes a tenth of the time
    classes = Classes(("road", "car", "sky"), ((128, 64, 128), (0, 0, 142), (70, 130, 180)))
    model = build("+model=bdnet", "model/boundary=warped")
    predictor.load = lambda *_: Network(model, classes, 5, "untrained")
    sys.argv = ["predict", "run=untrained", f"video={video}", f"output={output}", "labels=true"]
    predict()
    # getrusage would include the parent process at the time of the fork
    match = re.search(r"VmHWM:\s*(\d+) kB", Path("/proc/self/status").read_text())
    print(int(match[1]) / 1024)


if __name__ == "__main__":
    main()
