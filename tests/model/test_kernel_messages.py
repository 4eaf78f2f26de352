# SPDX-License-Identifier: MIT
"""What the kernel says of itself and of USB: told beside the verdict, and a doubt where it broke."""

from __future__ import annotations

import pytest

from stress.model.kernel_messages import NOT_READ, oopses, usb_errors
from stress.model.verdict import Verdict
from stress.verdict.judge import judge
from stress.verdict.tally import MORE, MOST_MESSAGES, Tally
from tests.record_cases import event

OOPSES = [
    "[   12.000001] Unable to handle kernel NULL pointer dereference at virtual address 00000004",
    "[   12.000002] Internal error: Oops: 17 [#1] ARM",
    "[   12.0] BUG: unable to handle page fault for address: ffffb",
    "[   12.0] kernel BUG at mm/slub.c:305!",
    "[   12.0] Kernel panic - not syncing: Fatal exception",
    "[   12.0] general protection fault, probably for non-canonical address",
    "[   12.0] watchdog: BUG: soft lockup - CPU#0 stuck for 22s! [pcmstress:1]",
    "[   12.0] rcu: INFO: rcu_sched detected stalls on CPUs/tasks:",
    "[   12.0] BUG: KASAN: use-after-free in snd_usb_endpoint_start",
]
ERRORS = [
    "[   12.0] usb 1-1: cannot submit urb 0, error -28: not enough bandwidth",
    "[   12.0] usb 1-1.2: 1:1: cannot set freq 48000 to ep 0x1",
    "[   12.0] usb 1-1: USB disconnect, device number 5",
    "[   12.0] usb 1-1: reset full-speed USB device number 5 using dwc2",
    "[   12.0] xhci_hcd 0000:00:14.0: WARN: TRB error for slot 2 ep 3 on endpoint",
    "[   12.0] snd_usb_audio 1-1:1.0: timeout: still 3 active urbs on EP #1",
]
PLAIN = [
    "[   12.0] usb 1-1: new full-speed USB device number 5 using dwc2",
    "[   12.0] usbcore: registered new interface driver snd-usb-audio",
    "[   12.0] random: crng init done",
    "[   12.0] EXT4-fs error (device mmcblk0p2): ext4_lookup",
    "[   12.0] debug: looping",
    f"{NOT_READ}/dev/kmsg: Operation not permitted (usb error)",
]


@pytest.mark.parametrize("line", OOPSES)
def test_oops_is_one_and_no_usb_error(line):
    assert (oopses([line]), usb_errors([line])) == ([line], [])


@pytest.mark.parametrize("line", ERRORS)
def test_usb_error_is_one_and_no_oops(line):
    assert (oopses([line]), usb_errors([line])) == ([], [line])


@pytest.mark.parametrize("line", PLAIN)
def test_other_messages_are_neither(line):
    assert (oopses([line]), usb_errors([line])) == ([], [])


def _tally(kernel, **analysis):
    tally = Tally("a")
    control = {"planted": 60, "found": 60}
    burst = {"event": "burst", "kernel": kernel, "control": control, "analysis": analysis}
    tally.add(event(burst))
    return tally


def test_clean_run_on_a_kernel_that_broke_is_no_pass():
    assert judge(_tally([])).verdict is Verdict.PASS
    judged = judge(_tally([OOPSES[1]]))
    assert judged.verdict is Verdict.INCONCLUSIVE
    doubt = "the kernel is broken, so nothing that ran on it proves anything: reboot and repeat"
    assert doubt in judged.reasons
    assert judged.reasons[-1] == f"kernel broke while bursts ran (1 message): {OOPSES[1]}"


def test_usb_error_is_told_beside_a_pass_and_a_fail():
    judged = judge(_tally([ERRORS[0]]))
    assert judged.verdict is Verdict.PASS
    said = f"kernel reported trouble of USB or sound while bursts ran (1 message): {ERRORS[0]}"
    assert judged.reasons[-1] == said
    failed = judge(_tally([ERRORS[0]], wrong_frames=8, counts={"stale": 1}))
    assert failed.verdict is Verdict.FAIL and failed.reasons[-1] == said


def test_messages_of_a_tally_are_bounded_and_add_up():
    lines = [f"[   {n}.0] usb 1-1: cannot submit urb, error -{n}" for n in range(100)]
    both = _tally(lines).merged(_tally(lines))
    assert len(_tally(lines).usb_errors) == MOST_MESSAGES + 1 and _tally(lines).usb_errors[MORE] == 80
    assert sum(both.usb_errors.values()) == 200


def test_escapes_of_a_record_reach_no_terminal():
    judged = judge(_tally(["[ 1.0] usb 1-1: error \x1b[31m"]))
    assert "\x1b" not in judged.reasons[-1]
