# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.path.sources import ALL, ODD, Sources, index_of, numbers
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern


@pytest.mark.parametrize(("source", "channel"), [(0, 0), (7, 7), (ODD, 0), (ODD + 1, 2), (ODD + 3, 6)])
def test_source_is_a_channel_of_the_pattern(source, channel):
    assert index_of(source) == channel
    assert source in ALL


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize("kind", ["mix1", "mix2"])
def test_block_holds_each_channel_of_the_pattern_that_carries_it(name, kind):
    fmt = FORMATS[name]
    every = (5, 0, ODD + 1, ODD, 1)
    found = Sources(kind, fmt).block((1 << 32) - 7, 20, every)
    assert (found.shape, found.dtype) == ((20, 5), np.int64)
    for column, source in enumerate(every):
        channels = {5: 6, 0: 2, 1: 2, ODD: 1, ODD + 1: 3}[source]
        pattern = Pattern(kind, fmt, channels)
        raw = pattern.bytes_at((1 << 32) - 7, 20)
        assert found[:, column].tolist() == numbers(raw, fmt, channels)[:, index_of(source)].tolist()


def test_pattern_of_so_many_channels_is_made_once():
    one = Sources("mix1", FORMATS["S16_LE"])
    assert one.pattern(4) is one.pattern(4)
    assert (one.pattern(3).channels, one.pattern(3).name) == (3, "mix1")


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_numbers_are_signed_samples_of_the_bits_of_the_format(name):
    fmt = FORMATS[name]
    top = 1 << (fmt.bits - 1)
    values = np.array([[0, 1, -1], [top - 1, -top, 12345]])
    cells = [int(v).to_bytes(fmt.sample_bytes, "little", signed=True) for v in values.reshape(-1)]
    assert numbers(np.frombuffer(b"".join(cells), np.uint8), fmt, 3).tolist() == values.tolist()
