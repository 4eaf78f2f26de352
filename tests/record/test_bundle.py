# SPDX-License-Identifier: MIT
"""A run as one file: what goes in, what comes out, what is refused."""

from __future__ import annotations

import bz2
import io
import lzma
import os
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


@pytest.mark.parametrize(("name", "top"), [("", "run"), ("case-7", "case-7")])
def test_bundle_holds_one_directory_and_texts_with_the_time_of_the_record(tmp_path, name, top):
    folder, path = _run(tmp_path), str(tmp_path / "a.tar.gz")
    os.utime(folder / "run.jsonl", (1_600_000_000, 1_500_000_000))
    bundle.pack(folder, path, {"host.txt": "a host"}, lambda sizes: f"{sizes['host.txt']} bytes", name)
    with tarfile.open(path) as archive:
        members = {member.name: member for member in archive}
        assert {one.split("/")[0] for one in members} == {top}
        said = {one: archive.extractfile(f"{top}/{one}").read() for one in ("README", "host.txt")}
        assert said == {"README": b"6 bytes", "host.txt": b"a host"}
        times = [members[f"{top}/{one}"].mtime for one in ("README", "host.txt", "run.jsonl")]
        assert times == [1_500_000_000] * 3


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress, bytes], ids=["bzip2", "xz", "plain"])
def test_bundle_that_was_compressed_anew_is_read(tmp_path, pack):
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as archive:
        member = tarfile.TarInfo("x/run.jsonl")
        member.size = 3
        archive.addfile(member, io.BytesIO(b"abc"))
    path = tmp_path / "a.tar"
    path.write_bytes(pack(plain.getvalue()))
    with bundle.opened(str(path)) as folder:
        assert (folder / "run.jsonl").read_bytes() == b"abc"


def test_directory_of_runs_is_refused_with_the_name_of_the_latest(tmp_path):
    for number, name in enumerate(("b", "c", "a")):
        (tmp_path / "runs" / name).mkdir(parents=True)
        (tmp_path / "runs" / name / "run.jsonl").write_text("x")
        os.utime(tmp_path / "runs" / name / "run.jsonl", (number, [200, 300, 100][number]))
    with (
        pytest.raises(CaptureFileError, match="directory of runs, not a run .*/c\\)"),
        bundle.opened(str(tmp_path / "runs")),
    ):
        pass
    with pytest.raises(CaptureFileError, match="/c\\)"), bundle.opened(str(tmp_path)):
        pass


def test_directory_without_runs_and_a_run_that_holds_runs_are_taken(tmp_path):
    with bundle.opened(str(tmp_path)) as folder:
        assert folder == tmp_path
    run = _run(tmp_path)
    (run / "older").mkdir()
    (run / "older" / "run.jsonl").write_text("x")
    with bundle.opened(str(run)) as folder:
        assert folder == run


@pytest.mark.parametrize(("members", "taken"), [(9, True), (10, True), (11, False)])
def test_members_of_a_bundle_are_counted_up_to_the_limit(tmp_path, monkeypatch, members, taken):
    monkeypatch.setattr(bundle, "MOST_MEMBERS", 10)
    path = str(tmp_path / "a.tar.gz")
    with tarfile.open(path, "w:gz") as out:
        for number in range(members):
            out.addfile(tarfile.TarInfo(f"{number}"))
    try:
        with bundle.opened(path):
            assert taken
    except CaptureFileError:
        assert not taken


def _read(data, most, monkeypatch):
    monkeypatch.setattr(bundle, "MOST_BYTES", most)
    return bundle._Counted(io.BytesIO(data), "a.tar")


def test_bundle_may_unpack_to_the_limit_and_to_no_byte_more(monkeypatch):
    counted = _read(b"0123456789", 10, monkeypatch)
    assert counted.read(6) == b"012345" and counted.read(6) == b"6789"
    counted = _read(b"0123456789", 9, monkeypatch)
    assert counted.read(6) == b"012345"
    with pytest.raises(CaptureFileError, match="unpacks to more"):
        counted.read(6)


def test_end_of_a_bundle_is_read_so_often_and_no_more(monkeypatch):
    monkeypatch.setattr(bundle, "MOST_ENDS", 3)
    counted = _read(b"0", 9, monkeypatch)
    assert [counted.read(2) for _ in range(4)] == [b"0", b"", b"", b""]
    with pytest.raises(EOFError):
        counted.read(2)


@pytest.mark.parametrize(("length", "taken"), [(598, True), (599, True), (600, False)])
def test_long_name_of_a_member_may_fill_its_header(tmp_path, monkeypatch, length, taken):
    # GNU tar ends a long name with a zero byte.
    monkeypatch.setattr(bundle, "MOST_HEADER_BYTES", 600)
    path = str(tmp_path / "a.tar")
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo("n" * length))
        member = tarfile.TarInfo("x/run.jsonl")
        member.size = 1000
        archive.addfile(member, io.BytesIO(bytes(1000)))
    try:
        with bundle.opened(path) as folder:
            # A file is no header: it may be longer.
            assert taken and (folder / "run.jsonl").stat().st_size == 1000
    except CaptureFileError:
        assert not taken


def test_member_of_an_unknown_kind_is_held_to_the_limit_of_headers(tmp_path, monkeypatch):
    monkeypatch.setattr(bundle, "MOST_HEADER_BYTES", 600)
    path = str(tmp_path / "a.tar")
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        member = tarfile.TarInfo("foreign")
        member.type, member.size = b"Z", 1000
        archive.addfile(member, io.BytesIO(bytes(1000)))
    with pytest.raises(CaptureFileError, match="no bundle"), bundle.opened(path):
        pass
