# SPDX-License-Identifier: MIT
"""A run as one file: what goes in, what comes out, what is refused."""

from __future__ import annotations

import io
import tarfile

import pytest

from stress.errors import CaptureFileError
from stress.record import bundle


def _run(tmp_path):
    folder = tmp_path / "run"
    (folder / "evidence").mkdir(parents=True)
    for name in ("run.jsonl", "config.json", "board.json", "evidence/burst-00001-000-stale.json"):
        (folder / name).write_text(name)
    for name in ("notes.json", "evidence/.burst-00002-000-zero.json.part", "evidence/other.json"):
        (folder / name).write_text("not of the run")
    return folder


def test_bundle_packs_the_run_and_nothing_else_and_gives_it_back(tmp_path):
    path = str(tmp_path / "a.tar.gz")
    assert bundle.pack(_run(tmp_path), path) == 4
    with bundle.opened(path) as folder:
        names = sorted(str(item.relative_to(folder)) for item in folder.rglob("*") if item.is_file())
        assert names == ["board.json", "config.json", "evidence/burst-00001-000-stale.json", "run.jsonl"]
        assert (folder / "run.jsonl").read_text() == "run.jsonl"
    assert not folder.exists()


def test_bundle_of_another_name_is_refused(tmp_path):
    with pytest.raises(CaptureFileError, match="is no name of a bundle"):
        bundle.pack(_run(tmp_path), str(tmp_path / "a.zip"))


def test_members_that_are_not_of_a_run_stay_packed(tmp_path):
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in ("x/run.jsonl", "x/passwd", "../config.json", "x/y/board.json"):
            member = tarfile.TarInfo(name)
            member.size = 3
            archive.addfile(member, io.BytesIO(b"abc"))
        link = tarfile.TarInfo("x/board.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/hostname"
        archive.addfile(link)
    with bundle.opened(str(path)) as folder:
        # What names a file of a run is put where that belongs, wherever it claims to be.
        found = sorted(str(item.relative_to(folder)) for item in folder.rglob("*") if item.is_file())
        assert found == ["config.json", "run.jsonl"]
        assert not (folder.parent / "config.json").exists()


def test_bundle_that_unpacks_to_too_much_is_refused(tmp_path, monkeypatch):
    path = str(tmp_path / "a.tgz")
    bundle.pack(_run(tmp_path), path)
    monkeypatch.setattr(bundle, "MOST_BYTES", 20)
    with pytest.raises(CaptureFileError, match="unpacks to more than"), bundle.opened(path):
        pass


def _bomb(path, member, size):
    import gzip

    with gzip.open(path, "wb", 1) as out:
        out.write(member.tobuf(tarfile.GNU_FORMAT))
        for _ in range(size >> 16):
            out.write(bytes(1 << 16))


@pytest.mark.parametrize(
    "kind", [tarfile.GNUTYPE_LONGNAME, tarfile.GNUTYPE_LONGLINK, tarfile.XHDTYPE, tarfile.XGLTYPE]
)
def test_bundle_with_a_huge_header_is_refused_before_it_is_read(tmp_path, kind):
    path, member = tmp_path / "a.tar.gz", tarfile.TarInfo("a")
    member.size, member.type = 3 << 20, kind
    _bomb(path, member, 3 << 20)
    with pytest.raises(CaptureFileError, match="no bundle"), bundle.opened(str(path)):
        pass


def test_bundle_counts_members_that_are_no_part_of_a_run(tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "MOST_BYTES", 1 << 20)
    path, member = tmp_path / "a.tar.gz", tarfile.TarInfo("foreign")
    member.size = 3 << 20
    _bomb(path, member, 3 << 20)
    with pytest.raises(CaptureFileError, match="unpacks to more than 1 MB"), bundle.opened(str(path)):
        pass


def test_bundle_of_too_many_members_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "MOST_MEMBERS", 10)
    with tarfile.open(tmp_path / "a.tar.gz", "w:gz") as out:
        for number in range(12):
            out.addfile(tarfile.TarInfo(f"{number}"))
    with (
        pytest.raises(CaptureFileError, match="more than 10 members"),
        bundle.opened(str(tmp_path / "a.tar.gz")),
    ):
        pass


@pytest.mark.parametrize("size", ["9" * 400, "99999999999"])
def test_bundle_that_promises_more_than_it_holds_is_refused_at_its_end(tmp_path, size):
    path = tmp_path / "b.tar"
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as archive:
        member = tarfile.TarInfo("run.jsonl")
        member.pax_headers = {"size": size}
        archive.addfile(member)
    with pytest.raises(CaptureFileError), bundle.opened(str(path)):
        pass
