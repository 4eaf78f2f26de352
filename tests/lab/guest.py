# SPDX-License-Identifier: MIT
"""Runs inside a guest: each scenario once, its exit code and output into results.json."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

PROJECT = "/project"
sys.path.insert(0, PROJECT)

from tools.labkit.wire_views import FAULTS  # noqa: E402

RUN = ["pcmstress", "run", "--seed", "1", "--json"]
# One arm, rings of different size, long enough for faults at frame 24000 and 48000.
PLAN = """
title = "one arm"
ordinary = true
bound = 1e-2
[[arm]]
name = "one"
period_size = 1024
playback_buffer = 4096
capture_buffer = 5120
burst_s = "1500ms"
"""
# Rings that snd-aloop can be judged with in real time.
SEVERAL = """
title = "several cards"
ordinary = true
bound = 1e-2
[[arm]]
name = "one"
period_size = 4096
playback_buffer = 16384
capture_buffer = 20480
burst_s = "1500ms"
"""
# The contrasts of one side: whatever the device does comes with rw access and behind a clean cache too.
CONTRASTS = "".join(
    f"""
[[arm]]
name = "{name}"
group = "player"
side = "playback"
{change}
period_size = 1024
playback_buffer = 4096
capture_buffer = 5120
burst_s = "500ms"
"""
    for name, change in (("player", ""), ("clean", 'lever = "clean+invalidate"'), ("rw", 'access = "rw"'))
)
LOADS = "".join(
    f"""
[[arm]]
name = "{load}"
load = "{load}"
period_size = 1024
playback_buffer = 4096
capture_buffer = 5120
burst_s = "1s"
"""
    for load in ("none", "memory", "syscalls", "usb")
)
DIAGNOSE = ["pcmstress", "diagnose", "--seed", "1", "--json"]


# Without root: sound is granted, usbmon is not. A checkout in a private directory is its owner's alone.
NOBODY = """
import os, shutil, subprocess, sys
for part in ("stress", "configs"):
    shutil.copytree(f"/project/{part}", f"/tmp/readable/{part}", dirs_exist_ok=True)
subprocess.run(["chmod", "-R", "a+rX", "/tmp/readable"], check=True)
os.environ["PYTHONPATH"] = "/tmp/readable"
for name in os.listdir("/dev/snd"):
    if os.path.basename(name) != "by-path":
        os.chmod(f"/dev/snd/{name}", 0o666)
os.chmod(".", 0o777)
os.setgroups([])
os.setgid(65534)
os.setuid(65534)
os.execvp(sys.argv[1], sys.argv[1:])
"""
NO_LOOP = ("--loopback", "none")
# First in the order: a CPU switched off stays off.
SEVERAL_CPUS = ("card-several-cpus", "card-loads", "several-cards")
# Runs at most, until one ends with 0: on several CPUs the driver may race with the reader.
ATTEMPTS = {"card-several-cpus": 3}
# What has one card after the other.
DEVICES = ("profile-", "sweep-")


def _card(name: str, *faults: str, more: tuple[str, ...] = (), as_nobody: bool = False) -> list[str]:
    up = [f"{PROJECT}/tools/softcard", "up", "--pace", "0", "--log", f"{name}.faults.jsonl"]
    for fault in faults:
        up += ["--fault", fault]
    rights = ["python3", "-c", NOBODY] if as_nobody else []
    return [*up, "--run", *rights, *RUN, "--card", "softcard", "--plan", "one.toml", "--out", name, *more]


def _contrasts(name: str, fault: str) -> list[str]:
    up = [f"{PROJECT}/tools/softcard", "up", "--pace", "0", "--log", f"{name}.faults.jsonl"]
    up += ["--fault", f"{fault},frame=3000,every=3001"]
    return [*up, "--run", *DIAGNOSE, "--card", "softcard", "--plan", "contrasts.toml", "--out", name]


def _loads(name: str) -> list[str]:
    up = [f"{PROJECT}/tools/softcard", "up", "--pace", "0"]
    return [*up, "--run", *RUN, "--card", "softcard", "--plan", "loads.toml", "--out", name]


def _several(name: str) -> list[str]:
    # Two cards on one virtual bus each, one of them faulted, and snd-aloop in real time.
    softcard = [f"{PROJECT}/tools/softcard", "up", "--pace", "0"]
    faulted = ["--fault", "zero@frame=24000,frames=16"]
    cards = ["--card", "soft1", "--card", "soft2", "--card", "Loopback", "--plan", "several.toml"]
    second = [*softcard, "--id", "soft2", *faulted, "--run", *RUN, *cards, "--out", name]
    return [*softcard, "--id", "soft1", "--run", *second]


def _sweep(name: str) -> list[str]:
    up = [f"{PROJECT}/tools/softcard", "up", "--pace", "0"]
    up += ["--fault", "zero@frame=12000,frames=16,rate=44100"]
    return [
        *up,
        "--run",
        *RUN,
        "--card",
        "softcard",
        "--plan",
        "one.toml",
        "--sweep",
        "rate,format",
        "--out",
        name,
    ]


# Profile of a real device -> fault of the card. Frame 24000 is a quarter of the way into a burst of 2 s.
PROFILES = {
    "cmedia": "zero@frame=24000,frames=16",
    "pcm29xx": "bitflip@frame=24000,bit=7",
    "uac2": "zero@frame=24000,frames=16",
    "implicit": "zero@frame=24000,frames=16",
}


def _profile(name: str, profile: str, *faults: str) -> list[str]:
    # No option but the card: rate, format and channels are those of the device.
    up = [f"{PROJECT}/tools/softcard", "up", "--pace", "0", "--profile", profile]
    up += ["--log", f"{name}.faults.jsonl"]
    for fault in faults:
        up += ["--fault", fault]
    return [*up, "--run", *RUN, "--card", profile, "--out", name]


def scenarios(card: bool) -> dict[str, list[str]]:
    """Return the scenarios by name."""
    loop = ["--card", "Loopback"]
    if card:
        return {
            "card-several-cpus": _card("card-several-cpus"),
            "card-loads": _loads("card-loads"),
            "several-cards": _several("several-cards"),
            "card-clean": _card("card-clean"),
            **{f"card-{name}": _card(f"card-{name}", fault) for name, fault in FAULTS.items() if fault},
            "diagnose-stale": _contrasts("diagnose-stale", "stale@ring=4096,laps=1,frames=8"),
            "diagnose-dma": _contrasts("diagnose-dma", "stale@lag=1000,frames=8"),
            "diagnose-drop": _contrasts("diagnose-drop", "drop@packets=1"),
            "diagnose-zero": _contrasts("diagnose-zero", "zero@frames=16"),
            "diagnose-bitflip": _contrasts("diagnose-bitflip", "bitflip@bit=7"),
            **{f"profile-{name}": _profile(f"profile-{name}", name) for name in (*PROFILES, "dac")},
            **{
                f"profile-{name}-fault": _profile(f"profile-{name}-fault", name, fault)
                for name, fault in PROFILES.items()
            },
            "profile-microphone": _profile("profile-microphone", "microphone"),
            "sweep-44100": _sweep("sweep-44100"),
            "card-unplug": _card("card-unplug", "unplug@frame=24000"),
            "card-freeze": _card("card-freeze", "freeze@frame=24000"),
            "wire-clean": _card("wire-clean", more=NO_LOOP),
            "wire-silent": _card("wire-silent", "zero@frame=0,frames=0", more=NO_LOOP),
            "wire-refused": _card("wire-refused", more=NO_LOOP, as_nobody=True),
            "wire-unseen": _card("wire-unseen", as_nobody=True),
        }
    return {
        "probe": ["pcmstress", "probe", "--json"],
        "aloop-clean": [*RUN, *loop, "--plan", "lab", "--out", "aloop-clean"],
        "no-such-card": [*RUN, "--card", "nothing", "--plan", "one.toml", "--out", "no-such-card"],
        "busy": [
            "sh",
            "-c",
            "arecord -q -D hw:Loopback,1,0 -f S16_LE -c 2 -r 48000 /dev/null & held=$!; sleep 2; "
            f"{' '.join([*RUN, *loop])} --plan one.toml --out busy; code=$?; kill $held; exit $code",
        ],
    }


def _one_cpu() -> None:
    """Switch every CPU off but the first.

    On several, snd-usb-audio counts a packet before it copies it and a reader may
    get in between (stress.experiment.wire.race): what a fault on the wire looks
    like is then not all there is to see. On one CPU a real-time reader cannot.
    """
    for switch in Path("/sys/devices/system/cpu").glob("cpu[1-9]*/online"):
        switch.write_text("0")


def main() -> int:
    """Run them all; the names in argv choose."""
    Path("one.toml").write_text(PLAN)
    Path("loads.toml").write_text(f"ordinary = true\nbound = 1e-2\n[conditions]\ncpu = 0\n{LOADS}")
    Path("contrasts.toml").write_text(
        f'order = "abba"\nrepeats = 2\nordinary = true\nbound = 1e-2\n{CONTRASTS}'
    )
    Path("several.toml").write_text(SEVERAL)
    profiles = {word.partition("=")[2] for word in sys.argv[1:] if word.startswith("profile=")}
    wanted = [name for name in sys.argv[1:] if name != "card" and not name.startswith("profile=")]
    results = {}
    for name, argv in scenarios("card" in sys.argv[1:]).items():
        if wanted and name not in wanted:
            continue
        if name.startswith(DEVICES) and profiles and not profiles & {"every", name.split("-")[1]}:
            continue
        if name not in SEVERAL_CPUS:
            _one_cpu()
        begin, attempts = time.monotonic(), []
        while len(attempts) < ATTEMPTS.get(name, 1) and attempts[-1:] != [0]:
            shutil.rmtree(name, ignore_errors=True)
            done = subprocess.run(argv, capture_output=True, text=True, check=False)
            attempts.append(done.returncode)
        results[name] = {
            "code": done.returncode,
            "attempts": attempts,
            "stdout": done.stdout,
            "stderr": done.stderr[-4000:],
            "seconds": time.monotonic() - begin,
        }
        Path("results.json").write_text(json.dumps(results))
        print(f"{name}: {', '.join(map(str, attempts))} in {results[name]['seconds']:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
