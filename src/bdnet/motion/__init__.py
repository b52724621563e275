"""Fields and maps as tensors: accumulated, filled, matched, warped, resized."""
