# SPDX-License-Identifier: MIT
"""Runs judged by the wire alone, on virtual boards where the truth is known."""

from __future__ import annotations

import dataclasses

import pytest

from stress.experiment.wire import views
from stress.experiment.wire.capture import compare_read
from stress.experiment.wire.views import BUS, CAPTURE_RING, PLAYBACK_RING
from stress.model.verdict import Verdict
from stress.pcm.virtual import VirtualPcm
from stress.pcm.virtual_tap import VirtualTap
from stress.plan.plan import read_plan
from stress.record import reader, rundir
from stress.virtual.spec import BoardSpec
from tests.experiment.walking import walked

SMALL = {"name": "small", "playback_buffer": 192, "capture_buffer": 240, "burst_s": "250ms"}


class _Mute:
    # A tap whose capture side was silent, or that cannot look.
    def __init__(self, inner, blind=""):
        self._inner, self._blind, self.source = inner, blind, "test"

    def start(self, granted, seconds):
        return self._blind

    def grab(self):
        self._inner.grab()

    def finish(self):
        wire = self._inner.finish()
        into = dataclasses.replace(wire.into, data=wire.into.data * 0)
        return dataclasses.replace(wire, into=into)


class _Silent(VirtualPcm):
    def exchange(self, play, captured, handling):
        exchange = super().exchange(play, captured, handling)
        captured[:] = 0
        return exchange


def _walk(folder, board, arm=SMALL, **changes):
    judgement, (burst,) = _walk_all(folder, board, arm, **changes)
    return judgement, burst


def _walk_all(folder, board, arm, loopback="none", settings=None, wrap=None, pcm=VirtualPcm, repeats=1):
    card = pcm(BoardSpec.load(board, settings or {}), 7)
    tap = VirtualTap(card)
    plan = read_plan({"bound": 1e-2, "arm": [arm], "repeats": repeats}, "plan")
    judgement = walked(folder, plan, card, 32, tap=wrap(tap) if wrap else tap, loopback=loopback)
    return judgement, [event for event in reader.read_events(folder) if event["event"] == "burst"]


def _views(burst):
    return {f["details"].get("view") for f in burst["analysis"]["findings"] if not f["injected"]}


@pytest.mark.parametrize(
    ("side", "view"), [("playback", PLAYBACK_RING), ("capture", CAPTURE_RING)], ids=["playback", "capture"]
)
def test_run_by_the_wire_names_the_ring_that_is_mapped(tmp_path, side, view):
    judgement, burst = _walk(tmp_path, "arm926", {**SMALL, "side": side})
    assert judgement.verdict is Verdict.FAIL
    assert _views(burst) == {view}
    rings = {ring for kind, ring, _, _ in burst["analysis"]["sites"] if kind == "stale" and ring}
    assert side in rings
    assert burst["wire"]["out"]["wrong"] > 0 or side == "capture"
    assert burst["wire"]["in"]["wrong"] > 0 or side == "playback"


@pytest.mark.parametrize("side", ["playback", "capture"])
def test_run_by_loopback_names_the_same_view(tmp_path, side):
    _, burst = _walk(tmp_path, "arm926", {**SMALL, "side": side}, loopback="digital")
    view = PLAYBACK_RING if side == "playback" else CAPTURE_RING
    views = [f["details"].get("view") for f in burst["analysis"]["findings"] if not f["injected"]]
    assert views
    assert views.count(view) == len(views)


def test_run_by_the_wire_on_a_coherent_board_passes_with_the_control_whole(tmp_path):
    judgement, burst = _walk(tmp_path, "cortex-a")
    assert judgement.verdict is Verdict.PASS
    assert any("USB bus only" in reason for reason in judgement.reasons)
    assert burst["control"]["found"] == burst["control"]["planted"] > 0
    seen = burst["wire"]
    for side in ("out", "in"):
        assert seen[side]["planted"] == seen[side]["found"] > 0
    assert burst["control"]["planted"] == seen["out"]["planted"] + seen["in"]["planted"]
    assert any("laid over what was read" in reason for reason in judgement.reasons)
    # Both rings count: more lines than were played.
    assert burst["exposure"]["lines"] > 1.5 * burst["frames"] * 4 // 32


def test_arm_with_one_side_mapped_counts_that_side_only(tmp_path):
    _, burst = _walk(tmp_path, "cortex-a", {**SMALL, "side": "playback"})
    assert burst["exposure"]["lines"] <= burst["span"] * 4 // 32


def test_fault_of_the_card_is_no_fault_of_the_host(tmp_path):
    settings = {"fault": [{"kind": "drop", "frame": 5000, "frames": 48}]}
    by_wire, _ = _walk(tmp_path / "a", "cortex-a", settings=settings)
    assert by_wire.verdict is Verdict.PASS
    by_loop, burst = _walk(tmp_path / "b", "cortex-a", settings=settings, loopback="digital")
    assert by_loop.verdict is Verdict.FAIL
    drops = [f for f in burst["analysis"]["findings"] if f["kind"] == "drop"]
    assert [f["details"]["view"] for f in drops] == [BUS]


def test_silent_source_is_inconclusive_with_advice(tmp_path):
    judgement, burst = _walk(tmp_path, "cortex-a", wrap=_Mute, pcm=_Silent)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    (advice,) = [reason for reason in judgement.reasons if "microphone" in reason]
    assert "in less than 25 % of the lines" in advice
    assert burst["wire"]["in"]["telling_lines"] == 0


def test_silent_source_does_not_matter_where_only_playback_is_mapped(tmp_path):
    judgement, _ = _walk(tmp_path, "cortex-a", {**SMALL, "side": "playback"}, wrap=_Mute, pcm=_Silent)
    assert judgement.verdict is Verdict.PASS


def test_auto_takes_the_wire_where_nothing_comes_back(tmp_path):
    judgement, burst = _walk(
        tmp_path, "cortex-a", {**SMALL, "side": "playback"}, loopback="auto", wrap=_Mute, pcm=_Silent
    )
    assert judgement.verdict is Verdict.PASS
    assert burst["wire"]["judged"]


def test_digital_never_takes_the_wire(tmp_path):
    judgement, burst = _walk(tmp_path, "cortex-a", loopback="digital", wrap=_Mute, pcm=_Silent)
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert not burst["wire"]["judged"]
    assert any("loopback connected" in reason for reason in judgement.reasons)


def test_tap_that_cannot_look_leaves_the_loopback_to_judge(tmp_path):
    judgement, burst = _walk(tmp_path, "cortex-a", loopback="auto", wrap=lambda tap: _Mute(tap, "no right"))
    assert judgement.verdict is Verdict.PASS
    assert burst["wire"] == {"blind": "no right"}


def test_evidence_shows_the_stream_a_finding_was_made_in(tmp_path):
    _walk(tmp_path, "arm926", {**SMALL, "side": "capture"})
    names = sorted(path.name for path in (tmp_path / "evidence").iterdir())
    assert names
    assert all("-in-" in name for name in names)
    entry = rundir.read_json(tmp_path / "evidence", names[0])
    step, finding = entry["frame_bytes"], entry["finding"]
    start = (finding["frame"] - entry["first_frame"]) * step
    wrong = slice(start, start + finding["frames"] * step)
    expected, observed = bytes.fromhex(entry["expected"]), bytes.fromhex(entry["observed"])
    assert expected[wrong] != observed[wrong]
    assert expected[:start][-4:] == observed[:start][-4:]


def _held(burst):
    return [f["details"]["lanes"]["memory"] for f in burst["analysis"]["findings"] if "lanes" in f["details"]]


def test_memory_tells_dirty_user_lines_from_stale_lines_of_the_kernel(tmp_path):
    # Read-modify-write leaves user lines dirty: memory is older than what was written.
    mixer = {"side": "playback", "period_size": 48, "playback_buffer": 4128, "playback": "rmw"}
    _, dirty = _walk(tmp_path / "a", "arm926", {**SMALL, **mixer, "queue_periods": 2})
    assert 0 < dirty["wire"]["memory"]["playback"]["differ"] <= 512 * 32 // 4
    # Plain stores that miss go to memory: what the kernel reads from its own lines is old.
    _, stale = _walk(tmp_path / "b", "arm926", {**SMALL, "side": "playback"})
    assert stale["wire"]["out"]["wrong"] > 1000
    held = stale["wire"]["memory"]["playback"]
    assert (held["frames"], held["differ"]) == (192, 0)


def test_memory_lane_speaks_for_the_last_lap_of_capture(tmp_path):
    ring = {"side": "capture", "period_size": 48, "capture_buffer": 384}
    _, burst = _walk(tmp_path, "arm926", {**SMALL, **ring})
    held = burst["wire"]["memory"]["capture"]
    assert (held["frames"], held["differ"]) == (384, 0)
    # The first runs are kept, and behind them those of the last lap: there the user's lines were stale.
    lanes = _held(burst)
    assert burst["analysis"]["findings_left_out"] > 0
    assert (set(lanes[:200]), set(lanes[200:])) == ({""}, {"right"})


def test_memory_of_a_coherent_cache_is_never_old(tmp_path):
    _, burst = _walk(tmp_path, "cortex-a")
    assert {side: part["differ"] for side, part in burst["wire"]["memory"].items()} == {
        "playback": 0,
        "capture": 0,
    }


def test_memory_of_coherent_buffers_cannot_be_read_and_it_is_said(tmp_path):
    _, burst = _walk(tmp_path, "arm926", settings={"kernel.use_vmalloc": False})
    assert burst["wire"]["memory"] == {}
    assert any("use_vmalloc=0" in note for note in burst["wire"]["notes"])


def test_burst_before_a_new_open_plays_the_pattern_to_its_end_and_others_end_in_silence(tmp_path):
    judgement, bursts = _walk_all(tmp_path, "cortex-a", {**SMALL, "bursts": 2}, repeats=2)
    assert judgement.verdict is Verdict.PASS
    spans = [burst["span"] for burst in bursts]
    assert spans[0] == spans[2] == bursts[0]["frames"] < spans[1] == spans[3]
    positions = [burst["position"] for burst in bursts]
    assert [b - a for a, b in zip(positions, positions[1:])] == spans[:-1]
    assert all(burst["control"]["found"] == burst["control"]["planted"] > 0 for burst in bursts)


def test_capture_control_that_is_missed_keeps_a_clean_run_from_pass(tmp_path, monkeypatch):
    def blind(*arguments):
        found = compare_read(*arguments)
        return dataclasses.replace(found, findings=(), counts={}, sites={}, wrong_frames=0, episodes=0)

    monkeypatch.setattr(views, "compare_read", blind)
    judgement, burst = _walk(tmp_path, "cortex-a")
    assert judgement.verdict is Verdict.INCONCLUSIVE
    assert any("injected faults not found" in reason for reason in judgement.reasons)
    assert burst["wire"]["in"]["found"] == 0 < burst["wire"]["in"]["planted"]


def test_capture_control_differs_from_that_of_playback_and_from_burst_to_burst(tmp_path):
    _, bursts = _walk_all(tmp_path, "cortex-a", {**SMALL, "bursts": 2})
    places = [
        {f["frame"] for f in burst["analysis"]["findings"] if f["injected"] and f["details"].get("source")}
        for burst in bursts
    ]
    assert all(places)
    assert places[0] != places[1]
