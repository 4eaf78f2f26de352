# SPDX-License-Identifier: MIT
"""Inside the guest: what the softcard says of itself, and a run that is killed half-way."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

SOFTCARD = ("/project/tools/softcard", "up", "--pace", "0")
ROOT = "/project"
# Profile and options of the card, what the mixer is set to first, and what is asked back: rates, gain, mute.
ASKED: dict[str, tuple[tuple[str, ...], tuple[str, ...], dict[str, Any]]] = {
    "volume": (
        ("--profile", "cmedia"),
        ("amixer", "-q", "-c", "cmedia", "--", "sset", "PCM", "playback", "-6dB", "mute"),
        {"rates": {48000}, "db": -6.0, "muted": True, "lies": 0},
    ),
    "full": (("--profile", "cmedia"), (), {"rates": {48000}, "db": 0.0, "muted": False, "lies": 0}),
    "pcm29xx": (("--profile", "pcm29xx"), (), {"rates": {48000}, "lies": 0}),
    "uac2": (("--profile", "uac2"), (), {"rates": {48000}, "lies": 0}),
    "implicit": (("--profile", "implicit"), (), {"rates": {48000}, "lies": 0}),
    "liar": (("--profile", "pcm29xx", "--tells-rate", "44100"), (), {"rates": {44100}, "lies": 1}),
}
# Until the run has unbound the device [s].
_UNBOUND_S = 120.0
PLAN = """
ordinary = true
bound = 1.0
[[arm]]
name = "usb-rebind"
event = "usb-rebind"
down_s = "3s"
period_size = 480
playback_buffer = 4800
capture_buffer = 5280
burst_s = "150ms"
bursts = 50
"""


def asked() -> list[str]:
    """Ask cards of every kind, and return what is not as they hold it."""
    return [f"{name}: {line}" for name in ASKED for line in _asked(name)]


def _asked(name: str) -> list[str]:
    card, mixer, due = ASKED[name]
    inside = [sys.executable, "-m", "tools.labkit.lifecycle_device", "ask", *mixer]
    done = subprocess.run([*SOFTCARD, *card, "--run", *inside], capture_output=True, text=True, check=False)
    if done.returncode or not done.stdout:
        return [f"exit {done.returncode}: {done.stderr[-500:]}"]
    (state,) = json.loads(done.stdout)["devices"].values()
    said: dict[str, Any] = {"rates": set(state["rates"].values()), "lies": len(state["lies"])}
    for key in ("db", "muted"):
        if key in due:
            said[key] = next((level[key] for level in state["levels"]), None)
    print(f"{name}: {said} {state['lies']}", file=sys.stderr, flush=True)
    return [f"{key} is {said[key]}, not {value}" for key, value in due.items() if said[key] != value]


#: Events of the machine that a kernel may not have: a lab guest refuses them, or does them.
_OF_THE_MACHINE = ("autosuspend", "cpu-offline", "governor", "suspend")
# An arm with an event before each burst but the first.
ARM = """
[[arm]]
name = "{event}"
event = "{event}"
period_size = 480
playback_buffer = 4800
capture_buffer = 5280
burst_s = "50ms"
bursts = {bursts}
"""
# Bursts long enough for faults to be injected, so that a run whose event could be done can be PASS.
_PLAN = "ordinary = true\nbound = 1.0\n[control]\nleast = 4\n" + ARM.replace('"50ms"', '"250ms"')


def refused() -> list[str]:
    """Try each event that a kernel may not have, and return which is neither refused by name nor done.

    An event that is refused is so before anything streams: exit status 4, no burst, and a reason
    that begins with its name.
    """
    return [line for event in _OF_THE_MACHINE for line in _refused(event)]


def _refused(event: str) -> list[str]:
    Path("refused.toml").write_text(_PLAN.format(event=event, bursts=2), encoding="ascii")
    tested = ["pcmstress", "run", "--card", "softcard", "--plan", "refused.toml", "--seed", "1", "--json"]
    # A guest that sleeps is woken by nobody: whether it could is asked, and no more.
    inside = ["pcmstress", "probe", "--json"] if _sleeps(event) else tested
    done = subprocess.run([*SOFTCARD, "--run", *inside], capture_output=True, text=True, check=False)
    told = json.loads(done.stdout or "{}")
    reasons = "; ".join(told.get("reasons", ()))
    print(f"{event}: exit {done.returncode}: {reasons or 'could be done here'}", file=sys.stderr, flush=True)
    if done.returncode == 0:
        return []
    bursts = sum(arm["bursts"] for arm in told.get("arms", ()))
    if done.returncode == 4 and not bursts and f"{event}: {event}: " in reasons:
        return []
    return [f"{event}: exit {done.returncode}, {bursts} bursts: {reasons or done.stderr[-500:]}"]


def _sleeps(event: str) -> bool:
    if event != "suspend":
        return False
    try:
        able = "mem" in Path("/sys/power/state").read_text(encoding="ascii").split()
        wakes = Path("/sys/class/rtc/rtc0/device/power/wakeup").read_text(encoding="ascii")
    except OSError:
        return False
    return able and wakes.strip() == "enabled" and shutil.which("rtcwake") is not None


def killed() -> list[str]:
    """Kill a run between unbind and bind, and return what the next command does not say or mend."""
    inside = [sys.executable, "-m", "tools.labkit.lifecycle_device", "killed"]
    done = subprocess.run([*SOFTCARD, "--run", *inside], capture_output=True, text=True, check=False)
    print(done.stderr[-1500:], file=sys.stderr, flush=True)
    return [line for line in done.stdout.splitlines() if line] + (
        [f"exit {done.returncode}: {done.stderr[-500:]}"] if done.returncode else []
    )


def _unbound() -> bool:
    noted = any(name.startswith("pcmstress-undo-") for name in os.listdir("/run"))
    return noted and not Path("/proc/asound/softcard").exists()


def _inside_killed() -> int:
    Path("killed.toml").write_text(PLAN, encoding="ascii")
    run = [
        "pcmstress",
        "run",
        "--card",
        "softcard",
        "--plan",
        "killed.toml",
        "--seed",
        "1",
        "--out",
        "killed",
    ]
    process = subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + _UNBOUND_S
    while not _unbound() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.0005)
    process.kill()
    process.wait()
    if Path("/proc/asound/softcard").exists():
        print("the run was not caught between unbind and bind")
        return 0
    told = subprocess.run(["pcmstress", "kinds"], capture_output=True, text=True, check=False)
    print(told.stderr, file=sys.stderr)
    lines = [line for line in told.stderr.splitlines() if "echo" in line]
    if not lines:
        print(f"the next command says nothing of it: {told.stderr!r}")
        return 0
    how = lines[0][lines[0].index("echo") :].split("`")[0]
    subprocess.run(["sh", "-c", how], check=False)
    for _ in range(100):
        if Path("/proc/asound/softcard").exists():
            return 0
        time.sleep(0.1)
    print(f"{how!r} does not bring the card back")
    return 0


def _inside_ask(mixer: list[str]) -> int:
    if mixer:
        subprocess.run(mixer, check=True)
    return subprocess.run(["pcmstress", "probe", "--ask-device", "--json"], check=False).returncode


if __name__ == "__main__":
    sys.exit(_inside_killed() if sys.argv[1] == "killed" else _inside_ask(sys.argv[2:]))
