# SPDX-License-Identifier: MIT
"""Foreign containers: read through soundfile, named with the way out where it is missing."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from stress.errors import CaptureFileError
from stress.files.audio import open_audio

MAGICS = {
    "AIFF": b"FORM\0\0\0\x40AIFF",
    "AIFF-C": b"FORM\0\0\0\x40AIFC",
    "FLAC": b"fLaC",
    "CAF": b"caff\0\1",
    "W64": b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb",
}


@pytest.mark.parametrize("name", list(MAGICS))
def test_container_without_soundfile_is_named_with_the_way_out(tmp_path, monkeypatch, name):
    monkeypatch.setitem(sys.modules, "soundfile", None)
    path = tmp_path / "a"
    path.write_bytes(MAGICS[name] + b"\0" * 100)
    with pytest.raises(CaptureFileError, match=rf"is .*{name}.*pcmstress\[files\].*sox IN OUT.wav"):
        open_audio(str(path))


@pytest.mark.parametrize("name", list(MAGICS))
def test_container_that_soundfile_refuses_is_named(tmp_path, name):
    pytest.importorskip("soundfile")
    path = tmp_path / "a"
    path.write_bytes(MAGICS[name] + b"\0" * 100)
    with pytest.raises(CaptureFileError, match=f"{name}|no frames") as caught:
        open_audio(str(path))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("form", "subtype", "size"),
    [
        *(("FLAC", "PCM_16", 2), ("FLAC", "PCM_24", 3), ("AIFF", "PCM_16", 2), ("AIFF", "PCM_24", 3)),
        *(("AIFF", "PCM_32", 4), ("CAF", "PCM_16", 2), ("CAF", "PCM_24", 3), ("W64", "PCM_24", 3)),
        *(
            ("AIFF", "PCM_S8", 1),
            ("W64", "FLOAT", 4),
            ("AIFF", "DOUBLE", 4),
        ),
    ],
)
def test_container_read_through_soundfile_gives_the_same_samples(tmp_path, form, subtype, size):
    soundfile = pytest.importorskip("soundfile")
    wide = np.random.default_rng(1).integers(-(1 << 31), 1 << 31, (3000, 2), dtype=np.int64)
    bits = 24 if subtype in ("FLOAT", "DOUBLE") else 8 * size
    wide = (wide >> (32 - bits) << (32 - bits)).astype(np.int32)
    path = str(tmp_path / "a")
    data = wide if "PCM" in subtype else wide / float(1 << 31)
    soundfile.write(path, data, 44100, format=form, subtype=subtype)
    with open_audio(path) as source:
        got = b"".join(block.tobytes() for block in source.blocks(500))
        kept = source.fmt.sample_bytes
        assert (kept, source.rate, source.channels) == (max(2, size), 44100, 2)
    cells = wide.astype("<i4").reshape(-1).view(np.uint8).reshape(-1, 4)
    assert got == cells[:, 4 - kept :].tobytes()


@pytest.mark.parametrize(
    ("head", "said"),
    [
        (b"Creative Voice File\x1a", "is Creative VOC: libsndfile takes the headers .* sox IN OUT.wav"),
        (b"OggS\0\2", "is Ogg: Vorbis and Opus: it is lossy.*FLAC in Ogg: ffmpeg -i IN OUT.wav"),
    ],
)
def test_container_that_is_not_read_whole_is_refused_with_the_way_out(tmp_path, head, said):
    path = tmp_path / "a"
    path.write_bytes(head + b"\0" * 100)
    with pytest.raises(CaptureFileError, match=said):
        open_audio(str(path))


@pytest.mark.parametrize(
    ("form", "subtype"), [("CAF", "ALAC_24"), ("AIFF", "ULAW"), ("CAF", "ALAW"), ("W64", "IMA_ADPCM")]
)
def test_samples_that_are_not_given_back_whole_are_refused_by_name(tmp_path, form, subtype):
    soundfile = pytest.importorskip("soundfile")
    path = str(tmp_path / "a")
    soundfile.write(path, np.zeros((3000, 2)), 44100, format=form, subtype=subtype)
    with pytest.raises(CaptureFileError, match=subtype):
        open_audio(path)
