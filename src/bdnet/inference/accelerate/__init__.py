"""Any segmenter on video, faster: it reads keyframes, and its scores travel between them.

    fast = accelerate(model, interval=5)
    for frame in fast.video("drive.mp4"):
        frame.labels  # uint8 [H, W]

adapters/ are what makes pictures into score maps, one file per library; `propagation` carries the
maps along the codec's vectors; `labels` makes them label maps of the frame's size.
"""

from bdnet.inference.accelerate.accelerated import Accelerated, accelerate

__all__ = ["Accelerated", "accelerate"]
