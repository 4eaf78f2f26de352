# SPDX-License-Identifier: MIT
"""Runs in a guest: alsabat and pcmstress on the same cards with the same faults.

One JSON object per row on stdout: the row's name and the exit status of each program.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys

PROJECT = "/project"
SECONDS = 3
# alsabat 1.2.8 returns an errno left over from looking for translations under another locale.
_ENVIRONMENT = {**os.environ, "LC_ALL": "C"}
# What it says when it has nothing to judge; the status that follows is no verdict.
_CANCELED = "Capture canceled"
RATE = 48000
LOOP = ("hw:Loopback,0,0", "hw:Loopback,1,0")
CARD = ("hw:softcard,0", "hw:softcard,0")
# A fault once a second from the first second on; the lag of a stale line is one ring of 4096.
_EVERY = f"frame={RATE},every={RATE}"
FAULTS = {
    "one stale 32-byte line a second": f"stale@{_EVERY},ring=4096,laps=1,frames=8",
    "100 stale 32-byte lines a second": f"stale@frame={RATE},every=480,ring=4096,laps=1,frames=8",
    "one packet dropped a second": f"drop@{_EVERY}",
    "one packet repeated a second": f"repeat@{_EVERY}",
    "one packet zeroed a second": f"zeropacket@{_EVERY}",
    "one bit flipped a second": f"bitflip@{_EVERY},bit=7",
    "channels exchanged for 64 frames a second": f"swap@{_EVERY},frames=64",
    "100 frames 6 dB softer a second": f"gain@{_EVERY},frames=100,db=-6",
}
PLAN = """
bound = 1e-2
channels = {channels}
[[arm]]
name = "one"
period_size = 1024
playback_buffer = 4096
capture_buffer = 5120
burst_s = "{seconds}s"
"""


def alsabat(devices: tuple[str, str], channels: int, *mode: str) -> list[str]:
    """Return the command that plays a sine on one device and judges the other."""
    play, capture = devices
    common = ["-P", play, "-C", capture, "-c", str(channels), "-r", str(RATE), "-f", "S16_LE"]
    return ["alsabat", *common, "-n", f"{SECONDS}s", *mode]


def programs(devices: tuple[str, str], channels: int) -> dict[str, list[str]]:
    """Return the commands to compare, by name."""
    plan = f"{channels}.toml"
    with open(plan, "w", encoding="utf-8") as file:
        file.write(PLAN.format(channels=channels, seconds=SECONDS))
    name = "Loopback" if devices == LOOP else "softcard"
    ours = ["pcmstress", "run", "--card", name, "--plan", plan, "--loopback", "digital", "--seed", "1"]
    return {
        "alsabat": alsabat(devices, channels),
        "alsabat --snr-db 40": alsabat(devices, channels, "--snr-db", "40"),
        "alsabat --snr-db 60": alsabat(devices, channels, "--snr-db", "60"),
        "pcmstress run": ours,
    }


def faults(channels: int) -> dict[str, str]:
    """Return the faults by name; on one channel there is nothing to exchange."""
    return {name: fault for name, fault in FAULTS.items() if channels > 1 or not fault.startswith("swap")}


def rows(channels: int) -> dict[str, list[tuple[str, list[str]]]]:
    """Return the commands of every row, the card brought up around each where there is one."""
    on_loop = list(programs(LOOP, channels).items())
    on_card = list(programs(CARD, channels).items())

    def with_card(fault: str) -> list[tuple[str, list[str]]]:
        # In real time: faster, alsabat has played all before it begins to capture, and judges an empty file.
        up = [f"{PROJECT}/tools/softcard", "up", "--channels", str(channels)]
        spec = ["--fault", fault] if fault else []
        return [(name, [*up, *spec, "--run", *argv]) for name, argv in on_card]

    return {
        "snd-aloop, clean": on_loop,
        "softcard, clean": with_card(""),
        **{name: with_card(fault) for name, fault in faults(channels).items()},
    }


def main(argv: list[str]) -> int:
    """Run every row with the channels named in `argv`."""
    channels = int(argv[0])
    for row, commands in rows(channels).items():
        codes: dict[str, int | None] = {}
        for name, command in commands:
            try:
                done = subprocess.run(
                    command, capture_output=True, text=True, timeout=120, check=False, env=_ENVIRONMENT
                )
                codes[name] = None if _CANCELED in done.stderr + done.stdout else done.returncode
                print(row, name, done.returncode, (done.stdout + done.stderr)[-400:], file=sys.stderr)
            except subprocess.TimeoutExpired:
                codes[name] = None
        print(json.dumps({"row": row, "codes": codes}), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
