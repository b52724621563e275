"""Trained networks at work: videos in, labels out."""
