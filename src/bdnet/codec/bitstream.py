"""Parses the few fields of an H.264 bit stream that libavcodec does not export."""

from collections.abc import Iterator
from typing import NamedTuple

SLICE, IDR_SLICE, SEQUENCE_PARAMETERS = 1, 5, 7  # NAL unit types
HIGH_PROFILES = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135}
LONGEST_HEADER = 16  # bytes; the first two numbers of a slice header need ten
LONGEST_SET = 2048  # bytes; a parameter set with all twelve scaling lists written out takes half


class SequenceParameters(NamedTuple):
    """Two fields of the sequence parameter set (ITU-T H.264, 7.3.2.1.1)."""

    references: int
    interlaced: bool


class Slice(NamedTuple):
    """The first slice of a coded picture: does a later picture refer to it, and is it a B slice?"""

    is_reference: bool
    is_b: bool


class BitReader:
    """Reads fixed-length and Exp-Golomb numbers from the payload of a NAL unit."""

    def __init__(self, payload: bytes) -> None:
        unescaped = payload.replace(b"\x00\x00\x03", b"\x00\x00")
        self.bits = f"{int.from_bytes(unescaped):0{8 * len(unescaped)}b}" if unescaped else ""
        self.position = 0

    def number(self, length: int) -> int:
        end = self.position + length
        if end > len(self.bits):
            raise ValueError("the NAL unit ends early")
        value = int(self.bits[self.position : end] or "0", 2)
        self.position = end
        return value

    def unsigned(self) -> int:
        first = self.bits.find("1", self.position)
        if first < 0 or first - self.position > 32:
            raise ValueError("not an Exp-Golomb number")
        zeros = first - self.position
        self.position = first
        return self.number(zeros + 1) - 1

    def signed(self) -> int:
        value = self.unsigned()
        return (value + 1) // 2 if value % 2 else -(value // 2)


def _skip_scaling_list(bits: BitReader, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed()) % 256
        last = following or last


def _skip_high_profile_fields(bits: BitReader) -> None:
    chroma_format = bits.unsigned()
    if chroma_format == 3:
        bits.number(1)  # separate colour planes
    bits.unsigned()  # luma bit depth
    bits.unsigned()  # chroma bit depth
    bits.number(1)  # transform bypass
    if bits.number(1):
        for index in range(12 if chroma_format == 3 else 8):
            if bits.number(1):
                _skip_scaling_list(bits, 16 if index < 6 else 64)


def _skip_picture_order(bits: BitReader) -> None:
    kind = bits.unsigned()
    if kind == 0:
        bits.unsigned()
    elif kind == 1:
        bits.number(1)
        bits.signed()
        bits.signed()
        for _ in range(min(bits.unsigned(), 255)):
            bits.signed()


def read_sequence_parameters(nal: bytes) -> SequenceParameters:
    """Reads a NAL unit of type 7, header byte included."""
    bits = BitReader(nal[1:])
    profile = bits.number(8)
    bits.number(16)  # constraint flags, level
    bits.unsigned()  # identifier
    if profile in HIGH_PROFILES:
        _skip_high_profile_fields(bits)
    bits.unsigned()  # length of frame numbers
    _skip_picture_order(bits)
    references = bits.unsigned()
    bits.number(1)  # gaps in frame numbers
    bits.unsigned()  # width
    bits.unsigned()  # height
    return SequenceParameters(references, interlaced=not bits.number(1))


def nal_units(data: memoryview, length_size: int) -> Iterator[bytes]:
    """The NAL units of a packet: length-prefixed (MP4, MKV), or after start codes (length_size 0).

    Only the first bytes of each are copied: enough for a header or a parameter set.
    """
    if length_size:
        position = 0
        while position + length_size < len(data):
            size = int.from_bytes(data[position : position + length_size], "big")
            position += length_size
            yield bytes(data[position : position + min(size, LONGEST_SET)])
            position += size
    else:
        for unit in bytes(data).split(b"\x00\x00\x01")[1:]:
            yield unit[:LONGEST_SET]


class StreamHeader(NamedTuple):
    """Bytes of a NAL unit's length prefix (0: start codes), and the sequence parameter sets."""

    length_size: int
    parameters: tuple[SequenceParameters, ...]


def read_header(extradata: bytes | None) -> StreamHeader:
    """Reads the decoder configuration: an avcC box, or parameter sets after start codes."""
    if not extradata:
        return StreamHeader(0, ())
    if extradata[0] != 1:
        return StreamHeader(0, tuple(_parameter_sets(nal_units(memoryview(extradata), 0))))
    if len(extradata) < 7:
        return StreamHeader(4, ())
    units, position = [], 6
    for _ in range(extradata[5] & 31):
        size = int.from_bytes(extradata[position : position + 2], "big")
        units.append(extradata[position + 2 : position + 2 + size])
        position += 2 + size
    return StreamHeader((extradata[4] & 3) + 1, tuple(_parameter_sets(iter(units))))


def _parameter_sets(units: Iterator[bytes]) -> Iterator[SequenceParameters]:
    for unit in units:
        if unit and unit[0] & 31 == SEQUENCE_PARAMETERS:
            try:
                yield read_sequence_parameters(unit)
            except ValueError:
                continue  # a damaged set, which libavcodec will report


def read_slice(packet: memoryview, length_size: int) -> Slice | None:
    """Reads the first slice header of a coded picture; None where none can be read."""
    for unit in nal_units(packet, length_size):
        if unit and unit[0] & 31 in (SLICE, IDR_SLICE):
            bits = BitReader(unit[1:LONGEST_HEADER])
            try:
                bits.unsigned()  # first macroblock
                kind = bits.unsigned()
            except ValueError:
                return None
            return Slice(is_reference=bool(unit[0] >> 5 & 3), is_b=kind % 5 == 1)
    return None
