# SPDX-License-Identifier: MIT
"""Kernel options: what a configuration lacks, the fragments in packaging/, and a bad file."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from stress.board.kernel_options import OPTIONS, fragment, lacking
from stress.cli.main import main

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(("name", "extra"), [("pcmstress.config", False), ("pcmstress-extra.config", True)])
def test_fragment_in_packaging_is_the_list(name, extra):
    assert (ROOT / "packaging/kernel" / name).read_text(encoding="utf-8") == fragment(extra=extra)


def test_fragments_together_lack_nothing():
    assert lacking(fragment(extra=False)) == []
    assert lacking(fragment(extra=False) + fragment(extra=True), extra=True) == []


def test_module_counts_as_granted_and_not_set_does_not():
    text = fragment(extra=False).replace("CONFIG_SND=y", "CONFIG_SND=m")
    assert lacking(text) == []
    text = text.replace("CONFIG_USB_MON=m", "# CONFIG_USB_MON is not set")
    assert [option.name for option in lacking(text)] == ["CONFIG_USB_MON"]


def test_option_with_a_longer_name_is_another_one():
    names = [option.name for option in lacking("CONFIG_SND_ALOOP_TEST=y\n")]
    assert "CONFIG_SND_ALOOP" in names


def test_each_option_is_named_once():
    names = [option.name for option in OPTIONS]
    assert len(set(names)) == len(names)


def test_probe_names_the_line_to_add(tmp_path, capsys):
    config = tmp_path / "config"
    config.write_text(fragment(extra=False).replace("CONFIG_USB_MON=m", ""))
    assert main(["probe", "--kernel-config", str(config)]) == 0
    told = capsys.readouterr().out
    assert f"{config} lacks 1 option:" in told
    assert "CONFIG_USB_MON=m " in told
    assert main(["probe", "--kernel-config", str(config), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert [each["line"] for each in report["lacks"] if not each["extra"]] == ["CONFIG_USB_MON=m"]


def test_file_that_is_no_configuration_is_a_usage_error(tmp_path, capsys):
    path = tmp_path / "nothing"
    path.write_text("words\n")
    assert main(["probe", "--kernel-config", str(path)]) == 64
    assert "holds no kernel configuration" in capsys.readouterr().err


WHOLE = "# Linux/arm 6.1.176 Kernel Configuration\n"


def test_configuration_copied_from_proc_is_read_as_it_is(tmp_path, capsys):
    config = tmp_path / "config.gz"
    config.write_bytes(gzip.compress((WHOLE + fragment(extra=False)).encode()))
    assert main(["probe", "--kernel-config", str(config)]) == 0
    told = capsys.readouterr().out
    assert f"{config}: has every option that a run uses" in told
    assert f"{config} lacks 7 options that a bench adds:" in told
    assert "part of a configuration" not in told


def test_configuration_of_another_system_s_line_ends_is_read(tmp_path, capsys):
    config = tmp_path / "config"
    config.write_bytes((WHOLE + fragment(extra=False)).replace("\n", "\r\n").encode())
    assert main(["probe", "--kernel-config", str(config)]) == 0
    assert "has every option that a run uses" in capsys.readouterr().out


def test_defconfig_is_said_to_be_a_part_of_a_configuration(tmp_path, capsys):
    config = tmp_path / "defconfig"
    config.write_text("CONFIG_SOUND=y\n")
    assert main(["probe", "--kernel-config", str(config)]) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == f"{config} is a part of a configuration: what it does not name may be on by default"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (gzip.compress(fragment(extra=True).encode())[:-20], "ends before its end"),
        (b"\x1f\x8b" + bytes(range(256)), "holds no kernel configuration"),
        (gzip.compress(bytes(1 << 24)), "ends before its end"),
        (bytes(range(256)), "holds no kernel configuration"),
    ],
)
def test_file_that_cannot_be_trusted_names_no_option_as_missing(tmp_path, capsys, content, said):
    path = tmp_path / "config.gz"
    path.write_bytes(content)
    assert main(["probe", "--kernel-config", str(path)]) == 64
    told = capsys.readouterr()
    assert (told.out, len(told.err.splitlines())) == ("", 1)
    assert said in told.err


@pytest.mark.parametrize(("path", "said"), [(".", "Is a directory"), ("nothere", "No such file")])
def test_configuration_that_cannot_be_read_says_why(tmp_path, monkeypatch, capsys, path, said):
    monkeypatch.chdir(tmp_path)
    assert main(["probe", "--kernel-config", path]) == 64
    assert said in capsys.readouterr().err


def test_device_without_an_end_is_not_read_for_ever(capsys):
    assert main(["probe", "--kernel-config", "/dev/zero"]) == 64
    assert "holds no kernel configuration" in capsys.readouterr().err
