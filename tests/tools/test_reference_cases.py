# SPDX-License-Identifier: MIT
"""The stream simulation against an independent model, closed forms and cures."""

from __future__ import annotations

import math

import pytest

from stress.errors import ConfigError
from stress.virtual.cache.engine import CacheEngine
from tools.benchkit._reference import exact_cases, run_case, statistical_cases
from tools.refkit.cache import Cache
from tools.refkit.case import parse_case
from tools.refkit.replay import CacheReplay
from tools.refkit.stream import physical_lines, simulate

# Enough for the tolerance to mean something, short enough for every commit.
SECONDS = 20


def bad_share(counts):
    assert counts["lines"] > 0
    return counts["badlines"] / counts["lines"]


@pytest.mark.parametrize("case", exact_cases(), ids=lambda case: case.name)
def test_deterministic_case_agrees_in_every_counter(case):
    counts = run_case(case.text)
    assert {name: counts[name] for name in case.expected} == case.expected


@pytest.mark.parametrize("case", statistical_cases(), ids=lambda case: case.text)
def test_statistical_case_agrees_within_four_standard_deviations(case):
    # Context switches come 50 times a second: their case needs its full length.
    seconds = 100 if "csw" in case.text else SECONDS
    counts = run_case(f"{case.text} ms={seconds * 1000}")
    assert bad_share(counts) == pytest.approx(case.bad, abs=case.tolerance(seconds))
    assert counts["k1"] / counts["badhalves"] == pytest.approx(case.one_lap, abs=0.015)


@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("geo=926-16-rnd ring=4096", 0.75),
        # Two lines compete with their sources for four ways: a Markov chain of four states.
        ("geo=926-16-rnd ring=8192", 0.48214),
        ("geo=926-16-rnd ring=4096 xk=32", 0.75 * (511 / 512) ** 682.7),
        ("geo=xscale ring=4096", 7 / 8),
        ("geo=925-wt ring=4096", 1 / 2),
    ],
)
def test_share_of_bad_lines_has_its_closed_form(text, share):
    assert bad_share(run_case(f"{text} ms={SECONDS * 1000}")) == pytest.approx(share, abs=0.005)


def test_context_switches_cut_the_rate_exponentially():
    counts = run_case("geo=926-16-rr ring=4096 src=gen csw=50 ms=100000")
    assert bad_share(counts) == pytest.approx(math.exp(-50 * 4096 / 192000), abs=0.033)


def test_ages_under_random_replacement_are_geometric():
    counts = run_case(f"geo=926-16-rnd ring=4096 ms={SECONDS * 1000}")
    for age in (1, 2, 3, 4):
        share = counts[f"k{age}"] / counts["badhalves"]
        assert share == pytest.approx(0.25 * 0.75 ** (age - 1), abs=0.01)


CURED = [
    "xk=32 geo=926-16-rnd ring=4096",
    "xk=32 geo=926-16-rnd ring=4096 rmw=1",
    "geo=926-16-rr ring=65536 rmw=1 fillb=384",
    "geo=xscale ring=16384 rmw=1 ack=1",
    "geo=926-16-rnd ring=16384 ack=1 per=188 rate=47000 src=gen",
    "geo=fero-wa ring=4096",
    "geo=fero-wa-rnd ring=4096 xk=32",
    "geo=926-16-rr mode=cap ring=8192",
    "geo=926-16-rnd mode=cap exact=1 rate=44100 per=176 ring=65536 xk=32",
    "geo=926-16-rr mode=cap pre=192 ring=16384",
    "geo=fero-wa mode=cap ring=16384",
]


@pytest.mark.parametrize("text", CURED)
def test_clean_and_invalidate_before_each_commit_or_read_cures(text):
    assert run_case(f"{text} ms=1500")["badlines"] > 0
    assert run_case(f"{text} ms=1500 flush=1")["badlines"] == 0


@pytest.mark.parametrize(
    ("text", "share"),
    [("rmw=1 fillb=384 ring=65536 geo=926-16-rr", 0.0), ("xk=32 ring=4096 geo=926-16-rnd", 0.197)],
)
def test_cleaning_the_user_range_cures_dirty_lines_and_no_stale_ones(text, share):
    assert bad_share(run_case(f"{text} uclean=1 ms=4000")) == pytest.approx(share, abs=0.01)


# Shares of bad lines where the reference varied what is not known of the hardware.
SENSITIVITY = [
    ("xk=32 csw=30 ring=1536 geo=926-16-rr", 0.458, 0.02),
    ("xk=32 csw=30 ring=1536 geo=926-16-rr prefinv=1", 0.476, 0.02),
    ("xk=32 csw=30 ring=1536 geo=926-16-rrg", 0.432, 0.02),
    ("xk=32 csw=30 ring=4096 geo=926-16-rnd prefinv=1", 0.131, 0.02),
    ("xk=128 ring=16384 rmw=1 ack=1 geo=926-16-rrg", 0.833, 0.01),
    ("xk=128 ring=16384 rmw=1 ack=1 geo=926-32-rnd kpage=1", 1.0, 0.001),
    ("xk=128 ring=16384 rmw=1 fillb=192 geo=926-16-rnd", 0.583, 0.01),
    ("xk=128 ring=16384 rmw=1 fillb=192 geo=926-16-rnd urb=4", 0.277, 0.01),
    ("xk=128 ring=16384 rmw=1 fillb=192 geo=926-32-rnd kpage=1", 0.883, 0.01),
]


@pytest.mark.parametrize(("text", "share", "tolerance"), SENSITIVITY)
def test_unknown_hardware_details_shift_the_rate_as_in_the_reference(text, share, tolerance):
    milliseconds = 6000 if "csw" in text else 2000
    assert bad_share(run_case(f"{text} ms={milliseconds}")) == pytest.approx(share, abs=tolerance)


@pytest.mark.parametrize(
    "text",
    [
        "geo=fero-wa-rnd ring=4096 xk=8 csw=100 src=pbuf",
        "geo=926-16-rnd ring=1504 per=188 rmw=1 xu=5 xum=seq src=img3 fillb=752 flush=2",
        "geo=925-wt mode=cap ring=1000 per=200 exact=1 pre=200 dst=stream xk=3",
        "geo=arm1176-32 ring=8192 rmw=1 ack=1 xk=20 kpage=1 warm=100",
        "geo=926-16-rrg ring=4096 src=gen rate=96000 urb=2 xk=20 xkm=ws",
        "geo=xscale ring=1000 per=300 fillb=300 rate=50000 uclean=1 rmw=1 dst=pbuf",
    ],
)
def test_engine_and_cache_agree_on_whole_streams_however_they_are_cut(text):
    case = parse_case(f"{text} ms=400")
    slow = simulate(case, CacheReplay(Cache(case.geometry, case.seed)))
    for chunk_ms in (400, 37):
        engine = CacheEngine(case.geometry, physical_lines(case), case.seed)
        assert simulate(case, engine, chunk_ms) == slow


@pytest.mark.parametrize("geometry", ["arm1176", "cortex-a"])
@pytest.mark.parametrize("mode", ["mode=play rmw=1", "mode=cap pre=192 exact=1"])
def test_cache_without_aliases_delivers_nothing_wrong(geometry, mode):
    counts = run_case(f"geo={geometry} ring=4096 xk=16 ms=3000 {mode}")
    assert counts["lines"] > 0 and counts["badwords"] == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ring=4k", "ring: '4k' .allowed: a whole number"),
        ("rings=4096", "rings: no such parameter .allowed: geo, size, ways"),
        ("ring=4096 ring=8192", "ring: given twice"),
        ("geo=926", "geo: '926'"),
        ("mode=both", "mode: 'both' .allowed: play or cap"),
        ("src=img", "src"),
        ("per=8192", "per: 8192 in a ring of 4096 bytes .allowed: at most"),
        ("per=190", "whole frames"),
        ("mode=cap ack=1", "ack"),
        ("csw=nan", "csw"),
        ("repl=lru", "repl: 'lru' .allowed: rr, rrg, rand or random"),
        ("wa=2", "wa: 2 .allowed: 0 or 1"),
    ],
)
def test_case_with_a_bad_parameter_names_it_and_what_is_allowed(text, message):
    with pytest.raises(ConfigError, match=message):
        parse_case(text)
