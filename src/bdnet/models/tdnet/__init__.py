"""TDNet: a network in N parts, of which each frame runs one."""
