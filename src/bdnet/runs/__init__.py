"""A run: its folder, what it is known by, what it builds on, its record, sweeps of many."""
