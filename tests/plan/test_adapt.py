# SPDX-License-Identifier: MIT
"""A plan fitted to cards as they are: what is taken, and what is refused by name."""

from __future__ import annotations

import pytest

from stress.errors import ParamsRefused
from stress.model.offers import Choice, Offer, spans
from stress.model.pcm import Direction
from stress.plan.adapt import Wanted, adapt
from stress.plan.plan import load_plan

PLAN = load_plan("bringup")
RATES = (44100, 48000, 96000)


def _offer(*choices, way="playback"):
    made = tuple(
        Choice(name, channels, tuple(rates), (48, 1 << 16), (96, 1 << 20))
        for name, channels, rates in choices
    )
    return Offer(f"hw:card,0 {way}", ("mmap", "rw"), made)


def _capture(*choices):
    return _offer(*choices, way="capture")


def _layouts(plan):
    return [(fmt.name, channels) for fmt, channels in map(plan.layout, Direction)]


@pytest.mark.parametrize(
    ("playback", "capture", "rate", "layouts"),
    [
        # A C-Media dongle: stereo out, mono in.
        (
            [("S16_LE", 2, RATES[:2])],
            [("S16_LE", 1, RATES[:2])],
            48000,
            [("S16_LE", 2), ("S16_LE", 1)],
        ),
        ([("S16_LE", 2, (44100,))], [("S16_LE", 2, (44100, 48000))], 44100, [("S16_LE", 2)] * 2),
        ([("S32_LE", 10, RATES)], [("S32_LE", 10, RATES)], 48000, [("S32_LE", 10)] * 2),
        (
            [("S16_LE", 2, RATES), ("S24_3LE", 2, RATES)],
            [("S24_3LE", 2, RATES), ("S16_LE", 2, RATES)],
            48000,
            [("S24_3LE", 2)] * 2,
        ),
        ([("S16_LE", 2, RATES)], [("S24_3LE", 10, RATES)], 48000, [("S16_LE", 2), ("S24_3LE", 10)]),
        (
            [("S24_3LE", 2, (96000,)), ("S16_LE", 2, (48000,))],
            [("S24_3LE", 2, RATES), ("S16_LE", 2, RATES)],
            48000,
            [("S16_LE", 2)] * 2,
        ),
        (
            [("S16_LE", n, RATES) for n in range(1, 33)],
            [("S16_LE", n, RATES) for n in range(1, 33)],
            48000,
            [("S16_LE", 2)] * 2,
        ),
        (
            [("FLOAT_LE", 2, RATES), ("S24_3LE", 2, RATES)],
            [("S24_3LE", 2, RATES)],
            48000,
            [("S24_3LE", 2)] * 2,
        ),
    ],
)
def test_adapt_takes_rate_format_and_channels_of_the_card(playback, capture, rate, layouts):
    plan, why = adapt(PLAN, Wanted(), _offer(*playback), _capture(*capture))
    assert (plan.rate, _layouts(plan)) == (rate, layouts)
    assert str(rate) in why
    assert ("nearest to 48000" in why) == (rate != 48000)


def test_adapt_keeps_rings_in_bytes_and_lines_and_periods_in_time():
    wide = [("S32_LE", 10, (96000,))]
    plan, _ = adapt(PLAN, Wanted(), _offer(*wide), _capture(*wide))
    for arm, written in zip(plan.arm, PLAN.arm):
        assert arm.period_size == 2 * written.period_size
        for frames, meant in (
            (arm.playback_buffer, written.playback_buffer),
            (arm.capture_buffer, written.capture_buffer),
        ):
            assert frames * 40 % 64 == 0
            assert frames >= 2 * arm.period_size
            assert frames * 40 <= max(
                meant * 4, 40 * (min(meant, 1024) + 64), 4 * arm.period_size * 40 + 2 * 320
            )
        assert (arm.playback_buffer == arm.capture_buffer) == (
            written.playback_buffer == written.capture_buffer
        )


def test_adapt_leaves_the_sizes_of_the_plan_s_own_format_alone():
    same = [("S16_LE", 2, (48000,))]
    plan, _ = adapt(PLAN, Wanted(), _offer(*same), _capture(*same))
    assert [(arm.period_size, arm.playback_buffer) for arm in plan.arm] == [
        (arm.period_size, -(-arm.playback_buffer // 16) * 16) for arm in PLAN.arm
    ]


def test_adapt_a_card_that_only_plays_leaves_the_arms_for_capture_out():
    plan, why = adapt(PLAN, Wanted(), _offer(("S16_LE", 2, RATES)), None)
    assert plan.arm and not any(arm.side == "capture" for arm in plan.arm)
    assert "does not capture" in why and "S16_LE 2 channels out" in why


@pytest.mark.parametrize(
    ("wanted", "offers"),
    [
        (Wanted(rate=8000), "44100 48000"),
        (Wanted(format="S32_LE"), "S16_LE"),
        (Wanted(channels=(2, 2)), "it offers 1 channel$"),
        (Wanted(channels=(4, 1)), "2 channels"),
    ],
)
def test_adapt_what_was_asked_for_and_is_not_there_names_what_is(wanted, offers):
    playback, capture = _offer(("S16_LE", 2, RATES[:2])), _capture(("S16_LE", 1, RATES[:2]))
    with pytest.raises(ParamsRefused, match=offers):
        adapt(PLAN, wanted, playback, capture)


def test_adapt_takes_what_was_asked_for():
    many = [(name, n, RATES) for name in ("S16_LE", "S24_3LE") for n in (1, 2, 8)]
    plan, why = adapt(PLAN, Wanted(44100, "S16_LE", (8, 1)), _offer(*many), _capture(*many))
    assert (plan.rate, _layouts(plan)) == (44100, [("S16_LE", 8), ("S16_LE", 1)])
    assert why.endswith("asked for")


def test_adapt_directions_without_a_rate_in_common_are_refused():
    with pytest.raises(ParamsRefused, match="44100 Hz.*48000 Hz"):
        adapt(PLAN, Wanted(), _offer(("S16_LE", 2, (44100,))), _capture(("S16_LE", 2, (48000,))))


def test_table_joins_rows_that_are_alike():
    alike = [(name, n, RATES) for name in ("S16_LE", "S16_BE") for n in (1, 2, 3, 8)]
    rows = _offer(*alike, ("S32_LE", 2, (48000,))).table()
    assert [row[:3] for row in rows] == [
        ("S16_LE S16_BE", "1-3, 8", "44100 48000 96000"),
        ("S32_LE", "2", "48000"),
    ]
    assert spans([]) == ""


def _sized(period, buffer, *choices, way="playback"):
    made = tuple(Choice(name, channels, (48000,), period, buffer) for name, channels in choices)
    return Offer(f"hw:card,0 {way}", ("mmap", "rw"), made)


@pytest.mark.parametrize(
    ("played", "captured", "largest"),
    [
        # Sizes in hardware: one period and one ring, the same or another in each direction.
        (((1024, 1024), (2048, 2048)), ((1024, 1024), (2048, 2048)), 1024),
        (((1024, 1024), (2048, 2048)), ((512, 512), (1024, 1024)), 512),
        # A ring of 256 frames holds two periods of 128 at most.
        (((8, 256), (16, 256)), ((8, 4096), (16, 8192)), 128),
    ],
)
def test_periods_stay_within_what_both_directions_grant(played, captured, largest):
    adapted, _ = adapt(
        PLAN, Wanted(), _sized(*played, ("S16_LE", 2)), _sized(*captured, ("S16_LE", 2), way="capture")
    )
    assert all(arm.period_size <= largest for arm in adapted.arm)
    assert all(arm.playback_buffer >= 2 * arm.period_size for arm in adapted.arm)


@pytest.mark.parametrize(("played", "captured"), [(("U8", 1), ("U8", 1)), (("U8", 2), ("S16_LE", 1))])
def test_one_channel_of_eight_bits_in_common_is_refused_with_the_reason(played, captured):
    with pytest.raises(ParamsRefused, match="one byte cannot name a position"):
        adapt(PLAN, Wanted(), _offer((*played, RATES)), _capture((*captured, RATES)))


def test_card_without_linear_samples_is_refused_with_what_it_has():
    silent = Offer("hw:card,0 playback", ("rw",), (), ("IEC958_SUBFRAME_LE",))
    with pytest.raises(ParamsRefused, match="it offers IEC958_SUBFRAME_LE"):
        adapt(PLAN, Wanted(), silent, _capture(("S16_LE", 2, RATES)))


@pytest.mark.parametrize(
    ("wanted", "captured", "said"),
    [
        (Wanted(), "S24_3LE", "S24_3LE 2 channels: the widest format that both directions have"),
        (Wanted(format="S16_LE"), "S24_3LE", "S16_LE 2 channels: the format was asked for"),
        (Wanted(channels=(2, 2)), "S24_3LE", "the channels were asked for; the widest format that both"),
        (Wanted(format="S16_LE", channels=(2, 2)), "S24_3LE", "S16_LE 2 channels: asked for"),
        (Wanted(), "S32_LE", "S24_3LE 2 channels out, S32_LE 2 channels in: the widest format of each"),
        (Wanted(), "", "S24_3LE 2 channels out: the widest format the card has"),
    ],
)
def test_line_about_the_layout_says_who_chose_the_format(wanted, captured, said):
    played = _offer(("S16_LE", 2, RATES), ("S24_3LE", 2, RATES))
    # One that has nothing in common with playback has its own format only.
    others = [("S16_LE", 2, RATES)] if captured == "S24_3LE" else []
    capture = _capture((captured, 2, RATES), *others) if captured else None
    assert said in adapt(PLAN, wanted, played, capture)[1]
