# SPDX-License-Identifier: MIT
"""What a finished run is written as: text, JSON, KTAP, LAVA on the screen; page, JUnit, bundle as files.

Each form is loaded where it is asked for: on a board at 200 MHz all of them together take seconds of a start.
"""

from __future__ import annotations

import errno
import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from stress.errors import CaptureFileError, ConfigError
from stress.files.whole import whole

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from stress.model.record.findings import EvidenceRecord
    from stress.report.console import Console
    from stress.report.facts import Facts
    from stress.verdict.summary import Summary


@dataclass(frozen=True)
class Outputs:
    """Where the result goes, as the options say; none of it decides what a run does.

    Attributes
    ----------
    html, svg, junit, bundle : files to write, "" for none.
    form : "text", "json", "ktap", "lava", "mail" or "kcidb" on standard output.
    build_id : of the tested kernel, for KernelCI.
    label : name of the suite, "" for the backend's.
    private : the bundle names no host, user, process and serial number.
    quiet, verbose : the verdict line only, or the facts of the machine as well.
    """

    html: str = ""
    svg: str = ""
    junit: str = ""
    bundle: str = ""
    form: str = "text"
    label: str = ""
    build_id: str = ""
    private: bool = False
    quiet: bool = False
    verbose: bool = False

    @classmethod
    def of(cls, args: argparse.Namespace) -> Outputs:
        """Return what the options of `run` or `report` say of it."""
        form = next(
            (name for name in ("json", "ktap", "lava", "mail", "kcidb") if getattr(args, name, False)), "text"
        )
        return cls(
            html=args.html or "",
            svg=args.svg or "",
            junit=args.junit or "",
            bundle=args.bundle or "",
            private=args.private,
            form=form,
            label=args.label or "",
            build_id=getattr(args, "build_id", "") or "",
            quiet=args.quiet,
            verbose=args.verbose,
        )

    @property
    def files(self) -> dict[str, str]:
        """The files to write, by their option."""
        named = {"--html": self.html, "--svg": self.svg, "--junit": self.junit, "--bundle": self.bundle}
        return {option: path for option, path in named.items() if path}


def check(outputs: Outputs, folder: Path) -> None:
    """Refuse files that would take the place of a record, or of one another, or can never be written.

    Raises
    ------
    ConfigError : one lies in the run directory, two are the same, or one is no file of its kind.
    CaptureFileError : the directory of one is not there.
    """
    if outputs.private and not outputs.bundle:
        raise ConfigError(
            "says what a bundle leaves out", where="--private", allowed="with --bundle FILE.tar.gz"
        )
    seen: dict[Path, str] = {}
    for option, path in outputs.files.items():
        place = Path(path).resolve()
        _writable(option, path, place)
        if folder.resolve() in place.parents and place.exists():
            raise ConfigError(
                "is a part of the record", where=option, allowed="a file outside the run directory"
            )
        if place in seen:
            raise ConfigError(
                f"is the file of {seen[place]} as well", where=option, allowed="a file of its own"
            )
        seen[place] = option


def _writable(option: str, path: str, place: Path) -> None:
    # Told before a run of hours, and not behind it.
    from stress.record import bundle

    if option == "--bundle" and not path.endswith(bundle.NAMES):
        raise ConfigError(
            f"{path!r} is no name of a bundle", where=option, allowed=f"*{', *'.join(bundle.NAMES)}"
        )
    if place.is_dir():
        raise ConfigError(f"{path!r} is a directory", where=option, allowed="a file")
    if not place.parent.is_dir():
        raise CaptureFileError(path, f"cannot be written: {os.strerror(errno.ENOENT)}")


def write(outputs: Outputs, folder: Path, run: Summary, facts: Facts) -> list[str]:
    """Write the files; return a line for each, for people.

    Raises
    ------
    CaptureFileError : one cannot be written.
    """
    told = []
    if outputs.html:
        told.append(written(outputs.html, page(folder, run, facts).encode("utf-8")))
    if outputs.svg:
        from stress.report import ticket

        told.append(written(outputs.svg, ticket.svg(run, facts).encode("utf-8")))
    if outputs.junit:
        from stress.report import cases, ci_formats

        data = ci_formats.junit(cases.suite(run, outputs.label), cases.cases(run), facts)
        told.append(written(outputs.junit, data))
    if outputs.bundle:
        _pack(outputs, folder, run, facts)
        told.append(f"wrote {outputs.bundle} ({_size(Path(outputs.bundle).stat().st_size)})")
    return told


def page(folder: Path, run: Summary, facts: Facts) -> str:
    """Return the page of the run in `folder`.

    Raises
    ------
    CaptureFileError : a piece of evidence cannot be read.
    """
    from stress.report import html

    return html.page(run, _evidence(folder, run.samples.files), facts)


def printed(outputs: Outputs, run: Summary, facts: Facts, console: Console, name: str, **more: Any) -> bool:
    """Print the form for machines, if one was asked for; return whether it was.

    Parameters
    ----------
    name : of the run directory or bundle, as a reader would type it.
    more : keys added to the JSON object.
    """
    if outputs.form == "json":
        from stress.report.as_json import as_json

        console.line(json.dumps({**as_json(run, facts), **more}))
    elif outputs.form == "kcidb":
        from stress.report import kcidb

        console.line(json.dumps(kcidb.to_json(run, facts, outputs.label, outputs.build_id)))
    elif outputs.form == "mail":
        from stress.report import mail

        for line in mail.lines(run, facts, name):
            console.line(line)
    elif outputs.form in ("ktap", "lava"):
        from stress.report import cases, ci_formats

        form = ci_formats.ktap if outputs.form == "ktap" else ci_formats.lava
        for line in form(cases.suite(run, outputs.label), cases.cases(run), facts):
            console.line(line, signal=outputs.form == "lava")
    return outputs.form != "text"


def written(path: str, data: bytes) -> str:
    """Write `data` to `path`, whole or not at all; return a line for people.

    Raises
    ------
    CaptureFileError : it cannot be written.
    """
    with whole(path) as place:
        Path(place).write_bytes(data)
    return f"wrote {path} ({_size(len(data))})"


def _size(size_bytes: int) -> str:
    return f"{size_bytes / 1000:.0f} KB" if size_bytes >= 1000 else f"{size_bytes} bytes"


def _evidence(folder: Path, names: Sequence[str]) -> list[EvidenceRecord]:
    # A burst is recorded before its evidence: a kill between them leaves a name without a file.
    from stress.record import evidence

    place = folder / "evidence"
    return [evidence.read(place, name) for name in names if (place / name).exists()]


def _pack(outputs: Outputs, folder: Path, run: Summary, facts: Facts) -> None:
    if not outputs.private:
        _packed(outputs, folder, run, facts, folder.resolve().name)
        return
    from stress.record import private
    from stress.report import facts as facts_of
    from stress.verdict import run_folder

    with tempfile.TemporaryDirectory(prefix="pcmstress-") as place:
        copied = Path(place) / "run"
        private.copy(folder, copied)
        # Everything else is made from the copy: what it does not hold cannot get out.
        again = run_folder.read(copied).result(run.plan)
        _packed(outputs, copied, again, facts_of.read(copied), "run", private.REMOVED)


def _packed(
    outputs: Outputs, folder: Path, run: Summary, facts: Facts, name: str, removed: Sequence[str] = ()
) -> None:
    from stress.record import bundle, rundir
    from stress.report import bundle_files

    board = rundir.read_json(folder, "board.json") if (folder / "board.json").exists() else {}
    path = Path(outputs.bundle).name
    files = bundle_files.files(run, facts, board, _evidence(folder, run.samples.files), path)
    bundle.pack(folder, outputs.bundle, files, lambda sizes: bundle_files.readme(sizes, run, removed), name)
