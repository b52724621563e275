"""What can be measured: `python -m bdnet.benchmark target=...`."""
