"""From compressed video and label images to batches of clips."""
