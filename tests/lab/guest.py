"""Runs inside a guest: each scenario once, its exit code and output into results.json."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

PROJECT = "/project"
RUN = ["pcmstress", "run", "--seed", "1", "--json"]
# One arm, rings of different size, long enough for faults at frame 24000 and 48000.
PLAN = """
title = "one arm"
bound = 1e-2
[[arm]]
name = "one"
period_size = 1024
playback_buffer = 4096
capture_buffer = 5120
burst_s = "1500ms"
"""


def _card(name: str, *faults: str) -> list[str]:
    up = [f"{PROJECT}/tools/softcard", "up", "--pace", "0", "--log", f"{name}.faults.jsonl"]
    for fault in faults:
        up += ["--fault", fault]
    return [*up, "--run", *RUN, "--card", "softcard", "--plan", "one.toml", "--out", name]


def scenarios(card: bool) -> dict[str, list[str]]:
    """Return the scenarios by name."""
    loop = ["--card", "Loopback"]
    if card:
        return {
            "card-clean": _card("card-clean"),
            "card-stale": _card("card-stale", "stale@frame=24000,ring=4096,laps=1,frames=8"),
            "card-dma": _card("card-dma", "stale@frame=24000,lag=1000,frames=8"),
            "card-zero": _card("card-zero", "zero@frame=24000,frames=16"),
            "card-bitflip": _card("card-bitflip", "bitflip@frame=24000,bit=7"),
            "card-drop": _card("card-drop", "drop@frame=24000"),
            "card-repeat": _card("card-repeat", "repeat@frame=24000"),
            "card-swap": _card("card-swap", "swap@frame=24000,frames=64"),
            "card-gain": _card("card-gain", "gain@frame=24000,frames=100,db=-6"),
            "card-byteshift": _card("card-byteshift", "byteshift@frame=24000,frames=100,shift=1"),
            "card-hold": _card("card-hold", "hold@frame=24000,frames=16"),
            "card-short": _card("card-short", "short@frame=24000,frames=5"),
            "card-missing": _card("card-missing", "missing@frame=24000"),
            "card-error": _card("card-error", "error@frame=24000"),
            "card-zeropacket": _card("card-zeropacket", "zeropacket@frame=24000"),
            "card-unplug": _card("card-unplug", "unplug@frame=24000"),
            "card-freeze": _card("card-freeze", "freeze@frame=24000"),
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


def main() -> int:
    """Run them all; the names in argv choose."""
    Path("one.toml").write_text(PLAN)
    wanted = [name for name in sys.argv[1:] if name != "card"]
    results = {}
    for name, argv in scenarios("card" in sys.argv[1:]).items():
        if wanted and name not in wanted:
            continue
        begin = time.monotonic()
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        results[name] = {
            "code": done.returncode,
            "stdout": done.stdout,
            "stderr": done.stderr[-4000:],
            "seconds": time.monotonic() - begin,
        }
        Path("results.json").write_text(json.dumps(results))
        print(f"{name}: {done.returncode} in {results[name]['seconds']:.1f} s", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
