# SPDX-License-Identifier: MIT
import numpy as np
import pytest

from stress.detect.path.estimate import estimate
from stress.detect.path.estimated import Nothing
from stress.model.formats import FORMATS
from stress.patterns.word import Pattern
from tests.detect.path.path_kit import bits, captured


def _path(raw, name="S16_LE", channels=2, **options):
    found = estimate(raw, Pattern("mix1", FORMATS[name], channels), **options)
    assert not isinstance(found, Nothing), found.why
    return found


def test_estimate_of_an_untouched_capture_is_exact():
    found = _path(captured(lambda x: x, position=123456789))
    assert found.path.exact
    assert found.position == 123456789


@pytest.mark.parametrize("level", [-60.0, -18.3, -3.01, -0.1, 3.0])
def test_estimate_of_a_gain_names_it_to_a_hundredth_of_a_db(level):
    found = _path(captured(lambda x: x * 10 ** (level / 20), position=77777))
    assert found.path.gain_db == pytest.approx((level, level), abs=0.01)
    assert found.path.channels == (0, 1)
    assert not found.path.exact
    assert found.position == 77777


def test_estimate_of_gains_per_channel_tells_their_signs():
    path = _path(captured(lambda x: x * [0.5, -0.25])).path
    assert path.polarity == (1, -1)
    assert path.gain_db == pytest.approx((-6.02, -12.04), abs=0.01)
    assert path.bits == (15, 14)


def test_estimate_of_any_order_of_eight_channels_names_it():
    order = [3, 0, 7, 5, 1, 2, 6, 4]
    path = _path(captured(lambda x: x[:, order], channels=8, position=4000000000), channels=8).path
    assert path.channels == tuple(order)


def test_estimate_of_a_mono_sum_names_both_sources():
    path = _path(captured(lambda x: np.repeat(x.mean(axis=1, keepdims=True), 2, 1))).path
    assert path.channels == ((0, 1), (0, 1))
    assert path.gain_db == pytest.approx((-6.02, -6.02), abs=0.01)


def test_estimate_of_one_side_says_which_is_missing():
    path = _path(captured(lambda x: x * [0, 1])).path
    assert path.channels == (None, 1)
    assert path.idle == ("silent", "")


def test_estimate_of_two_channels_in_eight_finds_them():
    raw = captured(lambda x: np.pad(x, ((0, 0), (4, 2))))
    path = _path(raw, channels=8).path
    assert path.channels == (None, None, None, None, 0, 1, None, None)


def test_estimate_of_a_late_channel_counts_frames():
    path = _path(captured(lambda x: np.stack([x[:, 0], np.roll(x[:, 1], 19)], 1))).path
    assert path.delay_frames == (0, 19)


def test_estimate_of_a_constant_names_it():
    path = _path(captured(lambda x: 0.7 * x + 37)).path
    assert path.offset == (37, 37)


@pytest.mark.parametrize("width", [16, 20])
@pytest.mark.parametrize("half", [0.5, 0.0])
def test_estimate_of_fewer_bits_counts_them(width, half):
    step = 1 << (24 - width)
    path = _path(captured(lambda x: np.floor(x / step + half) * step, "S24_3LE"), "S24_3LE").path
    assert path.bits == (width, width)
    assert path.gain_db == (0.0, 0.0)
    assert path.encoding == ""


def test_estimate_of_saturation_says_how_much_is_lost():
    path = _path(captured(lambda x: 2 * x)).path
    assert path.gain_db == pytest.approx((6.02, 6.02), abs=0.01)
    assert path.clipped[0] == pytest.approx(0.5, abs=0.02)
    assert not path.invertible


def test_estimate_of_float32_names_it():
    def way(x):
        return np.rint((x / 2**31).astype(np.float32).astype(float) * 2**31)

    assert _path(captured(way, "S32_LE"), "S32_LE").path.encoding == "float32"


@pytest.mark.parametrize(
    ("way", "words"),
    [
        (lambda w: w << 3, "each sample shifted left by 3 bits"),
        (lambda w: w >> 2, "each sample shifted right by 2 bits"),
        (lambda w: w | 1 << 5, "bit 5 of every sample is always 1"),
        (lambda w: w & ~(1 << 9), "bit 9 of every sample is always 0"),
        (lambda w: w ^ 1 << 4, "bit 4 of every sample inverted"),
        (lambda w: w ^ 1 << 15, "unsigned samples"),
        (lambda w: w >> 8 | w << 8, "bytes of each sample exchanged"),
    ],
)
def test_estimate_of_moved_bits_names_what_was_done(way, words):
    path = _path(bits(way)).path
    assert path.encoding.startswith(words)
    assert path.channels == (0, 1)


def test_estimate_of_exchanged_halves_names_them():
    path = _path(bits(lambda w: w >> 16 | w << 16, "S32_LE"), "S32_LE").path
    assert path.encoding == "16-bit halves exchanged"


def test_estimate_of_a_shifted_byte_stream_counts_bytes():
    raw = np.roll(captured(lambda x: x, "S24_3LE"), 2)
    assert _path(raw, "S24_3LE").path.encoding == "byte stream shifted by 2 bytes"


@pytest.mark.parametrize("ratio", [44100 / 48000, 1.25, 1 + 80e-6])
def test_estimate_of_another_rate_names_the_ratio_to_two_ppm(ratio):
    from stress.detect.path.rate import at_old_rate

    def way(x):
        return at_old_rate(x, 1 / ratio, int(len(x) * ratio))

    path = _path(captured(way, frames=60000)).path
    assert path.rate_ratio == pytest.approx(ratio, rel=2e-6)
    assert not path.invertible


@pytest.mark.parametrize(
    ("raw", "what"),
    [
        (np.zeros(40000, np.uint8), "silence"),
        (np.tile(np.array([0x34, 0x12, 0x78, 0x56], np.uint8), 9000), "constant"),
        (captured(lambda x: x, frames=900), "short"),
        (np.random.default_rng(5).integers(0, 256, 80000, dtype=np.uint8), "other"),
    ],
)
def test_estimate_of_something_else_says_what_it_is(raw, what):
    found = estimate(raw, Pattern("mix1", FORMATS["S16_LE"], 2))
    assert isinstance(found, Nothing)
    assert found.what == what


@pytest.mark.parametrize(("name", "channels"), [("S16_LE", 2), ("S24_3LE", 1)])
@pytest.mark.parametrize(("bit", "value"), [(0, 1), (13, 1), (13, 0)])
def test_bit_that_is_stuck_is_named_with_its_place_and_value(name, channels, bit, value):
    fmt = FORMATS[name]
    pattern = Pattern("mix1", fmt, channels)
    rows = pattern.bytes_at(12345, 20000).reshape(-1, channels, fmt.sample_bytes).copy()
    rows[:, :, bit // 8] |= 1 << bit % 8
    rows[:, :, bit // 8] ^= 0 if value else 1 << bit % 8
    found = estimate(rows.reshape(-1), pattern)
    assert f"bit {bit} of every sample is always {value}" in found.path.encoding


# At these places the low half 987 and 1597 frames away is the same but for a constant and its wraps.
@pytest.mark.parametrize("first", [4242749121, 4246272173, 4242844556])
@pytest.mark.parametrize("known", [True, False])
def test_delay_of_a_channel_is_the_one_that_more_samples_agree_on(first, known):
    pattern, frames, damaged = Pattern("mix1", FORMATS["S16_LE"], 2), 14880, slice(400, 480)
    sent = np.frombuffer(pattern.bytes_at(first, frames), np.uint8).reshape(-1, 4)
    late = sent.copy()
    late[:1036, 2:], late[1036:, 2:] = 0, sent[:-1036, 2:]
    late[damaged] ^= 0x55
    found = estimate(late.reshape(-1), pattern, hint=first if known else 1, known=first if known else None)
    assert (found.path.delay_frames, found.path.offset) == ((0, 1036), (0, 0))


def test_bits_in_another_order_are_found_at_the_known_position_beside_damage():
    first, pattern = 149655721, Pattern("mix1", FORMATS["S16_LE"], 2)
    sent = np.frombuffer(pattern.bytes_at(first, 14880), np.uint8).reshape(-1, 4)
    raw = np.packbits(np.unpackbits(sent).reshape(-1, 2, 2, 8)[:, :, ::-1, ::-1]).reshape(-1, 4).copy()
    raw[400:510] ^= 0x33
    found = estimate(raw.reshape(-1), pattern, known=first, hint=first)
    assert found.path.encoding == "bits of each sample reversed"
