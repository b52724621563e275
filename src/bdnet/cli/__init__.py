"""How a verb starts, fails, is interrupted and answers --help.

Only the entry points import this package, before all others, because it sets environment variables
that libraries read when they are imported. No other package changes the environment.
"""

import os
import sys

# Idle OpenMP threads spin by default, which makes everything ten times slower where loader workers
# or other programs need the same cores. torch reads it.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# Outside a terminal, each update of a progress bar is a line in a log. tqdm reads it.
if not sys.stderr.isatty():
    os.environ.setdefault("TQDM_MININTERVAL", "10")  # seconds

# Errors reach the application, which says them in a sentence. Hydra would print a traceback.
os.environ["HYDRA_FULL_ERROR"] = "1"
