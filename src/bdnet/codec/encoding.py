"""Encoder settings of a clean stream."""

from dataclasses import asdict, dataclass
from typing import Literal

import cv2
from av.video.frame import VideoFrame

from bdnet.errors import BdnetError

# x264's AVX-512 code for mbtree (build 165) uses memory that nothing was written to, so its files
# depend on what the process did before; its AVX2 code gives the same file every time
AVX_512F = 13  # of OpenCV's enumeration of processor features
X264_PARAMS = "asm=avx2" if cv2.checkHardwareSupport(AVX_512F) else ""

PRESETS = ("ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow", "slower",
           "veryslow", "placebo")  # fmt: skip
MOST = 2**31 - 1  # of libavcodec's whole numbers
LOSSLESS_FORMATS = ("yuv420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le")


class WriteError(BdnetError, ValueError):
    """A video that cannot be written as asked."""


@dataclass(frozen=True)
class Encoding:
    """Encoder settings of a clean stream.

    codec:    h264 or mpeg4 (MPEG-4 Part 2)
    interval: frames from one codec keyframe to the next
    crf:      constant quality; H.264's 0..51 (default 20), MPEG-4's quantiser 1..31 (default 3)
    bitrate:  bits per second, instead of crf
    lossless: bit-exact pixels (H.264 only), instead of crf or bitrate
    preset:   x264's trade of time for size
    fast_decode: H.264 without arithmetic coding and deblocking, which is decoded about twice as
              fast and takes about a sixth more space
    threads:  of the encoder; 1 gives the same file every time, on one kind of processor
    """

    codec: Literal["h264", "mpeg4"] = "h264"
    interval: int = 12
    crf: float | None = None
    bitrate: int | None = None
    lossless: bool = False
    preset: str = "medium"
    threads: int = 1
    fast_decode: bool = False

    def __post_init__(self) -> None:
        if self.codec not in ("h264", "mpeg4"):
            raise WriteError(f"codec={self.codec!r}: use h264 or mpeg4")
        if not 1 <= self.interval <= MOST:
            raise WriteError(f"interval={self.interval}: a keyframe every 1 frame or more")
        if self.preset not in PRESETS:
            raise WriteError(f"preset={self.preset}: use {', '.join(PRESETS)}")
        if not 0 <= self.threads <= 64:
            raise WriteError(f"threads={self.threads}: from 0, one per core, to 64")
        if (self.crf is not None) + (self.bitrate is not None) + self.lossless > 1:
            raise WriteError(
                f"crf={self.crf}, bitrate={self.bitrate}, lossless={self.lossless}: give only one"
            )
        if self.lossless and self.codec != "h264":
            raise WriteError(f"lossless=True: {self.codec} cannot; use codec=h264")
        if self.fast_decode and self.codec != "h264":
            raise WriteError(f"fast_decode=True: {self.codec} cannot; use codec=h264")
        lowest, highest = (0, 51) if self.codec == "h264" else (1, 31)
        if self.crf is not None and not lowest <= self.crf <= highest:
            raise WriteError(f"crf={self.crf}: {self.codec} takes {lowest}..{highest}")
        if self.bitrate is not None and not 1000 <= self.bitrate <= MOST:
            raise WriteError(f"bitrate={self.bitrate}: bits per second, from 1000 to {MOST}")

    def facts(self) -> dict[str, object]:
        """The settings that a file depends on, for comparisons with files of earlier versions."""
        facts = asdict(self)
        if not self.fast_decode:
            del facts["fast_decode"]
        return facts

    def options(self) -> dict[str, str]:
        """libavcodec's options, without B-frames, further references and scene cuts."""
        common = {"g": str(self.interval), "bf": "0"}
        if self.codec == "mpeg4":
            quantiser = str(round(self.crf or 3))
            fixed = {} if self.bitrate else {"qmin": quantiser, "qmax": quantiser}
            # a threshold that no scene change reaches, so that none starts a new group
            return {**common, **fixed, "sc_threshold": "1000000000"}
        quality = {} if self.bitrate else {"crf": str(20 if self.crf is None else self.crf)}
        if self.lossless:
            quality = {"qp": "0"}
        if self.fast_decode:
            quality["tune"] = "fastdecode"
        return {
            **common,
            **quality,
            "x264-params": X264_PARAMS,
            "preset": self.preset,
            "keyint_min": str(self.interval),
            "forced-idr": "1",  # of the writer's `keyframes`
            "sc_threshold": "0",
            "refs": "1",
        }

    def encoder(self, first: VideoFrame) -> tuple[str, str]:
        """libavcodec's encoder and pixel format for pictures like the first one."""
        if self.codec == "mpeg4":
            return "mpeg4", "yuv420p"
        is_rgb = first.format.is_rgb
        if self.lossless and is_rgb:
            return "libx264rgb", "rgb24"
        if self.lossless and first.format.name in LOSSLESS_FORMATS:
            return "libx264", first.format.name
        if self.lossless:
            raise WriteError(
                f"lossless=True: x264 stores {first.format.name} pictures only with loss; "
                f"it keeps {', '.join(LOSSLESS_FORMATS)} and RGB"
            )
        # H.264 has no odd sizes at 4:2:0
        return "libx264", "yuv444p" if first.width % 2 or first.height % 2 else "yuv420p"
