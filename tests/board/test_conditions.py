# SPDX-License-Identifier: MIT
"""Conditions: put back as they were; what is refused names its price and the way to get it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from stress.board.conditions import RequestedConditions, conditions


def test_conditions_affinity_is_granted_and_put_back():
    before = os.sched_getaffinity(0)
    cpu = min(before)
    with conditions(RequestedConditions(cpu=cpu, lock_memory=False, awake=False)) as terms:
        assert os.sched_getaffinity(0) == {cpu}
        assert terms.granted == (f"on CPU {cpu}",)
    assert os.sched_getaffinity(0) == before


def test_conditions_impossible_cpu_is_refused_with_what_is_allowed():
    with conditions(RequestedConditions(cpu=4095, lock_memory=False, awake=False)) as terms:
        assert terms.granted == ()
        assert "allowed here:" in terms.refused[0]


def test_conditions_impossible_priority_is_refused_and_the_policy_stays():
    before = os.sched_getscheduler(0)
    with conditions(RequestedConditions(fifo=1000, lock_memory=False, awake=False)) as terms:
        assert os.sched_getscheduler(0) == before
        assert "rtprio in limits.conf" in terms.refused[0]


def test_conditions_facts_name_throttling(tmp_path):
    kernel = tmp_path / "sys/kernel"
    kernel.mkdir(parents=True)
    (kernel / "sched_rt_runtime_us").write_text("950000\n")
    (kernel / "sched_rt_period_us").write_text("1000000\n")
    with conditions(RequestedConditions(lock_memory=False, awake=False), tmp_path) as terms:
        allowed = ",".join(str(cpu) for cpu in sorted(os.sched_getaffinity(0)))
        assert terms.facts == (
            "real-time throttling: 95 % of the time at most, then others run "
            "(sysctl kernel.sched_rt_runtime_us=-1 lifts it)",
            f"this process may run on CPUs {allowed}",
        )


INTERRUPTS = """\
           CPU0       CPU1
 24:      12345          6   IO-APIC  16-fasteoi   ehci_hcd:usb1
 25:          0          0   GICv2  90 Level     nvme0
"""


def _interrupts(proc, place="0-1\n"):
    (proc / "irq/24").mkdir(parents=True)
    (proc / "irq/24/smp_affinity_list").write_text(place)
    (proc / "interrupts").write_text(INTERRUPTS)


def test_conditions_interrupts_of_the_usb_host_are_moved_and_put_back(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    _interrupts(tmp_path)
    place = tmp_path / "irq/24/smp_affinity_list"
    with conditions(RequestedConditions(irq_cpu=1, lock_memory=False, awake=False), tmp_path) as terms:
        assert terms.granted == ("interrupts of the USB host on CPU 1: 24",)
        assert place.read_text()[:1] == "1"
    assert place.read_text().startswith("0-1")
    assert "interrupt 24 (ehci_hcd:usb1) on CPUs 1" in terms.facts[-1]


def test_conditions_without_a_usb_interrupt_say_so(tmp_path):
    with conditions(RequestedConditions(irq_cpu=0, lock_memory=False, awake=False), tmp_path) as terms:
        assert "no USB host controller has one here" in terms.refused[0]
        assert "irq_cpu" in terms.refused[0]


def test_conditions_interrupt_that_cannot_be_moved_names_price_and_way(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    _interrupts(tmp_path)
    (tmp_path / "irq/24/smp_affinity_list").unlink()
    with conditions(RequestedConditions(irq_cpu=1, lock_memory=False, awake=False), tmp_path) as terms:
        (line,) = terms.refused
    assert "24 (ehci_hcd:usb1): No such file" in line
    assert "root" in line


# As an ordinary user, whoever runs the tests; imports come first, they may need the rights of before.
ORDINARY = """
import json, os, resource
from stress.board.conditions import RequestedConditions, conditions
for limit, value in ((resource.RLIMIT_MEMLOCK, 65536), (resource.RLIMIT_RTPRIO, 0)):
    resource.setrlimit(limit, (value, value))
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
with conditions(RequestedConditions(fifo=40)) as terms:
    print(json.dumps([terms.granted, terms.refused]))
"""


def test_conditions_of_an_ordinary_user_each_name_cost_and_way():
    done = subprocess.run([sys.executable, "-c", ORDINARY], capture_output=True, text=True, check=True)
    granted, refused = json.loads(done.stdout)
    ways = {
        "SCHED_FIFO 40: ": (
            "other processes run in between",
            "CAP_SYS_NICE, or rtprio in limits.conf (allowed here: 0)",
        ),
        "memory lock: ": (
            "page faults may fall into a burst",
            "memlock in limits.conf (allowed here: 65536 bytes)",
        ),
    }
    if os.path.exists("/dev/cpu_dma_latency"):
        ways["/dev/cpu_dma_latency: "] = ("idle states may delay", "udev rule")
    assert len(refused) == len(ways)
    for line, (what, (cost, way)) in zip(refused, ways.items()):
        assert line.startswith(what)
        assert cost in line
        assert way in line
    assert granted == [] or "idle states" in granted[0]
