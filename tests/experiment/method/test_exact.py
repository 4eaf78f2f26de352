# SPDX-License-Identifier: MIT
import numpy as np

from stress.experiment.method.exact import ByPattern
from stress.model.finding import Kind
from stress.model.formats import FORMATS
from stress.model.ring import Rings
from stress.patterns.word import Pattern

FMT = FORMATS["S16_LE"]


def _softer(raw):
    return np.rint(raw.view("<i2") * 0.7071).astype("<i2").view(np.uint8)


def test_check_behind_a_gain_finds_a_stale_line_and_keeps_the_path():
    pattern = Pattern("mix1", FMT, 2)
    frames = pattern.bytes_at(5000, 20000).reshape(-1, 4)
    frames[9600:9608] = frames[4800:4808]
    method = ByPattern(pattern, 32)
    found = method.check(_softer(frames.reshape(-1)), Rings(4800, 5280), 5000, 20000).analysis
    assert [(one.kind, one.frame, one.laps) for one in found.findings] == [(Kind.STALE, 9600, 1)]
    assert found.path is not None
    assert found.path.gain_db[0] == -3.0104
    assert not method.same_bytes(found)


def test_check_of_the_pattern_itself_says_that_the_path_is_exact():
    pattern = Pattern("mix1", FMT, 2)
    found = ByPattern(pattern, 32).check(pattern.bytes_at(7, 9000), Rings(), 7, 9000).analysis
    assert found.path is not None
    assert found.path.exact
