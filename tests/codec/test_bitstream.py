"""H.264 headers, read from real files and from ones written here bit by bit."""

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bdnet.codec.bitstream import (
    BitReader,
    SequenceParameters,
    nal_units,
    read_header,
    read_sequence_parameters,
    read_slice,
)
from videos import Pan, h264

NUMBERS = st.integers(0, 2**20)


class BitWriter:
    """The inverse of BitReader, with emulation prevention."""

    def __init__(self) -> None:
        self.bits = ""

    def number(self, value: int, length: int) -> None:
        self.bits += f"{value:0{length}b}" if length else ""

    def unsigned(self, value: int) -> None:
        digits = f"{value + 1:b}"
        self.bits += "0" * (len(digits) - 1) + digits

    def signed(self, value: int) -> None:
        self.unsigned(2 * value - 1 if value > 0 else -2 * value)

    def payload(self) -> bytes:
        bits = self.bits + "1"  # the stop bit
        bits += "0" * (-len(bits) % 8)
        escaped, zeros = bytearray(), 0
        for byte in int(bits, 2).to_bytes(len(bits) // 8, "big"):
            if zeros == 2 and byte <= 3:
                escaped.append(3)
                zeros = 0
            escaped.append(byte)
            zeros = zeros + 1 if byte == 0 else 0
        return bytes(escaped)


@given(st.lists(st.one_of(NUMBERS, st.integers(-(2**20), 2**20).map(float)), max_size=40))
def test_exp_golomb_round_trip(values) -> None:
    """Floats stand for signed numbers, integers for unsigned ones."""
    writer = BitWriter()
    for value in values:
        (writer.signed if isinstance(value, float) else writer.unsigned)(int(value))
    writer.number(5, 3)
    reader = BitReader(writer.payload())
    for value in values:
        assert (reader.signed if isinstance(value, float) else reader.unsigned)() == value
    assert reader.number(3) == 5


@pytest.mark.parametrize(
    ("bits", "value"), [("1", 0), ("010", 1), ("011", 2), ("00100", 3), ("00111", 6)]
)
def test_exp_golomb_of_the_standard(bits, value) -> None:
    assert BitReader(int(bits.ljust(8, "0"), 2).to_bytes(1, "big")).unsigned() == value


@pytest.mark.parametrize("payload", [b"", b"\x00" * 3, b"\x00" * 20, b"\x00\x00\x00\x01"])
def test_truncated_numbers_are_refused(payload) -> None:
    with pytest.raises(ValueError, match=r"Exp-Golomb|ends early"):
        BitReader(payload).unsigned()


def write_scaling_lists(writer: BitWriter, draw) -> None:
    for index in range(8):
        present = draw(st.booleans())
        writer.number(present, 1)
        if present:
            last = 8
            for _ in range(16 if index < 6 else 64):
                following = draw(st.integers(0, 255))
                writer.signed((following - last + 128) % 256 - 128)
                if following == 0:  # the rest repeats
                    break
                last = following


@st.composite
def parameter_sets(draw) -> tuple[bytes, SequenceParameters]:
    references, interlaced = draw(st.integers(0, 16)), draw(st.booleans())
    writer = BitWriter()
    profile = draw(st.sampled_from([66, 77, 88, 100, 110, 122]))
    writer.number(profile, 8)
    writer.number(draw(st.integers(0, 65535)), 16)
    writer.unsigned(draw(st.integers(0, 31)))
    if profile >= 100:
        writer.unsigned(draw(st.integers(0, 2)))
        writer.unsigned(draw(st.integers(0, 6)))
        writer.unsigned(draw(st.integers(0, 6)))
        writer.number(0, 1)
        has_lists = draw(st.booleans())
        writer.number(has_lists, 1)
        if has_lists:
            write_scaling_lists(writer, draw)
    writer.unsigned(draw(st.integers(0, 12)))
    order = draw(st.integers(0, 2))
    writer.unsigned(order)
    if order == 0:
        writer.unsigned(draw(st.integers(0, 12)))
    elif order == 1:
        writer.number(1, 1)
        cycle = draw(st.lists(st.integers(-9, 9), max_size=9))
        for value in (3, -4):
            writer.signed(value)
        writer.unsigned(len(cycle))
        for value in cycle:
            writer.signed(value)
    writer.unsigned(references)
    writer.number(draw(st.integers(0, 1)), 1)
    writer.unsigned(draw(st.integers(0, 500)))
    writer.unsigned(draw(st.integers(0, 500)))
    writer.number(not interlaced, 1)
    return b"\x67" + writer.payload(), SequenceParameters(references, interlaced)


@settings(deadline=None, max_examples=300)
@given(parameter_sets())
def test_parameter_sets_written_here(written) -> None:
    nal, wanted = written
    assert read_sequence_parameters(nal) == wanted
    assert read_header(b"\x00\x00\x00\x01" + nal).parameters == (wanted,)
    box = b"\x01\x64\x00\x1f\xff\xe1" + len(nal).to_bytes(2, "big") + nal
    assert read_header(box) == (4, (wanted,))


@given(st.binary(max_size=80))
def test_garbage_is_no_crash(data) -> None:
    for extradata in (data, b"\x01" + data, b"\x00\x00\x01\x67" + data):
        read_header(extradata)
    for size in (0, 1, 2, 4):
        read_slice(memoryview(data), size)
        list(nal_units(memoryview(data), size))


def extradata(path) -> tuple[bytes, list[bytes]]:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        packets = [bytes(packet) for packet in container.demux(stream) if packet.size]
        return stream.codec_context.extradata, packets


@pytest.mark.parametrize("container", ["mp4", "ts", "h264", "mkv"])
@pytest.mark.parametrize("references", [1, 2, 3, 4])
def test_references_of_real_files(make_video, references, container) -> None:
    recipe = h264(refs=str(references))
    path = make_video(size=(64, 64), frames=3, container=container, **recipe)
    header = read_header(extradata(path)[0])
    assert set(header.parameters) == {SequenceParameters(references, interlaced=False)}
    assert header.length_size == (4 if container in ("mp4", "mkv") else 0)


def test_interlaced_real_file(make_video) -> None:
    path = make_video(size=(64, 64), frames=3, **h264("interlaced=1"))
    assert [sps.interlaced for sps in read_header(extradata(path)[0]).parameters] == [True]


@pytest.mark.parametrize("container", ["mp4", "h264"])
def test_slices_of_real_pictures(make_video, container) -> None:
    recipe = h264("b-adapt=0:b-pyramid=none", bf="2")
    path = make_video(scene=Pan((1.0, 1.0)), frames=7, container=container, **recipe)
    header, packets = extradata(path)
    size = read_header(header).length_size
    slices = [read_slice(memoryview(packet), size) for packet in packets]
    assert [header.is_b for header in slices] == [False, False, True, True, False, True, True]
    assert [header.is_reference for header in slices] == [not header.is_b for header in slices]
