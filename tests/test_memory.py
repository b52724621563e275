"""`predict` needs no more memory for a long video than for a short one."""

import json
import subprocess
import sys
from pathlib import Path

import av
import pytest

from videos import Pan

CHILD = Path(__file__).with_name("memory_child.py")
SHORT, LONG = 100, 10_000  # frames
SLACK = 12  # MiB: 1.2 KiB per frame for the containers' tables of frames


def looped(source: Path, path: Path, frames: int) -> Path:
    """Repeats the packets of a video, whose groups of pictures are closed."""
    with av.open(str(source)) as container, av.open(str(path), "w") as output:
        template = container.streams.video[0]
        stream = output.add_stream_from_template(template)
        packets = [packet for packet in container.demux(video=0) if packet.size]
        contents = [(bytes(packet), packet.is_keyframe) for packet in packets]
        for index in range(frames):
            data, is_key = contents[index % len(contents)]
            packet = av.Packet(data)
            packet.stream, packet.time_base = stream, stream.time_base or template.time_base
            packet.pts = packet.dts = index * 512
            packet.is_keyframe = is_key
            output.mux(packet)
    return path


def peak(video: str, output: Path) -> float:
    """Peak memory in MiB of a process that segments a video into film and labels."""
    done = subprocess.run(
        [sys.executable, str(CHILD), video, str(output)], capture_output=True, text=True, check=True
    )
    return float(done.stdout.splitlines()[-1])


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("prefix", ["", "file://"])  # the index of a URL is not read
def test_a_hundred_times_the_frames_take_no_more_memory(make_video, tmp_path, prefix) -> None:
    source = make_video(scene=Pan((1.5, -1.0)), size=(64, 96), frames=24)
    peaks = {}
    for frames in (SHORT, LONG):
        video, output = looped(source, tmp_path / f"{frames}.mp4", frames), tmp_path / str(frames)
        peaks[frames] = peak(f"{prefix}{video}", output)
        (report,) = json.loads((output / "summary.json").read_text())["videos"].values()
        assert report["frames"] == frames
    numbers = ", ".join(f"{frames} frames {mib:.1f} MiB" for frames, mib in peaks.items())
    print(f"\n{prefix or 'file'}: {numbers}")
    assert peaks[LONG] < peaks[SHORT] + SLACK


SEARCHING = """
import re, sys
from pathlib import Path
from bdnet.codec import VideoReader
with VideoReader(sys.argv[1], "none", motion="search", threads=1) as reader:
    print(sum(1 for _ in reader))
print(int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1]) / 1024)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_fifty_times_the_searched_frames_take_no_more_memory(make_video, tmp_path) -> None:
    source = make_video(scene=Pan((1.5, -1.0)), size=(288, 352), frames=24)
    peaks = {}
    for frames in (SHORT, 5000):
        video = looped(source, tmp_path / f"{frames}.mp4", frames)
        command = [sys.executable, "-c", SEARCHING, str(video)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        count, peaks[frames] = map(float, done.stdout.split())
        assert count == frames
    print(", ".join(f"{frames} frames {mib:.1f} MiB" for frames, mib in peaks.items()))
    assert peaks[5000] < peaks[SHORT] + SLACK
