"""Semantic segmentation of compressed video: BDNet and its relatives."""

import os
import sys

# Idle threads of OpenMP spin. Where loaders' workers or other programs want the same cores, they
# then make everything ten times slower. It is read when torch is imported, so it is said before.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Where no one watches, a progress bar is a line in a log; tqdm reads this when it is imported.
if not sys.stderr.isatty():
    os.environ.setdefault("TQDM_MININTERVAL", "10")  # seconds

__version__ = "0.1.0"
