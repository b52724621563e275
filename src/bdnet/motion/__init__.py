"""Motion fields and feature maps as tensors: accumulate, fill, match, warp, resize."""
