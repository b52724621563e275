"""What is in a video: `python -m bdnet.probe video=FILE`."""

from omegaconf import DictConfig

from bdnet.codec import StreamInfo, probe
from bdnet.codec.errors import encode_command
from bdnet.errors import BdnetError
from bdnet.runs import application

SHOWN_KEYFRAMES = 8


@application("probe")
def main(config: DictConfig) -> None:
    if config.video is None:
        raise BdnetError("nothing to look at; say video=FILE")
    print(describe(probe(config.video)))


def describe(info: StreamInfo) -> str:
    """A table of a stream's properties, and what to do about its problems."""
    keys = ", ".join(map(str, info.keyframes[:SHOWN_KEYFRAMES]))
    more = ", ..." if len(info.keyframes) > SHOWN_KEYFRAMES else ""
    rows = {
        "codec": f"{info.codec} ({info.profile or 'no profile'}), {info.pixel_format}",
        "size": f"{info.width} x {info.height} pixels" + _rotation(info.rotation),
        "frames": f"{info.frames} at {info.fps:g} per second"
        + (" on average (variable)" if info.variable_fps else ""),
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


def _rotation(degrees: int) -> str:
    return f", shown turned by {degrees} degrees" if degrees else ""


if __name__ == "__main__":
    main()
