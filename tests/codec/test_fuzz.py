"""Damaged files of every kind give a clean result or our own error, never a crash or a hang.

Each seed is one mutant of a small real file. To run one again: fuzz_worker.py.
"""

import queue
import shutil
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from videos import NO_VECTORS, Pan, h264

WORKER = Path(__file__).with_name("fuzz_worker.py")
TIMEOUT = 20  # seconds for one mutant; most take a tenth of one
SOURCES = [
    {},
    {"codec": "mpeg4", "container": "avi"},
    {"container": "ts"},
    {"container": "mkv"},
    {"codec": "mpeg2video", "container": "ts"},
    {"codec": "mpeg4", "container": "mp4"},
    h264(refs="3", bf="2"),
    {"container": "h264"},
    NO_VECTORS["hevc"],
    NO_VECTORS["vp9"],
]


class Batch:
    """Runs seeds in child processes; a new child goes on where the last one died."""

    def __init__(self, folder: Path, scratch: Path) -> None:
        self.folder, self.scratch = folder, scratch
        self.outcomes: Counter[str] = Counter()
        self.defects: list[str] = []

    def run(self, first: int, last: int) -> None:
        while first < last:
            first = self._run_child(first, last)

    def _run_child(self, first: int, last: int) -> int:
        """Returns the first seed that is still to be done."""
        errors = self.scratch / "stderr.txt"
        command = [sys.executable, str(WORKER), str(self.folder), str(self.scratch / "mutant")]
        command += [str(first), str(last)]
        with (
            errors.open("w") as sink,
            subprocess.Popen(command, stdout=subprocess.PIPE, stderr=sink, text=True) as child,
        ):
            lines: queue.Queue[str | None] = queue.Queue()
            listener = threading.Thread(target=self._listen, args=(child, lines))
            listener.start()
            seed, is_done = self._follow(lines, first)
            code = child.poll()
            child.kill()
            listener.join()
        log = errors.read_text()
        if "Traceback" in log:
            self.defects.append(log[-3000:])
        if seed + is_done < last:
            self.defects.append(f"seed {seed}: hung, or died ({code}): {log[-500:]}")
        return seed + 1

    @staticmethod
    def _listen(child: subprocess.Popen[str], lines: "queue.Queue[str | None]") -> None:
        for line in child.stdout:
            lines.put(line)
        lines.put(None)

    def _follow(self, lines: "queue.Queue[str | None]", seed: int) -> tuple[int, bool]:
        """Returns the last seed that began and whether it came to its end."""
        is_done, timeout = False, 60.0  # the first line waits for imports
        while True:
            try:
                line = lines.get(timeout=timeout)
            except queue.Empty:
                return seed, False
            if line is None:
                return seed, is_done
            word, number, *results = line.split()
            seed, is_done, timeout = int(number), word == "end", TIMEOUT
            self.outcomes.update(results)
            self.defects += [f"seed {seed}: {result}" for result in results if "DEFECT" in result]


def fuzz(make_video, tmp_path: Path, first: int, last: int) -> None:
    folder, scratch = tmp_path / "sources", tmp_path / "scratch"
    folder.mkdir()
    scratch.mkdir()
    for number, recipe in enumerate(SOURCES):
        path = make_video(scene=Pan((1.0, 1.0)), size=(48, 64), frames=15, **recipe)
        shutil.copy(path, folder / f"{number}{path.suffix}")
    batch = Batch(folder, scratch)
    batch.run(first, last)
    print("\n" + "\n".join(f"{count:6} {name}" for name, count in sorted(batch.outcomes.items())))
    assert not batch.defects, "\n".join(batch.defects)
    assert sum(batch.outcomes.values()) == 5 * (last - first)
    assert batch.outcomes["effort=clean"] > (last - first) / 4  # else it fuzzes nothing but headers


def test_mutants(make_video, tmp_path) -> None:
    fuzz(make_video, tmp_path, 0, 320)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_many_mutants(make_video, tmp_path) -> None:
    fuzz(make_video, tmp_path, 1000, 4000)
