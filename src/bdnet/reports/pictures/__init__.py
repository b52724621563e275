"""Pictures of frames, labels and predictions."""
