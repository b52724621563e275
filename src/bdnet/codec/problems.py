"""What keeps a stream's vectors from chaining from each frame to the one before, in plain words."""

from av.video.frame import PictureType, VideoFrame

from bdnet.codec.bitstream import SequenceParameters

B_FRAMES = "has B-frames, whose vectors point to the past and the future"
INTERLACED = "is interlaced: vectors may count in lines of one field"
UNUSED = "has P-frames that no later frame refers to, so the next one refers further back"
WARPED = "has sprite (GMC) frames, whose motion is not in the block vectors"
VARIABLE_SIZE = "changes its picture size"


def references(count: int) -> str:
    return f"allows {count} reference frames, and vectors do not say which one they mean"


def rotated(degrees: int) -> str:
    return f"is stored turned by {degrees} degrees: labels of the upright picture won't fit"


def of_picture(picture: VideoFrame, is_upright: bool = False) -> dict[str, bool]:
    """The problems that a decoded picture shows, and whether it has them; or is set upright."""
    return {
        B_FRAMES: picture.pict_type == PictureType.B,
        WARPED: picture.pict_type == PictureType.S,
        INTERLACED: picture.interlaced_frame,
        rotated(picture.rotation): picture.rotation != 0 and not is_upright,
    }


def of_parameters(parameters: tuple[SequenceParameters, ...]) -> list[str]:
    """The problems that an H.264 stream's sequence parameter sets announce."""
    found = []
    count = max((each.references for each in parameters), default=1)
    if count > 1:
        found.append(references(count))
    if any(each.interlaced for each in parameters):
        found.append(INTERLACED)
    return found
