"""Semantic segmentation of compressed video: BDNet and its relatives."""

import os

# Idle threads of OpenMP spin. Where loaders' workers or other programs want the same cores, they
# then make everything ten times slower. It is read when torch is imported, so it is said before.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

__version__ = "0.1.0"
