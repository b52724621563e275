"""From run folders to the paper's tables and figures: `python -m bdnet.report`."""
