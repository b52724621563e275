"""Rules that choose the frames of a video that the network reads whole."""
