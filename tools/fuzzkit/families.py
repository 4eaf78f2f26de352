# SPDX-License-Identifier: MIT
"""The families of hostile input: how a case of each is made, and what reads it.

A maker takes the sound inputs, a generator and an empty folder; it writes the
input there and returns the call that reads it.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from random import Random
from typing import Any, Callable

from stress.cli.main import main
from stress.settings import find
from tools.fuzzkit import archives, more, mutate, odd_names, sealed
from tools.fuzzkit.judge import Case
from tools.fuzzkit.seeds import PLAN, Seeds

Maker = Callable[[Seeds, Random, Path], Case]

_WORDS: tuple[str, ...] = (
    "run",
    "analyze",
    "report",
    "replay",
    "probe",
    "predict",
    "generate",
    "diagnose",
    "--json",
    "--out",
)
_WORDS += (
    "--plan",
    "--board",
    "--card",
    "--duration",
    "--seed",
    "--rings",
    "--format",
    "--channels",
    "--resume",
)
_VALUES: tuple[str, ...] = (
    "",
    "0",
    "-1",
    "1e400",
    "nan",
    "9" * 400,
    "x" * 300,
    "\n",
    "\0",
    "/dev/null",
    "hw:0,0",
    "S16_LE",
    "4800,",
)
# A plan that takes a moment on any board.
_SHORT = {"bound": 1.0, "control": {"least": 1}, "arm": [{**PLAN["arm"][0], "burst_s": "5ms"}]}
_READERS = (("report",), ("report", "--json"), ("report", "--ktap"), ("report", "--html"), ("replay",))


def _call(*argv: object) -> Case:
    words = [str(part) for part in argv]
    return lambda: main(words)


def captures(seeds: Seeds, random: Random, folder: Path) -> Case:
    """Bytes of WAV files, read by analyze."""
    source = random.choice(seeds.captures)
    data = bytearray(source.read_bytes())
    # Headers are small: half of the cases damage nothing else.
    cut = 80 if random.random() < 0.5 else len(data)
    data[:cut] = mutate.of_bytes(bytes(data[:cut]), random)
    path = folder / random.choice(("a.wav", "a.raw", "a.flac", "a"))
    path.write_bytes(bytes(data))
    more = random.choice(
        ([], ["--json"], ["--rings", "480,528"], ["--analog"], ["--format", "S16_LE", "--channels", "2"])
    )
    return _call("analyze", path, *more)


def records(seeds: Seeds, random: Random, folder: Path) -> Case:
    """Bytes of the files of a run directory."""
    run = _copied(seeds, random, folder)
    path = random.choice([item for item in run.rglob("*") if item.is_file()])
    path.write_bytes(mutate.of_bytes(path.read_bytes(), random))
    return _read(run, random, folder)


def structures(seeds: Seeds, random: Random, folder: Path) -> Case:
    """JSON of a run directory whose values have other types, sizes and names, most of it sealed again."""
    run = _copied(seeds, random, folder)
    path = random.choice([item for item in run.rglob("*.json*") if item.is_file()])
    lines = path.read_text().splitlines() if path.suffix == ".jsonl" else [path.read_text()]
    at = random.randrange(len(lines))
    lines[at] = json.dumps(mutate.of_json(json.loads(lines[at]), random), separators=(",", ":"))
    path.write_text("\n".join(lines) + "\n")
    if random.random() < 0.85:
        sealed.seal(run)
    return _read(run, random, folder)


def lines(seeds: Seeds, random: Random, folder: Path) -> Case:
    """Records with lines removed, doubled, exchanged and edited, most of them sealed again."""
    run = _copied(seeds, random, folder)
    events = [json.loads(line) for line in (run / "run.jsonl").read_text().splitlines()]
    text = [json.dumps(event, separators=(",", ":")) for event in sealed.of_lines(events, random)]
    (run / "run.jsonl").write_text("\n".join(text) + "\n")
    if random.random() < 0.85:
        sealed.seal(run)
    if random.random() < 0.2:
        return _call("run", "--resume", "--quiet", "--out", run)
    return _read(run, random, folder)


def plans(seeds: Seeds, random: Random, folder: Path) -> Case:
    """Plans with wrong values, checked for a card that is not there, and predicted."""
    path = folder / "p.json"
    path.write_text(json.dumps(mutate.of_json(seeds.plan, random)))
    if random.random() < 0.1:
        return _call("predict", "--board", "cortex-a", "--plan", path)
    return _call("run", "--card", "absent", "--plan", path, "--out", folder / "out", "--quiet")


def boards(seeds: Seeds, random: Random, folder: Path) -> Case:
    """Boards with wrong values: probed, and run for a moment."""
    values, _ = find.load("boards", random.choice(("arm926", "x86_64", "cortex-a", "xscale")))
    path = folder / "b.json"
    path.write_text(json.dumps(mutate.of_json(values, random)))
    if random.random() < 0.8:
        return _call("probe", "--board", path)
    plan = folder / "short.json"
    plan.write_text(json.dumps(_SHORT))
    words = ["run", "--backend", "virtual", "--board", path, "--plan", plan, "--seed", "1", "--quiet"]
    return _call(*words, "--out", folder / "out")


def arguments(seeds: Seeds, random: Random, folder: Path) -> Case:
    """Command lines of known words and odd values, each naming only files that are not there."""
    words = [random.choice(_WORDS[:8])]
    for _ in range(random.randint(0, 5)):
        words.append(random.choice(_WORDS + _VALUES + (str(folder / "absent"),)))
    # Never a real card, and never a run of hours.
    if words[0] in ("run", "diagnose"):
        words += ["--card", "absent", "--backend", "alsa", "--out", str(folder / "out")]
    return _call(*words)


def usbmon(seeds: Seeds, random: Random, folder: Path) -> Case:
    """Headers, descriptors and data of usbmon events."""
    from stress.board.usbmon import format as layout

    size = layout.HEADER_BYTES
    data = mutate.of_bytes(random.randbytes(size + random.choice((0, 16, 64, 400))), random)

    def case() -> int:
        if len(data) < size:
            return 0
        event = layout.parse(data[:size], memoryview(data[size:]))
        return int(event.truncated) and 0

    return case


def texts(seeds: Seeds, random: Random, folder: Path) -> Case:
    """Text of /proc and /sys: cpuinfo, boot log, cards, streams."""
    from stress.board import cards, cpu, usb

    text = mutate.of_bytes(random.choice(_TEXTS).encode(), random).decode("utf-8", "surrogateescape")
    (folder / "cards").write_text(text, errors="surrogateescape")

    def case() -> int:
        cpu.parse_cpuinfo(text, random.choice(("armv5tejl", "mips", "x86_64", "")), text)
        usb.parse_stream(text)
        cards.cards(folder)
        return 0

    return case


def sysfs(seeds: Seeds, random: Random, folder: Path) -> Case:
    """Trees of /sys and /proc: attributes of a USB card, parameters of its driver, areas of vmalloc."""
    from stress.board import kernel, memory, usb, vmalloc

    device = folder / "sys/devices/usb1/1-1"
    (device / "1-1:1.0").mkdir(parents=True)
    (folder / "sys/class/sound/card1").mkdir(parents=True)
    (folder / "sys/class/sound/card1/device").symlink_to(device / "1-1:1.0")
    for name, value in _ATTRIBUTES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        odd = random.choice(_ODD_ATTRIBUTES) if random.random() < 0.3 else mutate.of_bytes(value, random)
        path.write_bytes(value if random.random() < 0.4 else odd)

    def case() -> int:
        usb.read(1, folder / "sys", folder / "proc")
        kernel.use_vmalloc(folder / "sys")
        memory.available(folder / "proc")
        vmalloc.ring_addresses(19200, folder / "proc/vmallocinfo")
        return 0

    return case


def pdus(seeds: Seeds, random: Random, folder: Path) -> Case:
    """USB/IP PDUs as a kernel would send them, damaged."""
    from tools.softcardkit import wire

    sound = wire.cmd_submit(wire.Submit(1, wire.DIR_OUT, 1, 192, 1, b"\0" * 8, b"\1" * 192, b"\0" * 16))
    data = mutate.of_bytes(sound * 3, random)

    def case() -> int:
        reader = wire.PduReader(1 << 12)
        try:
            for at in range(0, len(data), 97):
                part = data[at : at + 97]
                while part:
                    space = reader.space()
                    taken = min(len(space), len(part))
                    space[:taken] = part[:taken]
                    del space
                    reader.filled(taken)
                    part = part[taken:]
                    for number, _ in enumerate(reader.pdus()):
                        if number > 1000:
                            raise RuntimeError("one buffer gave more than 1000 PDUs")
        except wire.ProtocolError:
            pass
        return 0

    return case


def _copied(seeds: Seeds, random: Random, folder: Path) -> Path:
    run = folder / "run"
    shutil.copytree(random.choice(seeds.runs), run)
    return run


def _read(run: Path, random: Random, folder: Path) -> Case:
    words: list[Any] = [*random.choice(_READERS), run]
    if "--html" in words:
        words = ["report", run, "--html", folder / "page.html"]
    return _call(*words)


_TEXTS = (
    "processor\t: 0\nmodel name\t: ARM926EJ-S rev 5 (v5l)\n"
    "BogoMIPS\t: 226.09\nFeatures\t: swp half fastmult\n"
    "CPU implementer\t: 0x41\nCPU architecture: 5TEJ\nCPU variant\t: 0x0\n"
    "CPU part\t: 0x926\nCPU revision\t: 5\n",
    "CPU: VIVT data cache, VIVT instruction cache\nMemory policy: Data cache writeback\n"
    "Primary data cache 32kB, 4-way, VIPT, cache aliases, linesize 32 bytes\n",
    " 0 [Loopback       ]: Loopback - Loopback\n                      Loopback 1\n"
    " 1 [softcard       ]: USB-Audio - softcard\n                      at usb-vhci, full speed\n",
    "X at usb-1, high speed : USB Audio\n\nPlayback:\n  Status: Stop\n  Interface 1\n    Altset 1\n"
    "    Format: S16_LE\n    Channels: 2\n    Endpoint: 0x01 (1 OUT) (ASYNC)\n    Rates: 48000\n"
    "    Data packet interval: 125 us\n    Sync Endpoint: 0x81 (1 IN)\n",
)

_USB = "sys/devices/usb1/1-1/"
_ATTRIBUTES: dict[str, bytes] = {
    _USB + "busnum": b"1\n",
    _USB + "devnum": b"5\n",
    _USB + "speed": b"480\n",
    _USB + "bConfigurationValue": b"1\n",
    _USB + "idVendor": b"1234\n",
    _USB + "product": b"card\n",
    _USB + "descriptors": bytes.fromhex("12010002000000403412785600010102030109022e000101008032"),
    "sys/module/snd_usb_audio/parameters/use_vmalloc": b"Y\n",
    "proc/asound/card1/stream0": _TEXTS[-1].encode(),
    "proc/meminfo": b"MemTotal: 64000 kB\nMemAvailable: 40000 kB\n",
    "proc/self/status": b"VmSize:\t 1000 kB\n",
    "proc/vmallocinfo": b"0xc8000000-0xc8006000   24576 snd_dma_vmalloc_alloc+0x1/0x2 pages=5 vmalloc\n",
}
_ODD_ATTRIBUTES = (
    b"",
    b"unknown\n",
    b"-1\n",
    b"9" * 4400,
    b"\xff\xfe\n",
    b"1.5\n",
    b"0x10\n",
    "\u0661".encode(),
)

FAMILIES: dict[str, Maker] = {
    maker.__name__: maker
    for maker in (
        captures,
        more.containers,
        more.tables,
        more.folders,
        records,
        structures,
        lines,
        archives.bundles,
        archives.members,
        plans,
        boards,
        arguments,
        odd_names.names,
        odd_names.options,
        usbmon,
        texts,
        sysfs,
        pdus,
    )
}
