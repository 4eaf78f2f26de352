# SPDX-License-Identifier: MIT
"""Sums of a record: each number of two bursts is added under its own name, and nothing else is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from stress.model.finding import SILENT
from stress.model.record.findings import FindingRecord
from stress.verdict.tally import (
    MORE,
    MOST_MESSAGES,
    MOST_SAMPLES,
    MOST_SLIPS,
    Seen,
    Tally,
    shape,
    tallies,
    total,
)
from stress.verdict.two_clocks import Slip
from tests.record_cases import STREAM, event


def _burst(**changes):
    return event({"event": "burst", **changes})


def _added(*bursts):
    tally = Tally("a")
    for burst in bursts:
        tally.add(burst)
    return tally


# Two bursts that differ in every number, so that a sum, a difference and either one alone differ.
FIRST = {
    "number": 1,
    "streamed_s": 0.25,
    "observed_s": 0.125,
    "episodes": 3,
    "control": {"planted": 17, "found": 11, "covered": 5},
    "exposure": {"lines": 900, "line_bytes": 32, "allocation": 1, "colours": 4},
    "tiles": {"number": 20, "runs": 6, "squares": 14},
    "analysis": {
        "checked_frames": 9000,
        "wrong_frames": 24,
        "counts": {"stale": 3},
        "sites": [["stale", "playback", 1, 3]],
        "findings": [{"ring": "playback", "laps": 1, "frame": 960 + 96 * n} for n in range(3)],
        "detector": "exact",
    },
    "opportunities": {"switches": 40, "forks": 2, "vmalloc_kb": -8, "mappings": None},
    "conditions": {"granted": [], "refused": ["real time: no"], "facts": []},
}
SECOND = {
    **FIRST,
    "number": 2,
    "streamed_s": 0.5,
    "observed_s": 0.0625,
    "episodes": 1,
    "control": {"planted": 8, "found": 7, "covered": 1},
    "exposure": {"lines": 400, "line_bytes": 64, "allocation": 1, "colours": 4},
    "tiles": {"number": 7, "runs": 2, "squares": 4},
    "analysis": {
        "checked_frames": 4000,
        "wrong_frames": 16,
        "counts": {"stale": 2},
        "sites": [["stale", "capture", 2, 2]],
        "findings": [{"ring": "capture", "laps": 2, "frame": 960 + 96 * n} for n in range(2)],
        "detector": "checksum",
    },
    "opportunities": {"switches": 30, "forks": 5, "vmalloc_kb": 12, "mappings": 3},
}


def test_tally_of_two_bursts_holds_the_sum_of_each_number():
    tally = _added(_burst(**FIRST), _burst(**SECOND))
    expected = Tally(
        "a",
        bursts=2,
        streamed_s=0.75,
        observed_s=0.1875,
        episodes=4,
        checked_frames=13_000,
        lines=1300,
        line_bytes=64,
        wrong_frames=40,
        planted=25,
        control_found=18,
        control_covered=6,
        tiles=27,
        tile_runs=8,
        tile_squares=18,
        samples=[(24, 9000), (16, 4000)],
    )
    expected.counts.update({"stale": 5})
    expected.sites.update({("stale", "playback", 1): 3, ("stale", "capture", 2): 2})
    expected.shapes.update({"run": 5})
    expected.opportunities.update({"switches": 70, "forks": 7, "vmalloc_kb": 20, "mappings": 3})
    expected.refused.update({"real time: no": 2})
    expected.detectors.update({"exact": 1, "checksum": 1})
    expected.draws.update({(4, 1): 2})
    assert tally == expected
    assert (tally.found, tally.control_missed) == (5, 7)


def test_total_of_two_arms_is_the_tally_of_all_their_bursts():
    one, two = _added(_burst(**FIRST)), _added(_burst(**SECOND))
    assert replace(total([one, two]), arm="a") == _added(_burst(**FIRST), _burst(**SECOND))
    assert total([]) == Tally("all")


def test_total_takes_the_last_loss_and_alarm_and_the_least_of_what_was_weakest_and_queued():
    known = Tally("a", lost="gone", alarm=5.0, weakest=9.0, least_queued=48.0)
    assert (total([known, Tally("b")]).lost, total([Tally("b"), known]).lost) == ("gone", "gone")
    whole = total([known, Tally("b", lost="frozen", alarm=6.0, weakest=7.0, least_queued=96.0)])
    assert (whole.lost, whole.alarm, whole.weakest, whole.least_queued) == ("frozen", 6.0, 7.0, 48.0)
    assert total([known, Tally("b")]).alarm == 5.0


@pytest.mark.parametrize(
    ("xruns", "locked", "starved", "unlocked"),
    [(0, True, 0, 0), (0, False, 0, 1), (2, True, 0, 0), (2, False, 1, 1)],
)
def test_burst_without_a_lock_is_starved_where_its_playback_ran_dry(xruns, locked, starved, unlocked):
    exchange = {"playback": {**STREAM, "xruns": xruns}, "capture": STREAM, "lost": None}
    tally = _added(_burst(exchange=exchange, analysis={"locked": locked}))
    assert (tally.starved, tally.unlocked) == (starved, unlocked)


@pytest.mark.parametrize(("xruns", "notes", "silent"), [(0, [SILENT], 1), (1, [SILENT], 0), (0, [], 0)])
def test_burst_of_zeros_is_silent_where_its_playback_did_not_run_dry(xruns, notes, silent):
    exchange = {"playback": {**STREAM, "xruns": xruns}, "capture": STREAM, "lost": None}
    assert _added(_burst(exchange=exchange, analysis={"notes": notes})).silent == silent


@pytest.mark.parametrize(
    ("queued", "xruns", "behind"),
    [(None, 0, 0), (1, 0, 0), (0, 0, 1), (-5, 0, 1), (0, 1, 0), (1, 1, 0), (None, 1, 0)],
)
def test_device_was_behind_where_it_passed_what_was_queued_and_no_xrun_was_reported(queued, xruns, behind):
    playback = {**STREAM, "least_queued": queued, "xruns": xruns}
    burst = _burst(exchange={"playback": playback, "capture": STREAM, "lost": None})
    tally = _added(burst, burst)
    assert (tally.behind, tally.least_queued) == (2 * behind, queued)


@pytest.mark.parametrize(("playback", "capture", "bursts"), [(0, 0, 0), (3, 0, 1), (0, 2, 1), (3, 2, 1)])
def test_xruns_and_switches_of_both_directions_are_added(playback, capture, bursts):
    sides = {
        "playback": {**STREAM, "xruns": playback, "voluntary": 5, "involuntary": 7},
        "capture": {**STREAM, "xruns": capture, "voluntary": None, "involuntary": 11},
    }
    tally = _added(_burst(exchange={**sides, "lost": None}), _burst())
    assert (tally.xruns, tally.xrun_bursts) == (playback + capture, bursts)
    assert (tally.voluntary, tally.involuntary) == (5, 18)


def test_device_that_was_lost_in_one_burst_stays_lost():
    gone = _burst(exchange={"playback": STREAM, "capture": STREAM, "lost": "gone"})
    assert _added(gone, _burst()).lost == _added(_burst(), gone).lost == "gone"


def test_allocation_is_counted_where_the_cache_has_colours():
    uncoloured = {"lines": 900, "line_bytes": 32, "allocation": 7}
    assert not _added(_burst(exposure=uncoloured)).draws


def test_numbers_that_do_not_go_together_are_named_once_a_burst():
    wrong = _burst(number=4, control={"planted": 1, "found": 2})
    text = "burst 4: 2 found and 0 covered, of 1 injected faults"
    assert _added(wrong).inconsistent == {text: 1}
    assert _added(wrong, wrong).inconsistent == {text: 2}


CHANNEL = dict.fromkeys(("latency_frames", "gain_db", "drift_ppm", "snr_db", "thd_n_db"), 0.0)


def test_alarm_is_that_of_the_last_burst_that_had_one():
    alarms = [_burst(channel={**CHANNEL, "alarm_sigmas": sigmas}) for sigmas in (5.5, 6.5, None)]
    assert _added(*alarms, _burst()).alarm == 6.5
    assert _added(alarms[2], _burst()).alarm is None


def test_same_advice_with_other_numbers_is_one_doubt_under_its_first_text():
    tally = _added(
        _burst(advice=["SNR is 1.5 dB", "hum at 50 Hz"]), _burst(advice=["SNR is -2 dB", "a loose plug"])
    )
    assert tally.doubts == {"SNR is 1.5 dB": 2, "hum at 50 Hz": 1, "a loose plug": 1}


def test_sample_of_a_burst_is_what_that_burst_added_of_wrong_frames():
    planted = {"kind": "zero", "injected": True, "frames": 8}
    findings = [{"frames": 6}, planted]
    analysis = {"findings": findings, "counts": {"stale": 1, "zero": 1}, "wrong_frames": 14}
    tally = _added(_burst(analysis=analysis), _burst(analysis=analysis))
    assert tally.samples == [(6, 9600), (6, 9600)]
    assert tally.wrong_frames == 12


def test_samples_past_the_most_become_one_of_two_bursts_in_a_row():
    full = Tally("a", samples=[(number, 3 * number + 1) for number in range(MOST_SAMPLES - 1)])
    full._add_sample(7, 100)
    assert len(full.samples) == MOST_SAMPLES
    assert full.samples[-1] == (7, 100)
    full._add_sample(9, 200)
    assert len(full.samples) == (MOST_SAMPLES + 1) // 2
    # Of bursts 2n and 2n + 1.
    assert full.samples[:-1] == [(4 * n + 1, 12 * n + 5) for n in range(MOST_SAMPLES // 2)]
    assert full.samples[-1] == (16, 300)


SIDE = {"packets": 1, "statuses": {}, "lengths": {}}
WIRE = {
    "source": "usbmon",
    "events": 70,
    "dropped": 3,
    "truncated": 5,
    "lost_frames": 11,
    "judged": True,
    "doubts": ["OUT is 4 frames short"],
    "judged_sides": ["playback", "capture"],
    "out": {**SIDE, "frames": 100, "wrong": 9, "failed": 2, "planted": 6, "found": 4},
    "in": {
        **SIDE,
        "frames": 90,
        "wrong": 8,
        "failed": 1,
        "planted": 7,
        "found": 5,
        "lines": 80,
        "telling_lines": 60,
    },
    "memory": {"playback": {"frames": 30, "differ": 13}, "capture": {"frames": 20, "differ": 17}},
}
SEEN = {
    "bursts": 1,
    "judged": 1,
    "events": 70,
    "dropped": 3,
    "truncated": 5,
    "lost_frames": 11,
    "out_frames": 100,
    "out_wrong": 9,
    "out_failed": 2,
    "out_planted": 6,
    "out_found": 4,
    "in_frames": 90,
    "in_wrong": 8,
    "in_failed": 1,
    "in_planted": 7,
    "in_found": 5,
    "in_lines": 80,
    "in_telling_lines": 60,
    "in_judged": 1,
    "memory_playback_frames": 30,
    "memory_playback_differ": 13,
    "memory_capture_frames": 20,
    "memory_capture_differ": 17,
}


def test_what_a_tap_saw_is_added_name_by_name():
    assert _added(_burst(wire=WIRE)).wire == SEEN
    twice = _added(_burst(wire=WIRE), _burst(wire=WIRE))
    assert twice.wire == {name: 2 * number for name, number in SEEN.items()}
    assert twice.doubts == {"OUT is 4 frames short": 2}
    assert not twice.blind


def test_control_of_the_wire_counts_where_the_wire_was_judged_and_capture_where_it_is_judged():
    tally = _added(_burst(wire={**WIRE, "judged": False, "judged_sides": ["playback"]}))
    left = {**SEEN, "judged": 0, "in_judged": 0}
    for name in ("out_planted", "out_found", "in_planted", "in_found"):
        del left[name]
    assert tally.wire == left


def test_reason_why_no_tap_saw_a_burst_is_counted_where_there_is_one():
    tally = _added(_burst(wire={"blind": "no usbmon"}), _burst(wire={"blind": "no usbmon"}), _burst())
    assert tally.blind == {"no usbmon": 2}
    assert not tally.wire


def _kinds(*kinds, wrong_frames, **more):
    counts = {}
    for one in kinds:
        counts[one["kind"]] = counts.get(one["kind"], 0) + 1
    sites = [[kind, None, None, number] for kind, number in counts.items()]
    return {"findings": list(kinds), "counts": counts, "sites": sites, "wrong_frames": wrong_frames, **more}


def test_planted_faults_and_lost_time_count_for_nothing_but_themselves():
    planted = {"kind": "stale", "injected": True, "frames": 8, "details": {"score": 9.5}}
    lost = {"kind": "drop", "frames": 50, "details": {"transport": "beside a lap", "score": 30.0}}
    real = {"kind": "stale", "frames": 16, "details": {"score": 2.5}}
    tally = _added(_burst(analysis=_kinds(planted, lost, lost, real, real, wrong_frames=140)))
    assert tally.counts == {"stale": 2} and tally.sites == {("stale", None, None): 2}
    assert (tally.transport, tally.wrong_frames, tally.weakest) == (2, 32, 9.5)


@pytest.mark.parametrize(
    ("wrong_frames", "left"),
    [
        (24, 16),  # each frame in one finding
        (20, 16),  # 4 frames in both: what is real is not less for it
        (12, 12),  # no more than were wrong in all
        (100, 92),  # findings past the cap are wrong as well
    ],
)
def test_wrong_frames_that_count_are_no_less_than_those_of_the_real_findings(wrong_frames, left):
    planted = {"kind": "zero", "injected": True, "frames": 8}
    real = {"kind": "stale", "frames": 16}
    assert _added(_burst(analysis=_kinds(planted, real, wrong_frames=wrong_frames))).wrong_frames == left


def test_burst_whose_findings_were_all_left_out_counts_them():
    analysis = {"counts": {"stale": 4}, "sites": [["stale", "capture", 1, 4]], "findings_left_out": 4}
    tally = _added(_burst(analysis={**analysis, "wrong_frames": 32}))
    assert (tally.found, tally.wrong_frames) == (4, 32)
    assert tally.sites == {("stale", "capture", 1): 4}
    # Without findings and counts the wrong frames are taken as they are.
    assert (
        _added(_burst(analysis={"wrong_frames": 5}), _burst(analysis={"wrong_frames": 6})).wrong_frames == 11
    )


def test_slips_are_kept_up_to_the_most():
    slip = {"kind": "drop", "frames": 2, "frame": 100}
    analysis = _kinds(slip, {**slip, "frame": 150}, {**slip, "frame": 160}, wrong_frames=6)
    tally = Tally("a", slips=[Slip(1, 0)] * (MOST_SLIPS - 2))
    tally.add(_burst(analysis=analysis))
    assert tally.slips[MOST_SLIPS - 2 :] == [Slip(-2, 0), Slip(-2, 50)]
    tally.add(_burst(analysis=analysis))
    assert len(tally.slips) == MOST_SLIPS


def test_finding_that_names_its_view_is_counted_by_view_and_by_what_memory_held():
    lanes = {"user": "right", "memory": "wrong", "wire": "right", "read": "wrong"}
    seen = {"ring": "capture", "details": {"view": "capture ring", "lanes": lanes}}
    unseen, blind = {"ring": "capture"}, {"details": {"view": "wire or device"}}
    one = {"kind": "stale", "frames": 8}
    analysis = _kinds({**one, **seen}, {**one, **seen}, {**one, **unseen}, {**one, **blind}, wrong_frames=32)
    tally = _added(_burst(analysis=analysis))
    assert tally.views == {"capture ring": 2, "wire or device": 1}
    assert tally.seen == {
        Seen("capture ring", "stale", "capture", "wrong"): 2,
        Seen("wire or device", "stale", None, ""): 1,
    }


@pytest.mark.parametrize(
    ("line_bytes", "details", "form"),
    [
        (64, {}, "lines"),
        (32, {}, "lines"),
        (16, {}, "tail"),
        (None, {"starts_on_line": 32}, "tail"),
        (None, {"ends_on_line": 32}, "tail"),
        (16, {"starts_on_line": 32}, "tail"),
        (None, {}, "run"),
    ],
)
def test_form_of_stale_data_is_that_of_its_line_and_its_edges(line_bytes, details, form):
    finding = FindingRecord("stale", 960, 8, "playback", 1, line_bytes, False, details)
    assert shape(finding, 32) == form
    assert shape(replace(finding, kind="zero"), 32) == "zero"
    # Where a line has one byte, a finding without one is still none of lines.
    assert shape(FindingRecord("stale", 960, 8, None, None, None, False, {}), 1) == "run"


def test_kernel_messages_past_the_most_are_counted_as_more():
    oops = [f"BUG: unable to handle page {number}" for number in range(MOST_MESSAGES)]
    tally = _added(_burst(kernel=[*oops, oops[0], "BUG: late", "BUG: later"]))
    assert tally.oopses == {**dict.fromkeys(oops, 1), oops[0]: 2, MORE: 2}
    assert not tally.usb_errors
    usb = [f"usb 1-{number}: cannot submit urb" for number in range(2)]
    tally = _added(_burst(kernel=usb), _burst(kernel=usb), _burst())
    assert tally.usb_errors == dict.fromkeys(usb, 2)
    assert not tally.oopses


def test_arm_that_was_skipped_and_later_ran_is_not_skipped():
    skip = event({"event": "skip", "arm": "a", "reason": "busy"})
    (skipped,) = tallies([skip])
    assert (skipped.arm, skipped.bursts, skipped.skipped) == ("a", 0, "busy")
    (ran,) = tallies([skip, _burst()])
    assert (ran.bursts, ran.skipped) == (1, None)


def test_tallies_are_in_the_order_in_which_arms_first_ran():
    parts = tallies([_burst(arm="b"), _burst(arm="a"), _burst(arm="b"), event({"event": "start"})])
    assert [(part.arm, part.bursts) for part in parts] == [("b", 2), ("a", 1)]
