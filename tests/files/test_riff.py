# SPDX-License-Identifier: MIT
"""RIFF headers as recorders leave them: unfinished, wrapped, odd; what is there is judged and said."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from stress.errors import CaptureFileError
from stress.files.audio import open_audio

DATA = bytes(range(1, 201)) * 20  # 4000 bytes: 1000 frames of S16 stereo


def chunk(name, body, size=None, order="<"):
    return (
        name + struct.pack(f"{order}I", len(body) if size is None else size) + body + b"\0" * (len(body) % 2)
    )


def form(tag=1, channels=2, rate=48000, align=None, bits=16, byte_rate=None, more=b"", order="<"):
    align = channels * -(-bits // 8) if align is None else align
    byte_rate = rate * align if byte_rate is None else byte_rate
    return chunk(
        b"fmt ",
        struct.pack(f"{order}HHIIHH", tag, channels, rate, byte_rate, align, bits) + more,
        None,
        order,
    )


def riff(*chunks, magic=b"RIFF", order="<"):
    body = b"WAVE" + b"".join(chunks)
    return magic + struct.pack(f"{order}I", len(body) & 0xFFFFFFFF) + body


def read(tmp_path, content, **asked):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with open_audio(str(path), **asked) as source:
        return b"".join(block.tobytes() for block in source.blocks(64)), source


@pytest.mark.parametrize("size", [0, 0x7FFFFFFF, 0x7FFFF000, 0x80000000, 0xFFFFFFFF, 0xFFFFFFDB, 40000])
@pytest.mark.parametrize("held", [4000, 4001, 4003])
def test_header_never_finished_is_read_to_the_end_and_said(tmp_path, size, held):
    data = (DATA + b"\1\2\3")[:held]
    got, source = read(tmp_path, riff(form()) + b"data" + struct.pack("<I", size) + data)
    assert got == DATA
    assert source.notes[0].startswith("the header")
    assert any("into a frame" in note for note in source.notes) == (held > 4000)


@pytest.mark.parametrize("size", [4, 2000, 3998])
def test_size_that_is_too_short_hides_nothing(tmp_path, size):
    content = riff(form(), b"data" + struct.pack("<I", size) + DATA)
    got, source = read(tmp_path, content)
    if 4000 - size >= 512:
        assert got == DATA and "wrapped" in source.notes[0]
    else:  # less than a sector may be padding: it is said, and not judged
        assert got == DATA[: size // 4 * 4]


def test_few_bytes_behind_the_data_are_said_and_not_judged(tmp_path):
    got, source = read(tmp_path, riff(form(), chunk(b"data", DATA)) + b"\xee" * 100)
    assert got == DATA and "100 bytes behind" in source.notes[0]


def test_id3v1_tag_behind_the_data_is_not_judged(tmp_path):
    got, source = read(tmp_path, riff(form(), chunk(b"data", DATA)) + b"TAG" + b"x" * 1000)
    assert got == DATA and "1003 bytes behind" in source.notes[0]


@pytest.mark.parametrize("extra", [b"abcde", b"abcd"])
def test_chunks_before_and_behind_the_data_are_passed_over(tmp_path, extra):
    info, bext = chunk(b"LIST", extra), chunk(b"bext", b"\0" * 602)
    junk = chunk(b"JUNK", b"\0" * 28)
    content = riff(junk, bext, form(), info, chunk(b"data", DATA), info, chunk(b"iXML", b"<a/>"))
    got, source = read(tmp_path, content)
    assert (got, source.notes) == (DATA, ())


def test_odd_chunk_without_its_padding_is_passed_over(tmp_path):
    unpadded = b"LIST" + struct.pack("<I", 5) + b"abcde"
    assert read(tmp_path, riff(form(), unpadded, chunk(b"data", DATA)))[0] == DATA


def test_metadata_cut_behind_the_data_is_no_audio(tmp_path):
    got, source = read(
        tmp_path, riff(form(), chunk(b"data", DATA), b"LIST" + struct.pack("<I", 900) + b"INFO" * 200)
    )
    assert (got, source.notes) == (DATA, ())


def test_two_data_chunks_are_read_one_behind_the_other(tmp_path):
    content = riff(form(), chunk(b"data", DATA[:1200]), chunk(b"LIST", b"abcd"), chunk(b"data", DATA[1200:]))
    got, source = read(tmp_path, content)
    assert got == DATA and "2 data chunks" in source.notes[0]


@pytest.mark.parametrize("magic", [b"RF64", b"BW64"])
@pytest.mark.parametrize("said", [4000, 0, 1 << 40])
def test_rf64_takes_its_size_from_ds64(tmp_path, magic, said):
    ds64 = chunk(b"ds64", struct.pack("<QQQI", 4080, said, 1000, 0))
    got, source = read(
        tmp_path, riff(ds64, form(), b"data" + struct.pack("<I", 0xFFFFFFFF) + DATA, magic=magic)
    )
    assert got == DATA and bool(source.notes) == (said != 4000)
    assert source.container == magic.decode()


def test_rifx_is_turned_to_little_endian(tmp_path):
    swapped = np.frombuffer(DATA, "<u2").byteswap().tobytes()
    got, source = read(
        tmp_path, riff(form(order=">"), chunk(b"data", swapped, None, ">"), magic=b"RIFX", order=">")
    )
    assert (got, source.container, source.fmt.name) == (DATA, "RIFX", "S16_LE")


@pytest.mark.parametrize(
    "fields",
    [
        {"align": 0},
        {"align": 5},
        {"align": 2},
        {"align": 8, "byte_rate": 192000},
        {"byte_rate": 0},
        {"byte_rate": 7},
    ],
)
def test_fields_that_contradict_each_other_are_said_and_the_bits_decide(tmp_path, fields):
    got, source = read(tmp_path, riff(form(**fields), chunk(b"data", DATA)))
    assert got == DATA and source.fmt.name == "S16_LE" and "the header says" in source.notes[0]


def test_three_bytes_per_sample_whatever_the_align(tmp_path):
    got, source = read(tmp_path, riff(form(bits=24, align=4), chunk(b"data", DATA[:3600])))
    assert (source.fmt.name, len(got)) == ("S24_3LE", 3600)


def test_extensible_with_valid_bits_and_ambisonic_subformat(tmp_path):
    for tail in ("000000001000800000aa00389b71", "00002107d3118644c8c1ca000000"):
        more = struct.pack("<HHIH", 22, 20, 3, 1) + bytes.fromhex(tail)
        got, source = read(tmp_path, riff(form(0xFFFE, bits=24, more=more), chunk(b"data", DATA[:3600])))
        assert (got, source.fmt.name) == (DATA[:3600], "S24_3LE")


def test_many_empty_chunks_are_refused_and_soon(tmp_path):
    with pytest.raises(CaptureFileError, match="10000 chunks"):
        read(tmp_path, riff(*[b"abcd\0\0\0\0"] * 20000))


def test_samples_of_more_channels_are_chosen(tmp_path):
    from stress.files.channels import parse_channels

    ten = np.arange(1, 10001, dtype="<i2").reshape(1000, 10)
    content = riff(form(channels=10), chunk(b"data", ten.tobytes()))
    got, source = read(tmp_path, content, channels=parse_channels("3-4"))
    assert np.array_equal(np.frombuffer(got, "<i2").reshape(-1, 2), ten[:, 2:4])
    assert "channels 3-4 of 10" in source.notes[0]
    with pytest.raises(CaptureFileError, match="asks for more"):
        read(tmp_path, content, channels=parse_channels("9-11"))
