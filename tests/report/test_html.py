# SPDX-License-Identifier: MIT
"""The HTML report: well-formed, self-contained, and never fooled by what a record says."""

from __future__ import annotations

import math
import re
from html.parser import HTMLParser

import pytest

from stress.model.record.findings import EvidenceRecord, FindingRecord
from stress.plan.plan import read_plan
from stress.report import html, levels
from stress.report.ringmap import COLOURS, OTHER_COLOUR, ZERO_COLOUR, Mark, colour, svg
from tests.record_cases import summary

MARK = Mark(64, 32, 1 << 20, 1000, "stale", 1, "")
PLAN = read_plan({"arm": [{"name": "a"}]}, "plan")
NASTY = '<script>alert("x")</script>'


def _log():
    return summary(*_events(), plan=PLAN)


def _events():
    stream = {"frames": 9600, "xruns": 0, "voluntary": None, "involuntary": None}
    params = {"format": "S16_LE", "channels": 2, "buffer_size": 384, "period_size": 48, "rate": 48000}
    finding = {
        "kind": "stale",
        "frame": 960,
        "frames": 8,
        "ring": "playback",
        "ring_offset": 768,
        "laps": 2,
        "line_bytes": 32,
        "details": {},
        "injected": False,
        "text": NASTY,
    }
    burst = {
        "event": "burst",
        "arm": NASTY,
        "number": 1,
        "streamed_s": 0.2,
        "exchange": {"playback": stream, "capture": stream, "lost": None},
        "analysis": {
            "locked": True,
            "frames": 9600,
            "checked_frames": 9600,
            "wrong_frames": 8,
            "episodes": 1,
            "counts": {"stale": 1},
            "notes": [],
            "sites": [["stale", "playback", 2, 1]],
            "findings": [finding],
        },
        "control": {"planted": 0, "found": 0},
        "exposure": {"lines": 1200, "line_bytes": 32},
        "episodes": 1,
        "observed_s": 2.0,
        "conditions": {"granted": [], "refused": [], "facts": []},
    }
    start = {"event": "start", "backend": "virtual x", "seed": 1, "first_position": 5}
    opened = {"event": "open", "arm": NASTY, "granted": {"playback": params, "capture": params}}
    return start, opened, burst


class _Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen, self.links = [], [], []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href")]
        if tag not in ("meta", "circle", "path", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)

    def handle_endtag(self, tag):
        if tag != "path":
            assert self.open.pop() == tag


def test_page_is_well_formed_self_contained_and_escapes_the_record():
    text = html.page(_log(), [])
    tags = _Tags()
    tags.feed(text)
    assert tags.open == []
    # Only the list of contents links, and to this page.
    assert all(link.startswith("#") for link in tags.links)
    assert "script" not in tags.seen
    assert "FAIL on virtual x" in text


def test_page_shows_expected_and_observed_words():
    finding = FindingRecord("stale", 8, 1, None, None, None, False, {}, text="one frame")
    entry = EvidenceRecord(finding, 7, 4, expected="0102030405060708", observed="01020304aaaaaaaa")
    text = html.page(_log(), [entry])
    assert '<span class="bad">aaaaaaaa (05060708)</span>' in text
    assert text.count('class="bad"') == 1


@pytest.mark.parametrize(
    ("kind", "laps", "expected"),
    [
        ("stale", 1, COLOURS[0]),
        ("stale", 99, COLOURS[-1]),
        ("zero", None, ZERO_COLOUR),
        ("drop", None, OTHER_COLOUR),
    ],
)
def test_ringmap_colour_tells_age_and_kind(kind, laps, expected):
    assert colour(Mark(0, 32, 1536, 0, kind, laps, "")) == expected


def test_ringmap_quarter_of_the_ring_is_drawn_at_three_o_clock():
    picture = svg("t", [Mark(384, 384, 1536, 1000, "stale", 1, "")], 1536, 48000, 2500)
    assert "M290.00 150.00" in picture
    assert "1 150.00 290.00" in picture


def test_ringmap_says_units_and_how_much_of_what_was_found_is_drawn():
    marks = [Mark(0, 32, 16320, frame, "stale", 1, "") for frame in (10, 4800)]
    picture = svg("a, playback ring", marks, 16320, 48000, 2500)
    assert ">0 bytes<" in picture and ">4 080<" in picture and ">12 240<" in picture
    assert ">0 s<" in picture and ">100ms<" in picture
    assert (
        "of 16&nbsp;320 bytes: 2&nbsp;500 corrupted stretches, 2 drawn, the last at 100ms</figcaption>"
        in picture
    )


def test_ringmap_shortest_run_of_a_large_ring_is_long_enough_to_be_seen():
    (path,) = re.findall(r'd="M(\S+) (\S+)A.*? (\S+) (\S+)"', svg("t", [MARK], 1 << 20, 48000, 1))
    x0, y0, x1, y1 = map(float, path)
    assert math.hypot(x1 - x0, y1 - y0) >= 3.9


def test_page_reads_in_the_dark_and_where_it_is_narrow():
    text = html.page(_log(), [])
    assert "color-scheme:light dark" in text
    assert "prefers-color-scheme:dark" in text
    assert "width=device-width,initial-scale=1" in text
    assert text.count('<div class="scroll"><table>') == text.count("<table>") > 0


def test_page_says_what_stale_lines_mean_before_any_table():
    text = html.page(_log(), [])
    meaning = "data written exactly 2 laps earlier to the same place of the playback ring"
    assert text.index(meaning) < text.index("<table>")


def test_page_of_an_analog_run_has_levels_per_second_and_marks_over_all_bursts():
    *events, first = _events()
    path = {"latency_frames": 9.0, "gain_db": -3.0, "drift_ppm": 0.1, "snr_db": 40.0, "thd_n_db": -39.0}
    first["channel"] = {**path, "seconds": [[0, 41.0, -39.5]]}
    planted = {**first["analysis"]["findings"][0], "injected": True, "frame": 4800}
    second = {
        **first,
        "channel": {**path, "seconds": [[0, 35.0, -30.0]]},
        "analysis": {**first["analysis"], "findings": [*first["analysis"]["findings"], planted]},
    }
    log = summary(*events, first, second, plan=PLAN)
    shown = levels.section(log.samples)
    assert shown.count('class="curve ') == 2 and shown.count("<circle") == 4
    # Two bursts of 0.2 s end to end: frame 960 of each, the planted one left out.
    places = [52 + 838 * at for at in (0.02 / 0.4, 0.22 / 0.4)]
    assert [f'd="M{at:.1f} 16l' in shown for at in places] == [True, True]
    assert shown.count("l-4 -8h8z") == 2 and "<script>" not in shown
    assert "The analog path" in html.page(log, [])
    # The legend has the ages that are drawn, and no others.
    assert "2 laps old" in shown and "3 laps old" not in shown


def test_page_of_a_digital_run_has_no_analog_path():
    assert levels.section(_log().samples) == ""


def test_page_of_a_run_with_many_findings_stays_below_400_kilobytes():
    *events, first = _events()
    one = first["analysis"]["findings"][0]
    first["analysis"]["findings"] = [{**one, "frame": 10 * k, "text": "x" * 120} for k in range(200)]
    bursts = [{**first, "number": number, "arm": f"arm {number}"} for number in range(1, 40)]
    opened = [{**next(e for e in events if e["event"] == "open"), "arm": f"arm {n}"} for n in range(1, 40)]
    log = summary(*[e for e in events if e["event"] != "open"], *opened, *bursts)
    assert len(html.page(log, [])) < 400_000


def test_page_runs_no_script_and_fetches_nothing():
    page = html.page(_log(), [])
    assert "default-src 'none'" in page
    assert "<script" not in page and "http://" not in page.replace("http://www.w3.org", "")
