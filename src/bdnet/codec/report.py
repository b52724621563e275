"""A stream's properties as a table."""

from bdnet.codec.errors import encode_command
from bdnet.codec.probe import StreamInfo

SHOWN_KEYFRAMES = 8


def describe(info: StreamInfo) -> str:
    """A table of a stream's properties, and what to do about its problems."""
    keys = ", ".join(map(str, info.keyframes[:SHOWN_KEYFRAMES]))
    more = ", ..." if len(info.keyframes) > SHOWN_KEYFRAMES else ""
    turned = f", shown turned by {info.rotation} degrees" if info.rotation else ""
    variable = " on average (variable)" if info.variable_fps else ""
    rows = {
        "codec": f"{info.codec} ({info.profile or 'no profile'}), {info.pixel_format}",
        "size": f"{info.width} x {info.height} pixels{turned}",
        "frames": f"{info.frames} at {info.fps:g} per second{variable}",
        "keyframes": f"{len(info.keyframes)}: {keys}{more}",
        "B-frames": "yes" if info.has_b_frames else "no",
        "references": info.references if info.references is not None else "set by the codec",
        "interlaced": "yes" if info.interlaced else "no",
        "vectors": "exported" if info.exports_vectors else "not exported by this codec's decoder",
        "clean": "yes: vectors chain from frame to frame" if info.clean else "no",
    }
    lines = [info.path, *(f"  {name:<11} {value}" for name, value in rows.items())]
    if info.problems:
        lines += [f"    - it {problem}" for problem in info.problems]
        lines.append(f"  make a clean copy: {encode_command(info.path)}")
    return "\n".join(lines)
