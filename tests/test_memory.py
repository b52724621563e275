"""Memory of `predict`: that of a short video, however long the video is."""

import json
import subprocess
import sys
from pathlib import Path

import av
import pytest

from videos import Pan

CHILD = Path(__file__).with_name("memory_child.py")
SHORT, LONG = 100, 10_000  # frames
SLACK = 12  # MiB: 1.2 KiB a frame, of which containers keep a table


def looped(source: Path, path: Path, frames: int) -> Path:
    """A video's packets over and over: every group of pictures is closed."""
    with av.open(str(source)) as one, av.open(str(path), "w") as many:
        stream = many.add_stream_from_template(one.streams.video[0])
        stamps = [
            (bytes(packet), packet.is_keyframe) for packet in one.demux(video=0) if packet.size
        ]
        for index in range(frames):
            data, is_key = stamps[index % len(stamps)]
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, stream.time_base or one.streams[0].time_base
            packet.pts = packet.dts = index * 512
            packet.is_keyframe = is_key
            many.mux(packet)
    return path


def peak(video: str, output: Path) -> float:
    """MiB of a process that segments a video into film and labels."""
    done = subprocess.run(
        [sys.executable, str(CHILD), video, str(output)], capture_output=True, text=True, check=True
    )
    return float(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("way", ["", "file://"])  # of a URL no index is read
def test_a_hundred_times_the_frames_take_no_more_memory(make_video, tmp_path, way) -> None:
    source = make_video(scene=Pan((1.5, -1.0)), size=(64, 96), frames=24)
    peaks = {}
    for frames in (SHORT, LONG):
        video, output = looped(source, tmp_path / f"{frames}.mp4", frames), tmp_path / str(frames)
        peaks[frames] = peak(f"{way}{video}", output)
        (report,) = json.loads((output / "summary.json").read_text())["videos"].values()
        assert report["frames"] == frames
    print(
        f"\n{way or 'file'}: " + ", ".join(f"{n} frames {mib:.1f} MiB" for n, mib in peaks.items())
    )
    assert peaks[LONG] < peaks[SHORT] + SLACK
