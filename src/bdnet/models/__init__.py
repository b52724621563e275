"""Networks: clips in, predictions out; frame by frame too."""
