"""Whether the vectors of a video lead from each frame to the one before."""

from pathlib import Path

from av.video.stream import VideoStream

from bdnet.codec import problems
from bdnet.codec.bitstream import read_header
from bdnet.codec.container import EXPORTS_VECTORS, codec_name, first_picture, open_video
from bdnet.codec.index import read_index

EXAMINED = 100  # packets from the beginning of a file


def vectors_chain(path: str | Path, stream: VideoStream, track: int | None = None) -> bool:
    """Whether an open video's own vectors lead from each frame to the one before.

    Judged by its headers, and by the beginning of what can be opened again.
    """
    context = stream.codec_context
    if codec_name(stream) not in EXPORTS_VECTORS:
        return False
    if problems.of_parameters(read_header(context.extradata).parameters):
        return False
    if not Path(path).is_file():
        return not context.reorder_depth
    index = read_index(path, EXAMINED, track)
    if index.has_b or index.is_unused[:-1].any():
        return False
    if context.name == "h264":  # its headers have told the rest
        return True
    # without time stamps B-frames do not show
    return not (index.stamps is None and context.reorder_depth) and _first_is_plain(path, track)


def _first_is_plain(path: str | Path, track: int | None) -> bool:
    container, stream = open_video(path, track=track)
    with container:
        first = first_picture(container, stream)
    return first is None or not any(
        applies and problems.is_of_vectors(problem)
        for problem, applies in problems.of_picture(first).items()
    )
