"""Files that are written whole, signals, cores, worker processes."""
