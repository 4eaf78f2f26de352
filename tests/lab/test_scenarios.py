# SPDX-License-Identifier: MIT
"""Real kernels, real drivers: clean paths pass, every fault on the wire is found in its place."""

from __future__ import annotations

import pytest

from stress.model.record.events import EndRecord, TapRecord
from stress.model.record.wire import BlindRecord
from stress.model.wire import BUS
from stress.record.reader import read_events, read_run

# Fault of the card -> kind found, and frames wrong, missing or extra.
FAULTS = {
    "card-stale": ("stale", 8),
    "card-dma": ("misplaced", 8),
    "card-zero": ("zero", 16),
    "card-bitflip": ("bitflip", 1),
    "card-drop": ("drop", 48),
    "card-repeat": ("repeat", 48),
    "card-swap": ("swap", 64),
    "card-gain": ("gain", 100),
    "card-byteshift": ("byteshift", 100),
    "card-hold": ("hold", 16),
    "card-short": ("drop", 5),
    "card-missing": ("drop", 48),
    "card-error": ("drop", 48),
    "card-zeropacket": ("zero", 48),
}
# Fault of the card, again and again -> cause that `diagnose` names.
CAUSES = {
    "diagnose-stale": "stale DMA",
    "diagnose-dma": "stale DMA",
    "diagnose-drop": "USB loss",
    "diagnose-zero": "USB loss",
    "diagnose-bitflip": "memory error",
}


def test_aloop_clean_path_passes_with_the_control_whole(guest):
    report = guest.report("aloop-clean")
    assert guest.code("aloop-clean") == 0, report["reasons"]
    assert report["total"]["planted"] == report["total"]["control_found"] > 0
    assert report["total"]["xruns"] == 0


def test_aloop_ring_is_the_driver_s_own_memory_in_mmap(guest):
    opened = [event for event in read_events(guest.folder("aloop-clean")) if event["event"] == "open"]
    mapped = [event for event in opened if event["backend"] == "alsa mmap"]
    assert mapped
    for event in mapped:
        assert [mapping["is_ring"] for mapping in event["mappings"]] == [True, True]
        assert all("/dev/snd/pcmC" in mapping["path"] for mapping in event["mappings"])


def test_missing_card_is_skipped_and_says_which_are_there(guest):
    assert guest.code("no-such-card") == 4
    assert "Loopback" in guest.report("no-such-card")["reasons"][0]


def test_busy_card_is_skipped(guest):
    assert guest.code("busy") == 4


def test_softcard_clean_path_passes(guest):
    assert guest.code("card-clean") == 0, guest.report("card-clean")["reasons"]


def test_softcard_clean_path_passes_on_several_cpus_too(guest):
    # At a third attempt at most: on several CPUs a read may race with the driver's copy, which
    # is set apart and makes a run INCONCLUSIVE.
    told = guest.report("card-several-cpus")["reasons"], guest.results["card-several-cpus"]["attempts"]
    assert guest.code("card-several-cpus") == 0, told


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_softcard_fault_is_found_as_its_kind_in_its_place(guest, name):
    kind, frames = FAULTS[name]
    assert guest.code(name) == 1
    finding, burst = guest.finding(name)
    (fault,) = guest.injected(name)
    assert (finding["kind"], finding["frames"]) == (kind, frames)
    # The second copy of a repeated packet is the one too many.
    extra = frames if kind == "repeat" else 0
    assert finding["frame"] == fault["capture_frame"] + extra
    assert finding["position"] - burst["position"] == fault["frame"] + extra


@pytest.mark.parametrize("name", sorted(FAULTS))
def test_softcard_fault_is_laid_beyond_the_host_whose_rings_are_clean(guest, name):
    finding, burst = guest.finding(name)
    assert finding["details"]["view"] == BUS
    assert finding["details"]["lanes"] == {"user": "right", "memory": "", "wire": "wrong", "read": "wrong"}
    assert (burst["wire"]["out"]["wrong"], burst["wire"]["in"]["wrong"]) == (0, 0)
    assert (burst["wire"]["dropped"], burst["wire"]["truncated"]) == (0, 0)
    assert {side: held["differ"] for side, held in burst["wire"]["memory"].items()} == {
        "playback": 0,
        "capture": 0,
    }


def test_wire_alone_passes_with_the_control_of_both_sides_whole(guest):
    report = guest.report("wire-clean")
    assert guest.code("wire-clean") == 0, report["reasons"]
    seen = report["total"]["wire"]
    assert seen["out_planted"] == seen["out_found"] > 0
    assert seen["in_planted"] == seen["in_found"] > 0
    assert (seen["dropped"], seen["truncated"], seen["out_wrong"], seen["in_wrong"]) == (0, 0, 0, 0)


def test_wire_alone_with_a_silent_source_is_inconclusive_with_advice(guest):
    assert guest.code("wire-silent") == 5
    assert any("microphone" in reason for reason in guest.report("wire-silent")["reasons"])


def test_wire_alone_without_the_right_is_skipped_and_says_how_to_grant_it(guest):
    assert guest.code("wire-refused") == 4
    (reason,) = guest.report("wire-refused")["reasons"]
    for part in ("no right to watch the bus", 'SUBSYSTEM=="usbmon"', 'GROUP="audio"', "usbmon"):
        assert part in reason


def test_loopback_goes_on_without_the_view_and_says_why(guest):
    # The conditions (locked memory, wake-up latency) are refused as well, so a clean run is no PASS.
    assert guest.code("wire-unseen") in (0, 5), guest.report("wire-unseen")["reasons"]
    log = read_run(guest.folder("wire-unseen"))
    assert "no right to watch the bus" in log.first(TapRecord).blind
    (burst,) = log.bursts
    assert burst.analysis.locked
    assert burst.wire == BlindRecord()


def test_softcard_stale_line_names_ring_lap_and_line(guest):
    finding, _ = guest.finding("card-stale")
    assert (finding["ring"], finding["laps"], finding["lag"]) == ("playback", 1, 4096)
    assert finding["ring_offset"] == 24000 * 4 % (4096 * 4)


@pytest.mark.parametrize("name", sorted(CAUSES))
def test_softcard_fault_is_diagnosed_and_never_a_cache_alias(guest, name):
    report = guest.report(name)
    assert guest.code(name) == 1, report["reasons"]
    assert report["diagnosis"]["cause"] == CAUSES[name], report["diagnosis"]["evidence"]
    assert report["diagnosis"]["sides"] == []
    rw = next(arm for arm in report["arms"] if arm["arm"] == "rw")
    assert rw["episodes"] > 0


def test_softcard_loads_run_beside_the_stream_and_say_what_and_where(guest):
    bursts = [event for event in read_events(guest.folder("card-loads")) if event["event"] == "burst"]
    assert [burst["arm"] for burst in bursts] == ["none", "memory", "syscalls", "usb"]
    assert not any("beside it" in note for note in bursts[0]["exchange"]["notes"])
    for burst in bursts[1:]:
        (note,) = [note for note in burst["exchange"]["notes"] if "beside it" in note]
        assert int(note.split("beside it: ")[1].split()[0]) > 0
        assert "this process on CPU 0" in note
        assert ("one CPU" in note) is (guest.board == "armv5")
        assert burst["opportunities"]["switches"] > 0


def test_softcard_unplugged_is_device_lost_and_the_record_is_whole(guest):
    assert guest.code("card-unplug") == 75
    log = read_run(guest.folder("card-unplug"))
    assert not log.torn
    assert log.last(EndRecord).exit == 75


def test_softcard_frozen_is_an_error_not_a_pass(guest):
    assert guest.code("card-freeze") == 70
    assert guest.report("card-freeze")["verdict"] == "ERROR"


def test_contract_suite_passes_on_real_drivers(guest):
    _passed(guest.contract)


def test_tap_contract_passes_on_the_bus_of_the_softcard(guest):
    _passed(guest.tapped)


def _passed(result):
    tail = result.stdout.decode(errors="replace")[-2000:]
    assert result.code == 0, tail
    assert " passed" in tail


# Fault of a device -> kind found, and frames wrong.
PROFILE_FAULTS = {
    "profile-cmedia-fault": ("zero", 16),
    "profile-pcm29xx-fault": ("bitflip", 1),
    "profile-uac2-fault": ("zero", 16),
    "profile-implicit-fault": ("zero", 16),
}


@pytest.mark.parametrize("name", ["cmedia", "pcm29xx", "uac2", "implicit", "dac"])
def test_profile_of_a_real_device_passes_with_no_option_but_its_name(guest, name):
    code, report = guest.code(f"profile-{name}"), guest.report(f"profile-{name}")
    assert code == 0, report["reasons"]
    assert report["total"]["planted"] == report["total"]["control_found"] > 0


@pytest.mark.parametrize("name", sorted(PROFILE_FAULTS))
def test_fault_of_a_device_is_found_as_its_kind_in_its_place_in_every_burst(guest, name):
    kind, frames = PROFILE_FAULTS[name]
    assert guest.code(name) == 1
    found = guest.findings(name)
    places = {fault["capture_frame"] for fault in guest.injected(name)}
    assert {(finding["kind"], finding["frames"]) for finding, _ in found} == {(kind, frames)}
    if name == "profile-implicit-fault":
        # With implicit feedback the driver streams silence from prepare on, and the card counts it: its
        # frame 24000 lies in the pattern, at some other place, or in the silence before it.
        return
    assert {finding["frame"] for finding, _ in found} <= places
    assert all(finding["position"] - burst["position"] == 24000 for finding, burst in found)


@pytest.mark.parametrize("name", sorted(PROFILE_FAULTS))
def test_fault_of_a_device_leaves_both_rings_right_by_the_wire(guest, name):
    guest.code(name)
    bursts = [event for event in read_events(guest.folder(name)) if event["event"] == "burst"]
    # With implicit feedback frames come in before the driver takes the first one.
    assert [(burst["wire"]["out"]["wrong"], burst["wire"]["in"]["wrong"]) for burst in bursts] == [
        (0, 0)
    ] * len(bursts)
    assert bursts


def test_several_cards_at_once_have_a_verdict_each_and_the_faulted_one_fails_alone(guest):
    assert guest.code("several-cards") == 1
    runs = {run["card"]: run for run in guest.report("several-cards")["runs"]}
    assert runs["soft2"]["verdict"] == "FAIL"
    assert "(1 zero)" in runs["soft2"]["reason"]
    # Beside two more streams of an emulated machine a clean card may have an xrun; it never fails.
    for card in ("soft1", "Loopback"):
        assert runs[card]["verdict"] in ("PASS", "INCONCLUSIVE"), runs[card]
    assert "PASS" in {runs[card]["verdict"] for card in ("soft1", "Loopback")}, runs


def test_microphone_is_skipped_with_the_reason(guest):
    assert guest.code("profile-microphone") == 4
    assert "only captures" in guest.report("profile-microphone")["reasons"][0]


def test_sweep_names_the_rate_that_a_fault_is_tied_to(guest):
    assert guest.code("sweep-44100") == 1
    report = guest.report("sweep-44100")
    assert report["sentence"].startswith("wrong only at rate 44100:")
    assert {run["verdict"] for run in report["runs"] if run["rate"] == "44100"} == {"FAIL"}
    assert {run["verdict"] for run in report["runs"] if run["rate"] != "44100"} == {"PASS"}
