# SPDX-License-Identifier: MIT
"""Arguments: wrong ones are one line and exit 64; help costs no numpy."""

from __future__ import annotations

import argparse
import configparser
import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from stress.cli import arguments, main
from stress.cli.options import parser
from stress.settings import find
from tests.cli.command import told as _main


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("frobnicate",), "frobnicate"),
        (("rnu",), "did you mean run?"),
        (("run", "--bakend", "virtual"), "did you mean --backend?"),
        (("run", "--backend", "virtul"), "did you mean virtual?"),
        (("report", "r", "--jason"), "pcmstress report --help"),
        (("run", "--seed", "\u0663"), "no whole number"),
        (("run", "--seed", "1_0"), "no whole number"),
        (("run", "--channels", "9" * 5000), "1 to 64 each"),
        (("run", "--duration", "\u0663s"), "not a duration"),
        (("run", "--stop-early", "\u0663,\u0669"), "episodes an hour"),
        (("analyze", "x.wav", "--rings", f"{'9' * 5000},1"), "PLAYBACK,CAPTURE"),
        (("generate", "."), "not a regular file"),
        (("generate", "/dev/null"), "not a regular file"),
        (("replay", "/dev/zero"), "not a regular file"),
        (("run", "--duration", "soon"), "not a duration"),
        (("run", "--seed", "-1"), "no whole number from 0"),
        (("run", "--stop-early", "360,36"), "episodes an hour"),
        (("run", "--backend", "virtual", "--plan", "smok"), "did you mean smoke"),
        (("run", "--backend", "virtual", "--board", "arm92"), "did you mean arm9"),
        (("run", "--backend", "virtual", "--card", "hw:0"), "--card"),
        (("run", "--board", "arm926"), "--backend virtual"),
        (("run", "--backend", "virtual", "--set", "kernel.use_vmaloc=1"), "did you mean use_vmalloc"),
        (("run", "--backend", "virtual", "--set", "nonsense"), "no assignment"),
        (("run", "--card", "default"), "default"),
        (("run", "--resume"), "--resume"),
        (("analyze", "x.wav", "--rings", "4800"), "PLAYBACK,CAPTURE"),
        (("analyze", "x.wav", "--rings", "0,1"), "rings hold"),
        (("analyze", "absent.wav"), "absent.wav"),
        (("generate", "x.wav", "--format", "FLOAT"), "S16_LE"),
        (("generate", "x.wav", "--channels", "9"), "1 to 8"),
        (("generate", "x.wav", "--frames", "1", "--duration", "1s"), "not allowed"),
        (("generate", "x.wav", "--tier", "device"), "--analog"),
        (("generate", "x.wav", "--interleave", "1s"), "--stimulus"),
        (("generate", "x.wav", "--analog", "--stimulus", "impulse"), "--interleave"),
        (("generate", "x.wav", "--stimulus", "right-only", "--channels", "1"), "--stimulus: "),
        (("generate", "x.wav", "--stimulus", "toggle", "--rings", "96,100"), "1 x 96 = 96 frames"),
        (("generate", "x.wav", "--analog", "--tier", "device", "--rings", "4800,2042"), "repeats every 1021"),
        (("analyze", "x.wav", "--tier", "device"), "--analog"),
        (("analyze", "x.wav", "--html", "a.html"), "--analog"),
        (("analyze", "x.wav", "--analog", "--tier", "device", "--html", "a.html"), "--tier host"),
        (("report", "absent"), "absent"),
        (("replay", "a\n\x1b[2Jb"), "a\\n\\x1b[2Jb"),
    ],
)
def test_wrong_arguments_are_one_line_and_exit_64(capsys, tmp_path, monkeypatch, argv, words):
    monkeypatch.chdir(tmp_path)
    status, out, err = _main(capsys, *argv)
    lines = err.strip().splitlines()
    assert words in err
    assert len(lines) == 1
    assert status == 64
    assert out == ""
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("argv", [("analyze", "pipe"), ("replay", "pipe")])
def test_fifo_is_refused_and_not_waited_for(capsys, tmp_path, monkeypatch, argv):
    monkeypatch.chdir(tmp_path)
    os.mkfifo(argv[-1])
    status, _, err = _main(capsys, *argv)
    assert status == 64
    assert "is not a regular file" in err


def test_plans_that_people_are_told_of_are_found():
    found = set(find.names("plans"))
    assert {"bringup", "smoke", "diagnose"} <= set(arguments.shipped("plans")) < found
    assert all(name.startswith("vivt-") for name in found - set(arguments.shipped("plans")))


@pytest.mark.parametrize(
    "command", ["run", "diagnose", "analyze", "generate", "predict", "report", "replay", "probe"]
)
def test_help_says_something_of_every_argument(command):
    (commands,) = (one for one in parser()._actions if one.dest == "command")
    for action in commands.choices[command]._actions:
        assert action.help, action.dest


def test_help_loads_no_numpy():
    code = (
        "import sys\nfrom stress.cli.main import main\n"
        "try:\n    main(['run', '--help'])\nexcept SystemExit:\n    pass\n"
        "sys.exit(bool({'numpy', 'ctypes', 'psutil', 'json'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "--plan" in done.stdout


def test_argument_error_loads_no_numpy():
    code = (
        "import sys\nfrom stress.cli.main import main\n"
        "try:\n    main(['run', '--nonsense'])\nexcept SystemExit as stop:\n    assert stop.code == 64\n"
        "sys.exit('numpy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0


def test_missing_card_loads_no_detector_and_no_form_that_was_not_asked_for(tmp_path):
    code = (
        "import sys\nfrom stress.cli.main import main\n"
        "code = main(['run', '--card', 'nothere', '--out', sys.argv[1]])\n"
        "heavy = ('stress.detect.exact', 'stress.experiment.runner', 'stress.report.html')\n"
        "loaded = [name for name in sys.modules if name.startswith(heavy)]\n"
        "sys.exit(f'{code}, loaded {loaded}' if loaded or code != 4 else 0)"
    )
    words = [sys.executable, "-c", code, str(tmp_path / "run")]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "SKIP" in done.stdout


def test_module_runs_like_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "stress", "--version"], capture_output=True, text=True, check=False
    )
    assert done.stdout.startswith("pcmstress ")


def test_internal_defect_is_one_line_not_a_traceback(capsys, monkeypatch):
    from stress.cli.commands import probe

    def broken(args):
        raise KeyError("surprise")

    monkeypatch.setattr(probe, "execute", broken)
    status, _, err = _main(capsys, "probe")
    assert status == 70
    assert err.strip().splitlines() == [
        "pcmstress: internal error: KeyError: 'surprise' (PCMSTRESS_DEBUG=1 shows where)"
    ]


def test_memory_that_is_gone_is_one_line_with_what_takes_less(capsys, monkeypatch):
    from stress.cli.commands import probe

    def broken(args):
        return len(bytearray(1 << 62))

    monkeypatch.setattr(probe, "execute", broken)
    status, _, err = _main(capsys, "probe")
    assert status == 74
    assert err.startswith("pcmstress: no memory left: shorter bursts (burst_s)")
    assert len(err.splitlines()) == 1


@pytest.mark.parametrize("argv", [("run", "--plan=--"), ("probe", "--set=--"), ("report", "--html=--", "x")])
def test_two_dashes_for_a_value_are_refused(capsys, argv):
    status, _, err = _main(capsys, *argv)
    assert status == 64
    assert f"argument {argv[1][:-3]}: expected one argument" in err


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EMFILE])
def test_file_system_that_refuses_is_one_line_and_its_own_status(capsys, monkeypatch, number):
    from stress.cli.commands import probe

    def broken(args):
        raise OSError(number, os.strerror(number), "/a\nb")

    monkeypatch.setattr(probe, "execute", broken)
    status, _, err = _main(capsys, "probe")
    assert status == 74
    assert err == f"pcmstress: /a\\nb: {os.strerror(number)}; what was recorded before stays\n"


@pytest.mark.parametrize(("stop", "expected"), [((signal.SIGTERM,), 143), ((), 130)])
def test_signal_before_the_command_is_a_status_and_no_traceback(capsys, monkeypatch, stop, expected):
    def interrupted(args):
        raise KeyboardInterrupt(*stop)

    monkeypatch.setattr(main, "_command_of", interrupted)
    assert _main(capsys, "probe")[0] == expected


@pytest.mark.parametrize(("given", "expected"), [(None, "1"), ("3", "3")])
def test_algebra_stays_on_one_thread_unless_said_otherwise(capsys, monkeypatch, given, expected):
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    if given:
        monkeypatch.setenv("OPENBLAS_NUM_THREADS", given)
    _main(capsys, "report", "absent")
    assert os.environ["OPENBLAS_NUM_THREADS"] == expected


def test_python_that_is_too_old_is_told_which_is_needed(capsys, monkeypatch):
    monkeypatch.setattr(main, "FLOOR", (99, 1))
    status, _, err = _main(capsys, "probe")
    assert status == 4
    assert err.startswith("pcmstress: needs Python 99.1 or later, this is 3.")


def test_python_floor_is_that_of_the_package():
    settings = configparser.ConfigParser()
    settings.read(Path(__file__).resolve().parents[2] / "setup.cfg")
    assert settings["options"]["python_requires"] == ">=" + ".".join(map(str, main.FLOOR))


def test_board_without_numpy_is_told_what_to_install(tmp_path):
    (tmp_path / "numpy.py").write_text("raise ModuleNotFoundError('No module named numpy', name='numpy')")
    path = os.pathsep.join([str(tmp_path), str(Path(main.__file__).resolve().parents[1])])
    done = subprocess.run(
        [sys.executable, "-m", "stress", "report", "absent"],
        env={**os.environ, "PYTHONPATH": path},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4
    assert done.stderr == f"pcmstress: needs numpy for {sys.executable} (apt install python3-numpy)\n"


@pytest.mark.parametrize(("text", "seconds"), [("10", 10.0), ("0.5", 0.5), ("10s", 10.0), ("1h30m", 5400.0)])
def test_duration_without_a_unit_is_seconds(text, seconds):
    assert arguments.duration(text) == seconds


def test_duration_with_a_unit_missing_in_the_middle_is_refused():
    with pytest.raises(argparse.ArgumentTypeError):
        arguments.duration("1h30")


def test_command_alone_prints_its_help_and_ends_well(capsys):
    status, out, err = _main(capsys)
    assert (status, err) == (0, "")
    assert "probe" in out and "Examples:" in out


def test_commands_stand_in_the_order_of_work():
    names = list(parser()._subparsers._group_actions[0].choices)
    assert names.index("probe") < names.index("run") < names.index("diagnose") < names.index("report")


def test_every_command_has_examples_that_its_parser_reads():
    for name, command in parser()._subparsers._group_actions[0].choices.items():
        lines = [
            line.partition("  #")[0] for line in command.epilog.splitlines() if line.startswith("  pcmstress")
        ]
        assert lines, name
        for line in lines:
            assert parser().parse_args(line.split()[1:]).command


@pytest.mark.parametrize(
    ("text", "hz"), [("44.1k", 44100), ("48000", 48000), ("96kHz", 96000), ("11.025k", 11025)]
)
def test_rate_is_read_in_hertz_and_kilohertz(text, hz):
    assert arguments.rate(4000, 768000)(text) == hz


@pytest.mark.parametrize("text", ["44.1", "1k", "48 k", "\u0664\u0664100", "1e5", "44.1234k", ""])
def test_rate_that_is_no_whole_number_of_hertz_in_range_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError):
        arguments.rate(4000, 768000)(text)


@pytest.mark.parametrize(
    ("text", "name"),
    [("s16", "S16_LE"), ("S16LE", "S16_LE"), ("s24_3le", "S24_3LE"), ("S32_LE", "S32_LE"), ("s24", "S24_LE")],
)
def test_format_is_read_in_the_short_forms_of_other_tools(text, name):
    assert arguments.pcm_format(text) == name


@pytest.mark.parametrize("text", ["", "-x", "a b", "a/b", "x" * 65, "\u00e9"])
def test_label_that_is_no_slug_is_refused(text):
    with pytest.raises(argparse.ArgumentTypeError):
        arguments.label(text)


@pytest.mark.parametrize("columns", ["60", "80", "100"])
def test_help_puts_the_comment_of_a_long_example_below_it(monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    top = parser()
    (action,) = top._subparsers._group_actions
    for one in (top, *action.choices.values()):
        text = one.format_help()
        lines = text[text.index("Examples:") :].splitlines()
        assert not [line for line in lines if "  # " in line.strip() and len(line) > int(columns)]


@pytest.mark.parametrize(
    "number", [errno.ENAMETOOLONG, errno.ELOOP, errno.ENOTDIR, errno.EACCES, errno.EISDIR]
)
def test_name_that_the_file_system_refuses_is_one_line_and_a_usage_error(capsys, monkeypatch, number):
    from stress.cli.commands import probe

    def broken(args):
        raise OSError(number, os.strerror(number), "/a\nb")

    monkeypatch.setattr(probe, "execute", broken)
    status, _, err = _main(capsys, "probe")
    assert (status, err) == (64, f"pcmstress: /a\\nb: {os.strerror(number)}\n")


def test_name_of_300_letters_is_a_usage_error_wherever_it_is_given(capsys, tmp_path):
    wav, name = tmp_path / "a.wav", "a" * 300
    assert _main(capsys, "generate", wav, "--frames", "4800")[0] == 0
    for argv in (("analyze", wav, "--source", name), ("analyze", name), ("report", name), ("replay", name)):
        status, _, err = _main(capsys, *argv)
        assert (status, len(err.splitlines())) == (64, 1)
        assert os.strerror(errno.ENAMETOOLONG) in err


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("--stimulus", "right-only", "--channels", "1"), "--stimulus: right-only needs a right channel"),
        (
            ("--stimulus", "toggle", "--interleave", "0.000001"),
            "--interleave: a turn is shorter than one frame",
        ),
    ],
)
def test_generate_names_the_option_that_cannot_be(capsys, tmp_path, argv, words):
    status, _, err = _main(capsys, "generate", tmp_path / "a.wav", *argv)
    assert status == 64
    assert err.startswith(f"pcmstress: {words}")


def test_name_with_a_null_character_in_a_plan_is_refused_in_a_line(tmp_path, capsys):
    plan = tmp_path / "p.json"
    plan.write_text('{"base": "a\\u0000.toml"}')
    assert main.main(["run", "--plan", str(plan), "--out", str(tmp_path / "o")]) == 64
    assert capsys.readouterr().err.count("\n") == 1


def test_directory_that_was_removed_is_told_in_a_line(tmp_path, monkeypatch, capsys):
    place = tmp_path / "gone"
    place.mkdir()
    monkeypatch.chdir(place)
    place.rmdir()
    assert main.main(["generate", "a.wav", "--frames", "1000"]) == 64
    assert "was removed" in capsys.readouterr().err


def test_links_in_a_circle_are_told_in_a_line(tmp_path, monkeypatch, capsys):
    def resolved(args):
        # As Path.resolve before Python 3.13.
        raise RuntimeError(f"Symlink loop from {tmp_path / 'loop'!r}")

    monkeypatch.setattr("stress.cli.commands.kinds.execute", resolved)
    assert main.main(["kinds"]) == 64
    assert "from link to link" in capsys.readouterr().err


def test_error_of_no_file_stays_a_defect(monkeypatch, capsys):
    def refused(args):
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("stress.cli.commands.kinds.execute", refused)
    assert main.main(["kinds"]) == 70
    assert "internal error" in capsys.readouterr().err


def test_result_below_too_many_folders_is_refused_in_a_line(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    argv = ["run", "--backend", "virtual", "--board", "cortex-a", "--plan", "smoke", "--out", "a/" * 2000]
    assert main.main(argv) == 64
    assert capsys.readouterr().err.splitlines()[-1].endswith("too many folders lie in one another")
    assert not (tmp_path / "a").exists()


def test_number_that_python_itself_refuses_is_one_line(capsys, monkeypatch):
    def reads(args):
        # As Python 3.11 and later answer int() of 5000 digits.
        raise ValueError(
            "Exceeds the limit (4300 digits) for integer string conversion: value has 5000 digits"
        )

    monkeypatch.setattr(main, "_command_of", reads)
    assert _main(capsys, "boards") == (64, "", "pcmstress: a number has more digits than any that is taken\n")
