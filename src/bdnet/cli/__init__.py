"""How a verb starts, fails, is interrupted and answers --help.

Only doors import this. It is imported before anything else of theirs, since it sets what libraries
read from the environment when they are imported. Every other room leaves the environment as it is.
"""

import os
import sys

# Idle threads of OpenMP spin. Where loaders' workers or other programs want the same cores, they
# then make everything ten times slower. torch reads it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Where no one watches, a progress bar is a line in a log. tqdm reads it.
if not sys.stderr.isatty():
    os.environ.setdefault("TQDM_MININTERVAL", "10")  # seconds
