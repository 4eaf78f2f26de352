# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.path.judge import judge_behind
from stress.detect.path.recoded import encodings, recoded
from stress.detect.path.words import sentence
from stress.model.finding import Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern
from tests.detect.path.path_kit import captured


@pytest.mark.parametrize("name", sorted(FORMATS))
def test_each_encoding_undoes_itself_and_changes_samples(name):
    fmt = FORMATS[name]
    raw = np.random.default_rng(1).integers(0, 256, 40 * fmt.sample_bytes, dtype=np.uint8)
    for encoding in encodings(fmt):
        once = recoded(raw, fmt, encoding)
        assert (once != raw).any() and (recoded(once, fmt, encoding) == raw).all()
    assert (recoded(raw, fmt, "") == raw).all()


def test_offset_binary_of_16_bits_has_its_zero_in_the_middle():
    raw = np.array([0, -32768, 32767], "<i2").view(np.uint8)
    assert recoded(raw, FORMATS["S16_LE"], encodings(FORMATS["S16_LE"])[1]).view("<u2").tolist() == [
        32768,
        0,
        65535,
    ]


@pytest.mark.parametrize("number", [0, 1])
def test_volume_in_front_of_another_order_of_bytes_is_named_with_it_and_judged(number):
    def softer(x):
        x = x.copy()
        x[15000:15008] = x[15000 - 4800 : 15008 - 4800]
        return x * 10 ** (-3 / 20)

    fmt = FORMATS["S16_LE"]
    raw = recoded(captured(softer), fmt, encodings(fmt)[number])
    behind = judge_behind([raw], Pattern("mix1", fmt, 2), Rings(4800, 5280))
    assert encodings(fmt)[number] in sentence(behind.path)
    assert behind.path.gain_db == pytest.approx((-3.0, -3.0), abs=0.01)
    (found,) = behind.analysis.findings
    assert (found.kind, found.frame, found.frames, found.lag) == (Kind.STALE, 15000, 8, 4800)
