# SPDX-License-Identifier: MIT
"""Records cut off, edited and made private, and each number of a burst one more and one less."""

from __future__ import annotations

import copy
import json
import tarfile
import tempfile
from functools import cache
from pathlib import Path

from stress.errors import CaptureFileError
from stress.model.record.events import BurstRecord, event_of
from stress.record import bundle, private, reader, rundir, tail
from stress.record.journal import chained, is_damaged_tail, sealed, unchained
from stress.verdict.audit import audit
from stress.verdict.invariants import broken
from tests.pinned.kit import word
from tests.pinned.pins_experiment import SMALL, recorded


@cache
def record(board="arm926", tap=False):
    """The bytes of the journal of a short run."""
    with tempfile.TemporaryDirectory() as name:
        recorded(name, board, {**SMALL, "burst_s": "100ms"}, tap=tap)
        return (Path(name) / "run.jsonl").read_bytes()


def bursts(board="arm926", tap=False):
    """Its bursts as objects."""
    every = (json.loads(line) for line in record(board, tap).splitlines())
    return [one for one in every if one["event"] == "burst"]


def numbers(value, path=()):
    """Where integers lie in an object."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in items:
        if isinstance(one, (dict, list)):
            yield from numbers(one, (*path, name))
        elif isinstance(one, int) and not isinstance(one, bool):
            yield (*path, name)


def changed(burst, path, step):
    """The burst with one number moved."""
    out = copy.deepcopy(burst)
    inside = out
    for name in path[:-1]:
        inside = inside[name]
    inside[path[-1]] += step
    return out


def judged(burst):
    """What does not go together in a burst, and what its checksums say of it."""
    try:
        made = event_of(burst)
        assert isinstance(made, BurstRecord)
        found = audit([made])
    except (ValueError, KeyError, TypeError) as error:
        return f"refused {word(' ' + str(error))}"
    sums = [found.bursts, found.summed, found.periods, found.wrong, found.unexplained, found.contradicted]
    return f"broken {word(' ' + broken(made))} sums {word(sums)}"


def one_more_or_less(board, tap=False):
    """Each number of a burst, by one; of what repeats, the first three."""

    def case():
        (burst, *_) = bursts(board, tap)
        yield f"as it is: {judged(burst)}"
        for path in numbers(burst):
            if any(isinstance(part, int) and part > 2 for part in path):
                continue
            for step in (-1, 1):
                name = ".".join(str(part) for part in path)
                yield f"{name} {step:+}: {judged(changed(burst, path, step))}"

    return case


def with_tallies():
    """Kept, left out, counted and placed findings around the numbers that go together."""
    (burst, *_) = bursts("cortex-a")
    finding = {"kind": "stale", "frame": 960, "frames": 8, "ring": "playback", "laps": 1, "line_bytes": 32}
    finding.update({"injected": False, "details": {}})
    for count in (0, 1, 2):
        for left_out in (0, 1):
            for placed in (1, 2):
                for wrong in (7, 8, 9):
                    one = copy.deepcopy(burst)
                    one["episodes"] = 1
                    one["analysis"].update({"findings": [finding], "findings_left_out": left_out})
                    one["analysis"].update({"counts": {"stale": count}, "wrong_frames": wrong})
                    one["analysis"]["sites"] = [["stale", "playback", 1, placed]]
                    yield f"{count} counted {left_out} left out {placed} placed {wrong} wrong: {judged(one)}"


def cut_off():
    """A journal that ends inside, at and behind its lines."""
    whole = record()
    ends = [at for at, byte in enumerate(whole) if byte == 10]
    for number, end in enumerate(ends):
        for step in (-1, 0, 1, 2):
            yield f"line {number} {step:+}: {read(whole[: end + step])}"
    yield f"nothing: {read(b'')}"


def read(journal):
    """What a reader and a resume make of a journal."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "run.jsonl").write_bytes(journal)
        said = []
        for reads in (reader.read_run, tail.read_tail):
            try:
                found = reads(folder)
            except CaptureFileError as error:
                said.append(word(" " + str(error).replace(name, "")))
            else:
                said.append(f"{len(found.events)} torn {found.torn}" if found is not None else "None")
    return "; ".join(said)


def edited():
    """Lines that are doubled, missing, exchanged or changed."""
    lines = record().splitlines(keepends=True)
    for n in range(len(lines)):
        yield f"{n} missing: {read(b''.join(lines[:n] + lines[n + 1 :]))}"
        yield f"{n} doubled: {read(b''.join(lines[: n + 1] + lines[n:]))}"
        other = lines[n].replace(b'"arm":"small"', b'"arm":"smell"').replace(b'"seed":3', b'"seed":4')
        yield f"{n} changed: {read(b''.join([*lines[:n], other, *lines[n + 1 :]]))}"
    for line in (b"", b"\n", b"{}\n", b"{", lines[0], lines[0][:-1]):
        yield f"{len(line)}: damaged {is_damaged_tail(line)} {word(unchained(line.rstrip()))[:60]}"


def shared():
    """A run packed and made private: which files, and that it still reads."""
    with tempfile.TemporaryDirectory() as name:
        folder, bare = Path(name) / "run", Path(name) / "bare"
        recorded(str(folder), "arm926", SMALL)
        board = {"run": {"host": "h1"}, "facts": {"load": {"runnable": ["x"]}}}
        rundir.write_json(folder, "board.json", board)
        chain_anew(folder)
        private.copy(folder, bare)
        for one in (folder, bare):
            packed = bundle.pack(one, f"{name}/b.tar.gz", {"more.txt": "more"}, name="top")
            with tarfile.open(f"{name}/b.tar.gz") as archive:
                yield f"{packed} files: {word([member.name for member in archive])}"
            yield f"reads {len(reader.read_run(one).events)} events"
            start = json.loads((one / "run.jsonl").read_text(encoding="utf-8").splitlines()[0])
            yield f"files {word(start.get('files'))} kernel {word(bursts_of(one)[0].get('kernel'))}"


def bursts_of(folder):
    """The bursts of a folder as objects."""
    every = (json.loads(line) for line in (folder / "run.jsonl").read_text(encoding="utf-8").splitlines())
    return [one for one in every if one["event"] == "burst"]


def chain_anew(folder):
    """The journal with digests of files and messages of a kernel."""
    digest, out = "", []
    for line in (folder / "run.jsonl").read_text(encoding="utf-8").splitlines():
        value = json.loads(line)
        value.pop("chain")
        if value["event"] == "start":
            value["files"] = {"board.json": rundir.digest(folder, "board.json")}
        if value["event"] == "burst":
            value["kernel"] = ["[   12.0] usb 1-1: SerialNumber: S1", "[   12.1] Comm: x on h1"]
        body = json.dumps(value, separators=(",", ":")).encode()
        digest = chained(digest, body)
        out.append(sealed(body, digest))
    (folder / "run.jsonl").write_bytes(b"".join(out))


CASES = {
    "one more or less on arm926": one_more_or_less("arm926"),
    "one more or less on cortex-a": one_more_or_less("cortex-a"),
    "one more or less by the wire": one_more_or_less("arm926", tap=True),
    "with tallies": with_tallies,
    "cut off": cut_off,
    "edited": edited,
    "shared": shared,
}
