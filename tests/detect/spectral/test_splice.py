# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.spectral import fit, splice
from stress.detect.spectral.splice import OnClock, Splice, place

N, HISTORY = 700, fit.TAPS - 1


def taps(*factors):
    """A channel with its first factor at the delay."""
    out = np.zeros(fit.TAPS)
    out[fit.PRE : fit.PRE + len(factors)] = factors
    return out


TAPS = taps(1.0, 0.6, -0.3, 0.4)


def sounds(seed=1):
    """What was played before and after a jump."""
    return np.random.default_rng(seed).normal(size=(2, N + HISTORY))


def heard(played):
    """What a channel makes of it."""
    return np.convolve(played, TAPS, "valid")


def spliced(at, gap):
    """Played before the channel: the one sound up to a frame, nothing, the other one."""
    before, after = sounds()
    when = np.arange(N + HISTORY) - HISTORY + fit.PRE
    return np.where(when < at, before, 0.0) + np.where(when >= at + gap, after, 0.0)


def placed(capture, moved):
    """Where the splice of a capture is."""
    before, after = sounds()
    return place(OnClock(capture, before), OnClock(capture, after), TAPS, moved)


def joined(at, gap, fill):
    """Captured: the one sound up to a frame, what fills the gap, the other one."""
    before, after = (heard(one) for one in sounds())
    return np.concatenate([before[:at], fill, after[at + gap :]])


@pytest.mark.parametrize("at", [200, 350, 500])
@pytest.mark.parametrize("moved", [-5, 40])
def test_splice_of_the_capture_is_placed_to_the_frame(at, moved):
    assert placed(joined(at, 0, []), moved) == Splice(at, 0, "capture", False)


@pytest.mark.parametrize("at", [200, 350])
@pytest.mark.parametrize("moved", [-5, 40])
def test_splice_before_the_channel_is_placed_on_its_side(at, moved):
    assert placed(heard(spliced(at, 0)), moved) == Splice(at, 0, "playback", False)


@pytest.mark.parametrize("gap", [1, 40, 150])
def test_silence_that_was_inserted_is_told_with_its_side(gap):
    assert placed(joined(250, gap, np.zeros(gap)), gap) == Splice(250, gap, "capture", True)
    if gap > 1:
        assert placed(heard(spliced(250, gap)), gap) == Splice(250, gap, "playback", True)


def test_noise_that_was_inserted_is_of_the_capture():
    noise = np.random.default_rng(9).normal(size=40)
    assert placed(joined(250, 40, noise), 40) == Splice(250, 40, "capture", False)


def test_insertion_that_is_longer_than_the_stretch_is_cut_to_it():
    assert placed(joined(300, 0, []), N + 50) == Splice(300, 0, "capture", False)


def test_filtered_sound_is_its_convolution():
    played = sounds()[0]
    assert splice._filtered(played, TAPS) == pytest.approx(heard(played))
    longer = np.random.default_rng(2).normal(size=1024)
    assert splice._filtered(longer, TAPS) == pytest.approx(np.convolve(longer, TAPS, "valid"))


def test_power_of_a_gap_is_that_of_its_frames():
    old = np.array([1.0, 2, 3, 4])
    assert splice._between(old, 2).tolist() == [5, 13, 25]
    assert splice._between(old, 4).tolist() == [30]


@pytest.mark.parametrize("gap", [0, 30])
@pytest.mark.parametrize("rough", [300, 60, N - 40])
def test_misfit_of_a_splice_before_the_channel_is_that_of_the_whole_stretch(rough, gap):
    before, after = sounds()
    capture = heard(spliced(300, 30)) + 0.1
    found = splice._made(OnClock(capture, before), OnClock(capture, after), TAPS, rough, gap)
    low, high = max(0, rough - 96), min(N, rough + 96)
    assert np.isinf(found[:low]).all() and np.isinf(found[high:]).all()
    assert len(found) == N + 1
    left, right = max(0, rough - 224), min(N, rough + gap + 224)
    for at in (low, rough, high - 1):
        made = heard(spliced(at, gap))
        # Beyond what is compared it is the one sound or the other.
        made[:left], made[right:] = heard(before)[:left], heard(after)[right:]
        assert found[at] == pytest.approx(float(((capture - made) ** 2).sum()), rel=1e-6)
