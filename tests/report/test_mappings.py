# SPDX-License-Identifier: MIT
"""The text report names every mapping that an arm had, once where all had the same."""

from __future__ import annotations

from types import SimpleNamespace

from stress.model.record.events import MappingRecord, OpenRecord
from stress.report.text import _opened


def _run(**flags):
    opened = {}
    for arm, words in flags.items():
        mappings = tuple(
            MappingRecord(direction, f"/dev/snd/pcmC1D0{direction[0]}", vm_flags, True, 16384)
            for direction, vm_flags in words.items()
        )
        opened[arm] = OpenRecord(arm, mappings=mappings)
    return SimpleNamespace(opened=opened)


def test_same_mapping_of_every_arm_is_one_line():
    run = _run(a={"playback": "rd wr"}, b={"playback": "rd wr", "capture": "rd wr"}, rw={})
    assert _opened(run) == [
        "playback mapping: /dev/snd/pcmC1D0p (the ring), VmFlags: rd wr",
        "capture mapping: /dev/snd/pcmC1D0c (the ring), VmFlags: rd wr",
    ]


def test_mappings_that_differ_name_their_arms_whichever_came_first():
    run = _run(a={"playback": "rd wr"}, b={"playback": "rd wr pf io"}, c={"playback": "rd wr"})
    assert _opened(run) == [
        "playback mapping: /dev/snd/pcmC1D0p (the ring), VmFlags: rd wr (in a, c)",
        "playback mapping: /dev/snd/pcmC1D0p (the ring), VmFlags: rd wr pf io (in b)",
    ]


def test_many_arms_are_named_in_part():
    run = _run(**{f"arm{n}": {"capture": "rd"} for n in range(6)}, other={"capture": "rd io"})
    assert _opened(run)[0].endswith("(in arm0, arm1, arm2, arm3 and 2 more)")
