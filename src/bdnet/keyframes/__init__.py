"""Which frames of a video the network reads whole."""
