# SPDX-License-Identifier: MIT
"""The parts that touch the system: sysfs, the control socket, the command line."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from stress.errors import BackendUnavailable, ConfigError, DeviceError
from tools.softcardkit import cli, control, vhci
from tools.softcardkit.alsa import AlsaCard, find_card
from tools.softcardkit.card import SoftCard
from tools.softcardkit.config import CardConfig
from tools.softcardkit.control import ControlSocket

STATUS = """hub port sta spd dev      sockfd local_busid
hs  0000 006 002 00010002 000005 1-1
hs  0001 004 000 00000000 000000 0-0
hs  0002 004 000 00000000 000000 0-0
ss  0008 004 000 00000000 000000 0-0
"""


def test_free_ports_are_those_of_the_full_and_high_speed_hub() -> None:
    assert vhci.free_ports(STATUS) == [1, 2]


def test_free_ports_of_a_kernel_before_4_13_have_no_hub_column() -> None:
    lines = ["prt sta spd bus dev socket local_busid"]
    lines += ["000 004 000 000 000 0000 0-0", "001 006 002 001 002 ff 1-1"]
    assert vhci.free_ports("\n".join(lines)) == [0]


def test_missing_controller_names_the_module(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match="modprobe vhci-hcd"):
        vhci.controller(tmp_path)


def test_controller_is_found_under_its_old_name_too(tmp_path: Path) -> None:
    (tmp_path / "vhci_hcd").mkdir()
    (tmp_path / "vhci_hcd" / "attach").write_text("")
    assert vhci.controller(tmp_path) == tmp_path / "vhci_hcd"


def make_card(root: Path, number: int, serial: str, name: str, nodes: str) -> None:
    usb = root / "devices" / f"usb{number}"
    (usb / "interface").mkdir(parents=True)
    (usb / "serial").write_text(serial + "\n")
    folder = root / "sound" / f"card{number}"
    folder.mkdir(parents=True)
    (folder / "id").write_text(name + "\n")
    (folder / "device").symlink_to(usb / "interface")
    (root / "snd").mkdir(exist_ok=True)
    for node in nodes:
        (root / "snd" / f"pcmC{number}D0{node}").write_text("")


def test_card_is_found_by_serial_number_once_both_pcms_are_there(tmp_path: Path) -> None:
    make_card(tmp_path, 0, "other", "Loopback", "pc")
    make_card(tmp_path, 1, "mine", "softcard", "p")
    assert find_card("mine", tmp_path / "sound", tmp_path / "snd") is None
    (tmp_path / "snd" / "pcmC1D0c").write_text("")
    assert find_card("mine", tmp_path / "sound", tmp_path / "snd") == AlsaCard(1, "softcard")
    assert find_card("nobody", tmp_path / "sound", tmp_path / "snd") is None


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(control, "path_of", lambda name: tmp_path / f"{name}.ctl")
    return tmp_path


def test_control_socket_answers_and_is_private(runtime: Path) -> None:
    engine = SoftCard(CardConfig()).engine
    listener = ControlSocket(control.path_of("x"))
    answers: list[str] = []
    asker = threading.Thread(target=lambda: answers.append(control.ask("x", "freeze")))
    asker.start()
    while not answers:
        listener.serve(engine)
    asker.join()
    assert answers == ["ok"]
    assert engine.frozen
    assert os.stat(listener.path).st_mode & 0o077 == 0
    listener.close()
    assert not listener.path.exists()


def test_second_card_of_a_name_is_refused_and_a_dead_socket_is_replaced(runtime: Path) -> None:
    first = ControlSocket(runtime / "x.ctl")
    with pytest.raises(DeviceError, match="choose another --id"):
        ControlSocket(runtime / "x.ctl")
    first._socket.close()  # as after SIGKILL: the file stays
    second = ControlSocket(runtime / "x.ctl")
    second.close()


def test_asking_a_card_that_is_not_up_says_so(runtime: Path) -> None:
    with pytest.raises(DeviceError, match="no softcard 'x' answers"):
        control.ask("x", "status")


@pytest.mark.parametrize(
    "arguments",
    [
        ["up", "--channels", "9"],
        ["up", "--rate", "44.1"],
        ["up", "--format", "U8"],
        ["up", "--fault", "nonsense"],
        ["up", "--pace", "-1"],
        ["up", "--run"],
        ["ctl", "--id", "x", "status", "--run", "true"],
    ],
)
def test_wrong_arguments_are_one_line_and_exit_64(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == 64
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("softcard: ")


def test_unknown_option_exits_64(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(["up", "--volume", "11"])
    assert caught.value.code == 64
    assert capsys.readouterr().err.count("\n") == 1


def test_missing_module_exits_4(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(vhci, "_PLATFORM", Path("/nonexistent"))
    monkeypatch.setattr(vhci.controller, "__defaults__", (Path("/nonexistent"),))
    assert cli.main(["up"]) == 4
    assert "modprobe vhci-hcd" in capsys.readouterr().err


def test_refusal_of_the_card_reaches_the_asker_as_a_config_error(runtime: Path) -> None:
    engine = SoftCard(CardConfig()).engine
    listener = ControlSocket(control.path_of("x"))
    caught: list[ConfigError] = []

    def ask() -> None:
        try:
            control.ask("x", "fault bogus")
        except ConfigError as error:
            caught.append(error)

    asker = threading.Thread(target=ask)
    asker.start()
    while asker.is_alive():
        listener.serve(engine)
    assert "unknown fault 'bogus'" in str(caught[0])
    listener.close()
