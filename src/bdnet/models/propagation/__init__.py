"""Ways to move a keyframe's features to the target frame."""
