"""Tables and figures of runs: `python -m bdnet.report`."""
