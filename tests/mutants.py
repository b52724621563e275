"""Small ways to break the code that numbers come from; for each, the tests that must notice.

    Mutant(file below src/bdnet, original text, text of the mistake, file below tests)

`python tests/mutants.py` tries them all, in copies, and prints which tests failed for each.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent


class Mutant(NamedTuple):
    file: str
    original: str
    mistake: str
    tests: str


MOTION, ACCUMULATION, WARP = "codec/motion.py", "motion/accumulation.py", "motion/warp.py"
KERNEL, MATCHING = "motion/kernel.py", "motion/matching.py"
SEGMENTATION, OUTLINES = "metrics/segmentation.py", "metrics/boundary.py"

MUTANTS = [
    # codec
    Mutant(MOTION, "[::2] < 0  # the field", "[::2] != 0  # the field", "codec/test_motion.py"),
    Mutant(MOTION, "left - (width >> 1)", "left - (height >> 1)", "codec/test_motion.py"),
    Mutant(MOTION, "bottom < rows)", "bottom <= rows)", "codec/test_motion.py"),
    Mutant(MOTION, "1 / scale)  #", "2 / scale)  #", "codec/test_motion.py"),
    Mutant(MOTION, "2 * (-(-size // 16))", "size // 8", "codec/test_motion.py"),
    Mutant("codec/bitstream.py", "kind % 5 == 1", "kind % 5 == 0", "codec/test_bitstream.py"),
    Mutant("codec/frames.py", "        if is_reference:", "        if not is_reference:",
           "codec/test_references.py"),
    Mutant("codec/index.py", 'side="right"', 'side="left"', "codec/test_index.py"),
    Mutant("codec/frames.py", "            motion /= distance", "            motion *= distance",
           "codec/test_frames.py"),
    Mutant("codec/pixels.py", "if first <= frame <= last", "if first < frame <= last",
           "codec/test_reader.py"),
    # motion
    Mutant(ACCUMULATION, "fields[:, step] + looked_up", "fields[:, step] - looked_up",
           "motion/test_accumulation.py"),
    Mutant(ACCUMULATION, "looked_up[:, 2] > WHOLE", "looked_up[:, 2] > 0.5",
           "motion/test_accumulation.py"),
    Mutant(ACCUMULATION, "motion[:, 1] / CELL + 0.5", "motion[:, 1] / CELL",
           "motion/test_accumulation.py"),
    Mutant(WARP, "columns + field[:, 0] / stride", "columns - field[:, 0] / stride",
           "motion/test_warp.py"),
    Mutant(WARP, "rows + field[:, 1] / stride", "rows + field[:, 1] / CELL",
           "motion/test_warp.py"),
    Mutant(WARP, "(x + 0.5) * (2 / width)", "(x + 0.5) * (2 / height)", "motion/test_warp.py"),
    Mutant(WARP, "height * torch.arange(count)", "torch.arange(count)", "motion/test_warp.py"),
    Mutant(KERNEL, "position.clamp(0, size - 1)", "position.clamp(0, size - 2)",
           "motion/test_warp.py"),
    Mutant(KERNEL, "Tap(first.long(), 1 - beyond)", "Tap(first.long(), beyond)",
           "motion/test_warp.py"),
    Mutant(KERNEL, "zip((-1, 0, 1, 2)", "zip((-1, 0, 1, 1)", "motion/test_warp.py"),
    Mutant("models/propagation/base.py", "move(maps, field, self.kernel)", "move(maps, field)",
           "models/test_propagation.py"),
    Mutant(MATCHING, "down[:, None] + near", "across[:, None] + near", "motion/test_matching.py"),
    Mutant(MATCHING, "best % tries, best // tries", "best // tries, best % tries",
           "motion/test_matching.py"),
    Mutant(MATCHING, "LEAST_GAIN = 1 / 58", "LEAST_GAIN = 1 / 5", "motion/test_matching.py"),
    Mutant(MATCHING, "differences + COST_PER_PIXEL * distance", "differences",
           "motion/test_matching.py"),
    Mutant(MATCHING, "2 * (points + steps), field", "field + 2 * steps, field",
           "models/test_propagation.py"),
    Mutant(MATCHING, "image.float().mean(1", "image.float().sum(1", "motion/test_matching.py"),
    # losses
    Mutant("losses/pixelwise.py", "return tau**2 *", "return tau *", "losses/test_pixelwise.py"),
    Mutant("losses/pixelwise.py", "theirs / tau)", "theirs)",
           "losses/test_pixelwise.py"),
    Mutant("losses/zero_order.py", "square().sum(1)", "square().mean(1)",
           "losses/test_zero_order.py"),
    Mutant("losses/first_order.py", "divisor_override=1) - maps", "divisor_override=1)",
           "losses/test_first_order.py"),
    Mutant("losses/pairwise.py", "is_ours & is_theirs", "is_ours | is_theirs",
           "losses/test_pairwise.py"),
    Mutant("losses/intra_class.py", "(to_each * members).sum(2)", "to_each.sum(2)",
           "losses/test_intra_class.py"),
    Mutant("losses/boundary.py", "1 - share, share)", "share, 1 - share)",
           "losses/test_boundary.py"),
    Mutant("losses/bpkd.py", "cells = (masks > 0)", "cells = (masks >= 0)", "losses/test_bpkd.py"),
    Mutant("losses/bpkd.py", "body = 1 - outlines", "body = outlines", "losses/test_bpkd.py"),
    Mutant("losses/segmentation_ohem.py", "is_hard | is_least", "is_hard & is_least",
           "losses/test_segmentation_ohem.py"),
    Mutant("losses/segmentation_ohem.py", "hardness > -math.log", "hardness < -math.log",
           "losses/test_segmentation_ohem.py"),
    Mutant("losses/base.py", "total + term.weight * value", "total + value", "losses/test_base.py"),
    Mutant("losses/base.py", "None if tensor is None else tensor.detach()", "tensor",
           "losses/test_contract.py"),
    # metrics
    Mutant(SEGMENTATION, "+ confusion.sum(1) - hits", "+ confusion.sum(1)",
           "metrics/test_segmentation.py"),
    Mutant(SEGMENTATION, "miou[1:].mean()", "miou[:-1].mean()", "metrics/test_segmentation.py"),
    Mutant(SEGMENTATION, "labels != IGNORE, cells)", "labels != IGNORE, 0)",
           "metrics/test_segmentation.py"),
    Mutant(SEGMENTATION, "values.nanmean()", "values.nan_to_num().mean()",
           "metrics/test_segmentation.py"),
    Mutant(OUTLINES, "0.005 * math.hypot", "0.01 * math.hypot", "metrics/test_boundary.py"),
    Mutant(OUTLINES, "high != low) & ~void", "high != low)", "metrics/test_boundary.py"),
    Mutant(OUTLINES, "math.ceil(round(", "int(round(", "metrics/test_boundary.py"),
    Mutant(OUTLINES, "reach**2 - step**2", "reach**2", "metrics/test_boundary.py"),
    Mutant(OUTLINES, "band | (rim & (maps != IGNORE))", "band", "metrics/test_boundary.py"),
    Mutant("metrics/tailing.py", "prediction == previous", "prediction == labels",
           "metrics/test_tailing.py"),
    Mutant("metrics/tailing.py", " & (labels != IGNORE)", "", "metrics/test_tailing.py"),
    Mutant("metrics/consistency.py", "range(1, self.frames - 1)", "range(1, self.frames - 2)",
           "metrics/test_consistency.py"),
    Mutant("metrics/consistency.py", "kept = stable & ", "kept = ", "metrics/test_consistency.py"),
]  # fmt: skip


def failing_test(mutant: Mutant, scratch: Path) -> str:
    """The first test that fails for a mutant, made in a copy of the code; "" where none does."""
    copy = scratch / "src"
    if not copy.is_dir():
        shutil.copytree(ROOT / "src", copy, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(ROOT / "conf", scratch / "conf")
    source, broken = ROOT / "src/bdnet" / mutant.file, copy / "bdnet" / mutant.file
    content = source.read_text()
    assert content.count(mutant.original) == 1, mutant
    broken.write_text(content.replace(mutant.original, mutant.mistake))
    try:
        answer = subprocess.run(
            [sys.executable, "-m", "pytest", "-qx", "-p", "no:cacheprovider", "-n0",
             str(ROOT / "tests" / mutant.tests)],
            cwd=ROOT, capture_output=True, text=True, check=False,
            env={**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"},
        )  # fmt: skip
    finally:
        shutil.copy(source, broken)
    failed = [line for line in answer.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return failed[0].partition("::")[2].partition(" - ")[0] if failed else ""


def main() -> None:
    alive = 0
    with tempfile.TemporaryDirectory() as scratch:
        for mutant in MUTANTS:
            test = failing_test(mutant, Path(scratch))
            alive += not test
            change = f"{mutant.file}: {mutant.original.strip()!r} -> {mutant.mistake.strip()!r}"
            print(f"{change}: {f'noticed by {test}' if test else 'NOT NOTICED'}", flush=True)
    print(f"{len(MUTANTS) - alive} of {len(MUTANTS)} noticed")
    sys.exit(bool(alive))


if __name__ == "__main__":
    main()
