"""Where the motion of one step comes from, for networks that see every frame."""
