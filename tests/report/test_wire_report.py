# SPDX-License-Identifier: MIT
"""What the reports say of the wire."""

from __future__ import annotations

import re

import pytest

from stress.model.transport import COHERENT, TransportRecord
from stress.model.wire import BUS, CAPTURE_RING, LANES, PLAYBACK_RING
from stress.report import found, lanes, text, wire
from stress.verdict.tally import Tally, total
from tests.record_cases import summary

SEEN = {
    "source": "usbmon1",
    "judged": False,
    "events": 4000,
    "dropped": 3,
    "truncated": 1,
    "lost_frames": 77,
    "out": {"frames": 9600, "wrong": 8, "failed": 2},
    "in": {"frames": 9600, "wrong": 0, "failed": 1},
    "doubts": [],
    "memory": {"playback": {"first": 9216, "frames": 384, "differ": 5}},
}


def _finding(view, frame=960):
    return {
        "kind": "stale",
        "frame": frame,
        "frames": 8,
        "ring": "playback",
        "laps": 1,
        "line_bytes": 32,
        "details": {"view": view, "lanes": dict(zip(LANES, ("right", "", "wrong", "wrong")))},
        "injected": False,
        "text": "<b>&",
    }


def _burst(*views, seen=SEEN):
    stream = {"frames": 9600, "xruns": 0, "voluntary": None, "involuntary": None}
    findings = [_finding(view) for view in views]
    return {
        "event": "burst",
        "arm": "a",
        "number": 1,
        "position": 5,
        "frames": 9600,
        "streamed_s": 0.2,
        "exchange": {"playback": stream, "capture": stream, "lost": None},
        "analysis": {
            "locked": True,
            "checked_frames": 9600,
            "wrong_frames": 8 * len(findings),
            "counts": {"stale": len(findings)},
            "sites": [["stale", "playback", 1, len(findings)]],
            "findings": findings,
            "notes": [],
        },
        "control": {"planted": 0, "found": 0},
        "episodes": len(findings),
        "observed_s": 0.2,
        "exposure": {"lines": 1200, "line_bytes": 32},
        "conditions": {"granted": [], "refused": [], "facts": []},
        "wire": seen,
    }


def _told(*events):
    return wire.lines(summary(*events))


def test_lines_add_up_the_counts_of_all_bursts():
    lines = _told(_burst(PLAYBACK_RING), _burst(CAPTURE_RING))
    assert "16 of 19 200 frames" in lines[0]
    assert "8 000 events, 6 dropped, 2 truncated, 154 frames not seen" in lines[1]
    assert "4 OUT, 2 IN" in lines[1]
    assert f"1 in the {PLAYBACK_RING}, 1 in the {CAPTURE_RING}" in lines[2]


def test_lines_say_why_the_wire_was_not_seen():
    assert _told({"event": "wire", "blind": "no right"}, _burst(seen={})) == ["USB bus: not seen: no right"]
    assert _told(_burst(seen={"blind": "it went"})) == ["USB bus: not seen: it went"]


def test_lines_of_a_record_that_knows_no_wire_are_none():
    old = _burst()
    del old["wire"]
    assert _told(old) == []


def test_meaning_of_stale_data_beyond_the_host_accuses_no_cache():
    def meaning(*views):
        return "\n".join(found.fits(summary(_burst(*views)).whole, TransportRecord()))

    assert "stale cache line" in meaning(PLAYBACK_RING)
    assert "stale cache line" in meaning(PLAYBACK_RING, BUS)
    assert "stale cache line" not in meaning(BUS)
    assert "device, loopback, or their DMA" in meaning(BUS)


def test_meaning_of_stale_data_on_a_coherent_cache_accuses_no_cache():
    whole = summary(_burst(PLAYBACK_RING)).whole
    (said,) = found.fits(whole, TransportRecord(indexing=COHERENT, snooped=True, core="x86"))
    assert "not the cause" in said


def test_lanes_mark_what_is_wrong_and_what_is_right_and_escape_the_text():
    page = lanes.section(summary(_burst(PLAYBACK_RING)).samples.strips)
    colour = lanes.COLOURS[PLAYBACK_RING]
    # Wire and read are wrong, the user right; memory is not known of this run.
    assert page.count(f'fill="{colour}"') == 2
    assert page.count(f'fill="{lanes.GREEN}"') == 1
    assert page.count("<svg") == 1
    assert "&lt;b&gt;&amp;" in page
    assert "<b>" not in page
    assert "5 of 384 frames of the playback ring" in page
    assert all(f">{lane}</text>" in page for lane in LANES)


def test_lanes_frame_the_lap_that_memory_is_known_for():
    page = lanes.section(summary(_burst(PLAYBACK_RING)).samples.strips)
    (frame,) = re.findall(r'<rect x="([\d.]+)" y="[\d.]+" width="([\d.]+)"[^>]*class="lap"', page)
    assert float(frame[0]) == pytest.approx(lanes.LEFT + lanes.WIDTH * 9216 / 9600, abs=0.1)
    assert float(frame[1]) == pytest.approx(lanes.WIDTH * 384 / 9600, abs=0.1)


def test_lanes_have_a_row_per_finding_those_memory_speaks_for_first():
    burst = _burst(*[PLAYBACK_RING] * 50)
    burst["analysis"]["findings"][-1]["details"]["lanes"]["memory"] = "wrong"
    burst["analysis"]["findings"][-1]["frame"] = 9300
    page = lanes.section(summary(burst).samples.strips)
    rows = re.findall(r"<tr><td.*?</tr>", page)
    assert len(rows) == lanes.MOST_ROWS
    assert [">9 300<" in row for row in rows] == [False] * (lanes.MOST_ROWS - 1) + [True]
    cells = [re.sub("<.*?>", "", cell) for cell in rows[-1].split("</td>")]
    assert cells[3:8] == [PLAYBACK_RING, "right", "wrong", "wrong", "wrong"]
    assert "and 44 more corrupted stretches" in page


def test_lanes_of_a_fault_beyond_the_host_are_wrong_from_the_wire_on():
    page = lanes.section(summary(_burst(BUS)).samples.strips)
    assert page.count(f'fill="{lanes.COLOURS[BUS]}"') == 2


def test_lanes_without_views_are_absent():
    assert lanes.section(summary(_burst()).samples.strips) == ""


def test_text_of_a_finding_tells_its_lanes():
    told = "\n".join(text.sentences(summary(_burst(PLAYBACK_RING)).samples, 5))
    assert "[user right, memory not known, wire WRONG, read WRONG]" in told
    bare = _burst(PLAYBACK_RING)
    del bare["analysis"]["findings"][0]["details"]["lanes"]
    assert "[" not in "\n".join(text.sentences(summary(bare).samples, 5))


def test_lines_tell_how_much_the_source_says():
    seen = {**SEEN, "in": {**SEEN["in"], "lines": 1000, "telling_lines": 125}}
    assert any("in 12.5 % of the ring lines" in line for line in _told(_burst(seen=seen)))


def test_tallies_merge_what_taps_saw():
    whole = total([Tally("x"), *summary(_burst(BUS), _burst(BUS)).parts])
    assert whole.views == {BUS: 2}
    assert whole.wire["bursts"] == 2


def test_counts_of_the_wire_tell_zeros_where_a_tap_looked():
    clean = {**SEEN, "dropped": 0, "in": {**SEEN["in"], "failed": 0}}
    whole = summary(_burst(seen=clean), _burst(seen=clean)).whole
    seen = wire.counts(whole)
    assert (seen["dropped"], seen["in_failed"], seen["in_wrong"]) == (0, 0, 0)
    assert (seen["events"], seen["out_wrong"]) == (8000, 16)
    assert wire.counts(summary(_burst(seen={"blind": "no right"})).whole) == {}
