"""Files that are not videos are refused in one line, by describe and by VideoReader."""

import shutil
import socket
import wave
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import av
import pytest
from torch import nn

from bdnet import accelerate
from bdnet.codec import MissingVideo, UnsupportedStream, VideoReader, describe
from bdnet.errors import BdnetError
from command import command
from videos import overwrite


def write_audio(path: Path) -> None:
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16000))


def write_song_with_cover(path: Path) -> None:
    """Sound with a cover picture, which counts as a video stream."""
    with av.open(str(path), "w") as container:
        sound = container.add_stream("aac", rate=44100)
        cover = container.add_stream("mjpeg", rate=1)
        cover.width = cover.height = 64
        cover.pix_fmt = "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        picture = av.VideoFrame(64, 64, "yuvj420p")
        picture.pts = 0
        container.mux([*cover.encode(picture), *cover.encode()])
        silence = av.AudioFrame("fltp", "stereo", 1024)
        silence.rate, silence.pts = 44100, 0
        for plane in silence.planes:
            plane.update(bytes(plane.buffer_size))
        container.mux([*sound.encode(silence), *sound.encode()])


NOT_VIDEOS = {
    "text.mp4": (lambda path: path.write_text("a text\n" * 99), "not a video that FFmpeg can read"),
    "empty.mp4": (lambda path: path.touch(), "an empty file (0 bytes)"),
    "folder": (lambda path: path.mkdir(), "a folder, not a video"),
    "sound.wav": (write_audio, "no video in it, only audio"),
    "song.mp4": (write_song_with_cover, "no video in it, only audio, video"),
    "noise.ts": (lambda path: path.write_bytes(bytes(range(256)) * 50), "not a video"),
}


@pytest.mark.parametrize("use", [describe, VideoReader])
@pytest.mark.parametrize("name", NOT_VIDEOS)
def test_a_file_that_is_not_a_video(tmp_path, name, use) -> None:
    path = tmp_path / name
    make, finding = NOT_VIDEOS[name]
    make(path)
    with pytest.raises(UnsupportedStream) as caught:
        use(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert finding in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize("use", [describe, VideoReader])
def test_a_file_that_is_not_there(tmp_path, use) -> None:
    with pytest.raises(MissingVideo, match=r"gone\.mp4") as caught:
        use(tmp_path / "gone.mp4")
    assert str(tmp_path) in str(caught.value)
    for family in (BdnetError, UnsupportedStream, ValueError, FileNotFoundError):
        assert isinstance(caught.value, family)


@contextmanager
def served(data: bytes) -> Iterator[str]:
    """The address of a server that sends the data and then nothing more."""
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as thread:
        done = Event()

        def serve() -> None:
            with server.accept()[0] as client:
                client.sendall(data)
                done.wait(60)

        thread.submit(serve)
        try:
            yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        finally:
            done.set()


def test_a_url_that_falls_silent_times_out(make_video) -> None:
    video = make_video(size=(48, 64), frames=60, container="ts").read_bytes()
    with served(video) as url, VideoReader(url, strict=False, timeout=0.5) as reader:
        assert sum(1 for _ in reader) == 60  # list() would ask for the length, by its index
        (problem,) = reader.problems
    assert problem == "ends early, after 60 frames (nothing came for 0.5 seconds)"
    with served(b"") as url, pytest.raises(UnsupportedStream) as caught:
        VideoReader(url, timeout=0.5)
    assert str(caught.value).startswith(f"{url}: ")
    assert "nothing came for 0.5 seconds" in str(caught.value)


def test_a_url_without_a_server() -> None:
    with pytest.raises(UnsupportedStream, match="Connection refused"):
        VideoReader("tcp://127.0.0.1:1")


def test_a_folder_names_the_command_that_makes_a_video_of_it(tmp_path) -> None:
    with pytest.raises(UnsupportedStream, match=r"python -m bdnet\.encode input='.*'"):
        describe(tmp_path)


@pytest.mark.parametrize("kind", [{}, {"codec": "mpeg4", "container": "avi"}])
def test_a_video_without_a_frame(make_video, kind) -> None:
    path = make_video(frames=0, **kind)
    for use in (describe, lambda path: list(VideoReader(path))):
        with pytest.raises(UnsupportedStream, match=path.name):
            use(path)


def test_an_unknown_codec(make_video, tmp_path) -> None:
    path = tmp_path / "alien.avi"
    source = make_video(codec="mpeg4", container="avi", frames=3)
    data = source.read_bytes()
    path.write_bytes(data)
    for code in (b"FMP4", b"fmp4"):
        at = data.find(code)
        while at >= 0:
            overwrite(path, at, b"ZQJX")
            at = data.find(code, at + 1)
    with pytest.raises(UnsupportedStream) as caught:
        VideoReader(path)
    assert str(caught.value).startswith(str(path))


def test_paths_may_be_strings(make_video) -> None:
    path = make_video(frames=3)
    assert describe(str(path)) == describe(path)
    with VideoReader(str(path)) as reader:
        assert len(list(reader)) == 3


PLAYLISTS = {
    "hls": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{target}\n#EXT-X-ENDLIST\n",
    "concat": "ffconcat version 1.0\nfile {target}\n",
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
    "m=video 9998 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
}


@pytest.mark.parametrize("use", [describe, VideoReader])
@pytest.mark.parametrize("target", ["secret.ts", "{folder}/secret.ts", "http://127.0.0.1:9/x.ts"])
@pytest.mark.parametrize("ending", ["m3u8", "mp4", "ffconcat", "sdp"])
@pytest.mark.parametrize("kind", PLAYLISTS)
def test_a_file_that_names_other_files_is_not_followed(
    make_video, tmp_path, kind, ending, target, use
) -> None:
    shutil.copy(make_video(container="ts", frames=4, size=(48, 64)), tmp_path / "secret.ts")
    path = tmp_path / f"list.{ending}"
    path.write_text(PLAYLISTS[kind].format(target=target.format(folder=tmp_path)))
    with pytest.raises(UnsupportedStream, match=path.name):
        use(path)


def test_a_files_name_is_no_protocol(make_video, tmp_path, monkeypatch) -> None:
    """FFmpeg would take it for two files to be joined."""
    shutil.copy(make_video(container="ts", frames=4, size=(48, 64)), tmp_path / "secret.ts")
    monkeypatch.chdir(tmp_path)
    Path("concat:secret.ts|secret.ts").write_bytes(b"text")
    with pytest.raises(UnsupportedStream, match="concat:"):
        describe("concat:secret.ts|secret.ts")
    shutil.copy("secret.ts", "odd: 100%|name.ts")
    assert describe("odd: 100%|name.ts").frames == 4


def test_metadata_in_another_encoding_do_not_matter(make_video, tmp_path: Path) -> None:
    path = tmp_path / "old.avi"
    video = make_video(codec="h263", size=(96, 128), frames=3, container="avi", options=())
    content = video.read_bytes()
    position = content.index(b"ISFT") + 8  # the name of the encoder
    path.write_bytes(content[:position] + b"\xe9\xff\xfe" + content[position + 3 :])
    assert describe(path).frames == 3


def write_tracks(path: Path) -> Path:
    """Two video tracks, 96 and 128 pixels wide, of which the second is the default one."""
    with av.open(str(path), "w") as container:
        streams = [container.add_stream("libx264", rate=25) for _ in range(2)]
        for stream, width in zip(streams, (96, 128), strict=True):
            stream.width, stream.height, stream.pix_fmt = width, 64, "yuv420p"
        streams[0].disposition = av.stream.Disposition(0)
        streams[1].disposition = av.stream.Disposition.default
        for stream in streams:
            container.mux(stream.encode(av.VideoFrame(stream.width, 64, "yuv420p")))
        for stream in streams:
            container.mux(stream.encode())
    return path


def test_of_several_video_tracks_one_is_chosen(tmp_path, caplog) -> None:
    path = write_tracks(tmp_path / "tracks.mkv")
    for track, width in ((None, 128), (0, 96), (1, 128)):
        info = describe(path, track)
        assert (info.width, info.tracks, info.track) == (width, 2, 0 if width == 96 else 1)
        with VideoReader(path, "all", motion="search", track=track) as reader:
            assert [frame.image.shape for frame in reader] == [(64, width, 3)]
            assert len(reader) == 1
        fast = accelerate(nn.Conv2d(3, 2, 1))
        assert [labels.labels.shape for labels in fast.video(path, track=track)] == [(64, width)]
        comparison = fast.compare(path, track=track)
        assert comparison.frames == 1
    said = [record for record in caplog.records if "track" in record.message]
    assert len(said) == 1  # of the choices that nobody made
    assert "2 video tracks, of which track 1 is read" in said[0].message
    for track in (2, -1):
        with pytest.raises(UnsupportedStream, match=f"track={track}: .*has 2"):
            VideoReader(path, track=track)
        with pytest.raises(UnsupportedStream, match=f"track={track}"):
            describe(path, track)


def test_commands_choose_a_track(tmp_path) -> None:
    write_tracks(tmp_path / "tracks.mkv")
    described = command("probe", "video=tracks.mkv", "track=0", folder=tmp_path)
    assert (described.returncode, "96 x 64" in described.stdout) == (0, True)
    written = command("encode", "input=tracks.mkv", "output=first.mp4", "track=0", folder=tmp_path)
    assert written.returncode == 0, written.stderr
    assert describe(tmp_path / "first.mp4").width == 96
    other = command("encode", "input=tracks.mkv", "output=first.mp4", "track=1", folder=tmp_path)
    assert "other settings" in other.stderr
    refused = command("encode", "input=tracks.mkv", "output=2.mp4", "track=2", folder=tmp_path)
    assert "track=2" in refused.stderr


def test_a_codec_without_a_decoder_is_said(make_video, tmp_path) -> None:
    path = tmp_path / "alien.mkv"
    content = make_video(frames=3, container="mkv").read_bytes()
    path.write_bytes(content.replace(b"V_MPEG4/ISO/AVC", b"V_UNKNOWN/CODEC"))
    for use in (describe, VideoReader):
        with pytest.raises(UnsupportedStream, match="without a decoder"):
            use(path)
