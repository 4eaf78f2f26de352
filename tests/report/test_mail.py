# SPDX-License-Identifier: MIT
"""The mail: 72 columns, about thirty lines, facts first, and whatever a record holds stays text."""

from __future__ import annotations

import collections
import dataclasses

from stress.model.transport import ALOOP, TransportRecord
from stress.report import mail
from stress.report.facts import Facts
from tests.record_cases import summary

FACTS = Facts(
    (
        ("cpu", "ARM926EJ-S"),
        ("D-cache", "VIVT, 16 KB, 4-way"),
        ("kernel", "6.1.0"),
        ("use_vmalloc", "Y"),
        ("card", "1 Device (USB-Audio), USB 0d8c:0014, full speed, musb-hdrc"),
        ("command line of the kernel", "console=ttyS0 root=/dev/mmcblk0p2"),
        ("command", "pcmstress diagnose --card 1 --seed 1"),
    )
)


def _burst(analysis):
    return {"event": "burst", "analysis": analysis}


def _stale(text="8 frames at capture frame 960 are one playback lap old"):
    found = {
        "kind": "stale", "frame": 960, "frames": 8, "ring": "playback", "laps": 1, "line_bytes": 32,
        "injected": False, "details": {}, "text": text,
    }  # fmt: skip
    return {
        "locked": True, "checked_frames": 9600, "wrong_frames": 8, "counts": {"stale": 1},
        "sites": [["stale", "playback", 1, 1]], "notes": [], "findings": [found],
    }  # fmt: skip


def test_mail_of_a_failure_says_what_where_and_how_to_repeat_it():
    told = mail.lines(summary(_burst(_stale())), FACTS, "run.tar.gz")
    whole = "\n".join(told)
    assert told[0].startswith("Subject: stale data in an mmapped PCM ring")
    for words in ("FAIL", "6.1.0", "VIVT", "use_vmalloc=Y", "0d8c:0014", "musb-hdrc", "replay run.tar.gz"):
        assert words in whole
    assert "pcmstress diagnose --card 1 --seed 1" in whole
    assert max(map(len, told)) <= mail.COLUMNS
    assert len(told) <= 34


def test_mail_of_the_loopback_beside_a_usb_card_names_the_loopback_and_its_driver():
    cards = (*FACTS.values, ("card", "0 Loopback (Loopback)"), ("card", "2 Other (USB-Audio)"))
    opened = {"event": "open", "arm": "a", "device": "hw:Loopback,0,0"}
    run = summary(opened, _burst(_stale()))
    record = dataclasses.replace(run.start, transport=TransportRecord(kind=ALOOP, driver="Loopback"))
    run = dataclasses.replace(run, start=record, backend="alsa hw:Loopback,0,0 -> hw:Loopback,1,0 and so on")
    told = mail.lines(run, Facts(cards), "r")
    assert told[1].startswith(" ") and not told[1].startswith(" Subject")
    whole = "\n".join(told)
    assert "Card:       0 Loopback (Loopback)" in whole and "Driver:     snd-aloop" in whole
    assert "0d8c:0014" not in whole and "use_vmalloc" not in whole.partition("What happens")[0]


def test_card_of_no_known_device_is_every_card():
    cards = Facts((("card", "0 Loopback (Loopback)"), ("card", "1 Device (USB-Audio)")))
    assert cards.card("hw:1,0") == cards.card("hw:Device,0") == "1 Device (USB-Audio)"
    assert cards.card("") == cards.card("virtual") == "0 Loopback (Loopback); 1 Device (USB-Audio)"


def test_mail_without_facts_says_that_they_were_not_recorded():
    assert "not recorded" in "\n".join(mail.lines(summary(_burst({})), Facts(), "r"))


def test_mail_keeps_control_characters_and_line_breaks_of_a_record_out():
    told = mail.lines(summary(_burst(_stale("a\x1b[2Jb\nX-Injected: c"))), FACTS, "r")
    assert not any("\x1b" in line or line.startswith("X-Injected") for line in told)


def test_mail_names_the_last_trouble_that_the_kernel_had_and_says_where_it_had_none():
    bad = "[12.0] usb 1-1: cannot submit urb 0, error -28: not enough bandwidth"
    for kernel, words in (
        ([bad, "[   13.0] random: crng init done"], f"dmesg:      1 of 2 new messages: {bad[:40]}"),
        (["[   13.0] random: crng init done"], "dmesg:      nothing of USB or sound in 1 new message"),
        (["kernel messages are not in the record: /dev/kmsg"], "dmesg:      not read"),
    ):
        lines = mail.lines(summary({**_burst(_stale()), "kernel": kernel}), FACTS, "r")
        assert words in " ".join(line if line[:1] != " " else line.strip() for line in lines)
    assert "dmesg:" not in "\n".join(mail.lines(summary(_burst(_stale())), FACTS, "r"))


def test_mail_of_a_card_whose_kernel_said_nothing_says_so():
    run = summary(_burst(_stale()))
    for backend, words in (("alsa hw:1,0", True), ("virtual arm926", False)):
        told = mail.lines(
            dataclasses.replace(run, start=dataclasses.replace(run.start, backend=backend)), FACTS, "r"
        )
        assert ("dmesg:      nothing new while it streamed" in told) is words


def test_mail_of_a_failure_without_a_diagnosis_says_what_is_not_known_and_what_names_it():
    told = "\n".join(mail.lines(summary(_burst(_stale())), FACTS, "r"))
    assert "Not known:  the mechanism; `pcmstress diagnose`" in told
    assert "Workaround" not in told


def test_mail_says_what_was_wrong_on_the_bus():
    seen = {"bursts": 1, "out_frames": 100, "out_wrong": 7, "in_frames": 100, "in_wrong": 0}
    run = summary(_burst(_stale()))
    run = dataclasses.replace(run, whole=dataclasses.replace(run.whole, wire=collections.Counter(seen)))
    told = " ".join(" ".join(mail.lines(run, FACTS, "r")).split())
    assert "On the bus, 7 % of what was sent was already wrong: the host's playback ring" in told
