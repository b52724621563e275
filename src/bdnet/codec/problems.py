"""Reasons why a stream's vectors do not chain from each frame to the one before."""

from av.video.frame import PictureType, VideoFrame

from bdnet.codec.bitstream import SequenceParameters

B_FRAMES = "has B-frames, whose vectors point to the past and the future"
INTERLACED = "is interlaced: vectors may count in lines of one field"
UNUSED = "has P-frames that no later frame refers to, so the next one refers further back"
WARPED = "has sprite (GMC) frames, whose motion is not in the block vectors"
OF_VECTORS = {B_FRAMES, INTERLACED, UNUSED, WARPED}
REFERENCES = "reference frames, and vectors do not say which one they mean"
VARIABLE_SIZE = "changes its picture size"


def references(count: int) -> str:
    return f"allows {count} {REFERENCES}"


def is_of_vectors(problem: str) -> bool:
    """Whether a search for motion in the pictures does not have it."""
    return problem in OF_VECTORS or problem.endswith(REFERENCES)


def rotated(degrees: int) -> str:
    return f"is stored turned by {degrees} degrees: labels of the upright picture won't fit"


def of_picture(picture: VideoFrame, is_upright: bool = False) -> dict[str, bool]:
    """Possible problems of a decoded picture, each with whether it applies."""
    return {
        B_FRAMES: picture.pict_type == PictureType.B,
        WARPED: picture.pict_type == PictureType.S,
        INTERLACED: picture.interlaced_frame,
        rotated(picture.rotation): picture.rotation != 0 and not is_upright,
    }


def of_parameters(parameters: tuple[SequenceParameters, ...]) -> list[str]:
    """Problems that an H.264 stream's sequence parameter sets announce."""
    count = max((sps.references for sps in parameters), default=1)
    announced = [references(count)] if count > 1 else []
    return announced + [INTERLACED] * any(sps.interlaced for sps in parameters)
