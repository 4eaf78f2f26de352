# SPDX-License-Identifier: MIT
"""Life-cycle events, on a sysfs made of files whose writes a small kernel answers."""

from __future__ import annotations

import pytest

from stress.board import lifecycle, undo
from stress.board.lifecycle import Lifecycle
from stress.board.usb import UsbFacts
from stress.errors import DeviceError, DeviceGone
from stress.model.lifecycle import LifecycleEvent

FACTS = UsbFacts(1, 7, "1-1", "0d8c", "0014", "Dongle", 12.0, "vhci_hcd", ())
INTERFACE = "1-1:1.0"


class Machine:
    """A sysfs tree with one USB card, and what its kernel does when it is written to."""

    def __init__(self, root, monkeypatch):
        self.sys, self.ran, self.asleep = root, [], 0.0
        self.numbers = {2: FACTS}
        driver = root / "bus/usb/drivers/snd-usb-audio"
        interface = root / "devices/usb1/1-1" / INTERFACE
        usb, parameters = root / "bus/usb/drivers/usb", root / "module/snd_usb_audio/parameters"
        for folder in (driver, usb, interface, root / "class/sound/card2/pcmC2D0p", parameters):
            folder.mkdir(parents=True)
        (root / "bus/usb/devices").mkdir(parents=True)
        (root / "bus/usb/devices/1-1").symlink_to(root / "devices/usb1/1-1")
        (root / "class/sound/card2/device").symlink_to(interface)
        (interface / "driver").symlink_to(driver)
        (driver / "module").symlink_to(root / "module/snd_usb_audio")
        for name in ("bind", "unbind"):
            (usb / name).touch()
        (root / "devices/usb1/1-1/authorized").write_text("1\n")
        power = root / "devices/usb1/1-1/power"
        power.mkdir()
        (power / "control").write_text("on\n")
        (power / "runtime_status").write_text("suspended\n")
        (root / "module/snd_usb_audio/parameters/use_vmalloc").write_text("Y\n")
        monkeypatch.setattr(lifecycle.shutil, "which", lambda name: f"/sbin/{name}")

    def wait(self, seconds):
        self.asleep += seconds

    def run(self, argv):
        self.ran.append(list(argv))
        return ""

    def card(self, **more):
        place = self.sys / "notes"
        place.mkdir(exist_ok=True)
        return Lifecycle(
            2, sys=self.sys, run=self.run, look=self.numbers.get, wait=self.wait, place=place, **more
        )

    def moved_to(self, number):
        self.numbers.clear()
        self.numbers[number] = FACTS
        (self.sys / "class/sound/card2").rename(self.sys / f"class/sound/card{number}")

    def text(self, name):
        return (self.sys / name).read_text().strip()


@pytest.fixture
def machine(tmp_path, monkeypatch):
    return Machine(tmp_path / "sys", monkeypatch)


def test_rebind_unbinds_then_binds_the_whole_device(machine):
    assert machine.card().perform(LifecycleEvent.USB_REBIND) == 2
    assert machine.text("bus/usb/drivers/usb/unbind") == "1-1"
    assert machine.text("bus/usb/drivers/usb/bind") == "1-1"


def test_power_leaves_the_device_authorized(machine):
    machine.card().perform(LifecycleEvent.USB_POWER)
    assert machine.text("devices/usb1/1-1/authorized") == "1"


@pytest.mark.parametrize(
    "event", [event for event in LifecycleEvent if event.traits.holds and event is not LifecycleEvent.SUSPEND]
)
def test_device_stays_away_as_long_as_asked(machine, event):
    cpu = machine.sys / "devices/system/cpu/cpu1"
    governor = machine.sys / "devices/system/cpu/cpu0/cpufreq"
    for folder in (cpu, governor):
        folder.mkdir(parents=True)
    (cpu / "online").write_text("1\n")
    (governor / "scaling_governor").write_text("schedutil\n")
    (governor / "scaling_available_governors").write_text("schedutil performance\n")
    machine.card().perform(event, 2.0)
    assert machine.asleep >= 2.0
    assert undo.left(machine.sys / "notes") == []


def test_suspend_lasts_as_long_as_asked(machine):
    machine.card().perform(LifecycleEvent.SUSPEND, 29.5)
    assert machine.ran == [["rtcwake", "-m", "mem", "-s", "30"]]


def test_device_that_does_not_suspend_is_told_and_the_policy_put_back(machine):
    (machine.sys / "devices/usb1/1-1/power/runtime_status").write_text("active\n")
    with pytest.raises(DeviceError, match=r"did not suspend within 15 s, its state is active"):
        machine.card().perform(LifecycleEvent.AUTOSUSPEND)
    assert machine.text("devices/usb1/1-1/power/control") == "on"


def test_kernel_without_runtime_power_management_is_told_before(machine):
    (machine.sys / "devices/usb1/1-1/power/runtime_status").write_text("unsupported\n")
    assert "cannot suspend this device" in machine.card().unfit(LifecycleEvent.AUTOSUSPEND)


@pytest.mark.parametrize(
    ("state", "wakes", "told"),
    [
        ("freeze mem disk\n", "enabled\n", ""),
        ("freeze\n", "enabled\n", "has no 'mem'"),
        ("", "enabled\n", "has no 'mem'"),
        ("mem\n", "disabled\n", "no clock that wakes"),
        ("mem\n", None, "no clock that wakes"),
    ],
)
def test_machine_that_could_not_sleep_or_wake_is_told_before(machine, monkeypatch, state, wakes, told):
    monkeypatch.setattr(lifecycle.os, "geteuid", lambda: 0)
    clock = machine.sys / "class/rtc/rtc0/device/power"
    clock.mkdir(parents=True)
    (machine.sys / "power").mkdir()
    (machine.sys / "power/state").write_text(state)
    if wakes is not None:
        (clock / "wakeup").write_text(wakes)
    said = machine.card().unfit(LifecycleEvent.SUSPEND)
    assert told in said
    assert bool(said) is bool(told)


def test_single_governor_is_told_before(machine):
    folder = machine.sys / "devices/system/cpu/cpu0/cpufreq"
    folder.mkdir(parents=True)
    (folder / "scaling_governor").write_text("performance\n")
    (folder / "scaling_available_governors").write_text("performance\n")
    assert "there is no other one" in machine.card().unfit(LifecycleEvent.GOVERNOR)
    (folder / "scaling_available_governors").write_text("performance powersave\n")
    assert machine.card().unfit(LifecycleEvent.GOVERNOR) == ""


def test_autosuspend_puts_the_policy_back(machine):
    machine.card().perform(LifecycleEvent.AUTOSUSPEND)
    assert machine.text("devices/usb1/1-1/power/control") == "on"


def test_reload_unloads_and_loads_with_the_options_of_the_event(machine):
    machine.card(options=("use_vmalloc=0",)).perform(LifecycleEvent.MODULE_RELOAD)
    assert machine.ran == [
        ["modprobe", "-r", "snd_usb_audio"],
        ["modprobe", "snd_usb_audio", "use_vmalloc=0"],
    ]


def test_module_that_is_in_use_is_a_device_error_and_nothing_is_left_undone(machine):
    card = machine.card()
    card.run = lambda argv: "Module snd_usb_audio is in use"
    with pytest.raises(DeviceError, match="in use"):
        card.perform(LifecycleEvent.MODULE_RELOAD)
    assert undo.left(machine.sys / "notes") == []
    assert list((machine.sys / "notes").iterdir()) == []


def test_module_that_does_not_load_again_leaves_a_note_with_its_parameters(machine):
    card = machine.card(options=("use_vmalloc=0",))
    card.run = lambda argv: "" if "-r" in argv else "No such device"
    with pytest.raises(DeviceError, match="No such device"):
        card.perform(LifecycleEvent.MODULE_RELOAD)
    (note,) = (machine.sys / "notes").iterdir()
    assert "modprobe snd_usb_audio use_vmalloc=Y" in note.read_text()


def test_card_that_comes_back_under_another_number_is_known_by_its_usb_path(machine):
    card = machine.card()
    machine.moved_to(5)
    (machine.sys / "class/sound/card2/pcmC2D0p").mkdir(parents=True)
    (machine.sys / "class/sound/card2/device").symlink_to(machine.sys / "devices/usb1/1-1" / INTERFACE)
    assert card.perform(LifecycleEvent.USB_REBIND) == 5
    assert card.card == 5


def test_card_that_does_not_come_back_is_gone_after_the_limit(machine):
    card = machine.card()
    machine.numbers.clear()
    with pytest.raises(DeviceGone, match=r"1-1: did not come back within 15 s of usb-power"):
        card.perform(LifecycleEvent.USB_POWER)
    assert machine.asleep >= lifecycle.MOST_BACK_S


def test_card_without_its_pcms_is_not_back_yet(machine):
    card = machine.card()
    (machine.sys / "class/sound/card2/pcmC2D0p").rmdir()
    with pytest.raises(DeviceGone):
        card.perform(LifecycleEvent.USB_POWER)


def test_other_device_on_the_same_port_is_not_taken_for_the_card(machine):
    card = machine.card()
    machine.numbers[2] = UsbFacts(1, 8, "1-1", "1234", "0001", "Mouse", 12.0, "vhci_hcd", ())
    with pytest.raises(DeviceGone):
        card.perform(LifecycleEvent.USB_POWER)


@pytest.mark.parametrize(
    "event",
    [
        LifecycleEvent.USB_RESET,
        LifecycleEvent.USB_REBIND,
        LifecycleEvent.USB_POWER,
        LifecycleEvent.AUTOSUSPEND,
    ],
)
def test_card_that_is_not_usb_cannot_have_usb_events(machine, event):
    machine.numbers.clear()
    assert "is not a USB card" in machine.card().unfit(event)


@pytest.mark.parametrize(
    "event",
    [
        LifecycleEvent.NONE,
        LifecycleEvent.RESTART,
        LifecycleEvent.REOPEN,
        LifecycleEvent.XRUN,
        LifecycleEvent.RATE,
    ],
)
def test_events_of_the_pcm_alone_need_nothing_of_the_machine(machine, event):
    machine.numbers.clear()
    assert machine.card().unfit(event) == ""


def test_machine_without_cpu_hotplug_says_which_file_is_missing(machine):
    assert "online is not there" in machine.card().unfit(LifecycleEvent.CPU_OFFLINE)


def test_what_can_be_done_is_not_refused(machine):
    card = machine.card()
    assert card.unfit(LifecycleEvent.USB_REBIND) == ""
    assert card.unfit(LifecycleEvent.USB_POWER) == ""


def test_driver_is_loaded_with_each_kind_of_memory_and_put_back_as_it_was(machine):
    card = machine.card()
    card.load_driver(False)
    card.load_driver(True)
    card.put_back()
    card.put_back()
    unload = ["modprobe", "-r", "snd_usb_audio"]
    assert machine.ran == [
        unload,
        ["modprobe", "snd_usb_audio", "use_vmalloc=0"],
        unload,
        ["modprobe", "snd_usb_audio", "use_vmalloc=1"],
        unload,
        ["modprobe", "snd_usb_audio", "use_vmalloc=Y"],
    ]
    assert list((machine.sys / "notes").iterdir()) == []


def test_note_says_how_to_put_the_driver_back_until_it_is(machine, monkeypatch):
    card = machine.card()
    card.load_driver(False)
    # As the next process sees it, once this one is dead.
    monkeypatch.setattr(undo, "_start_of", lambda pid: "")
    (left,) = undo.left(machine.sys / "notes")
    assert left.how == "modprobe -r snd_usb_audio; modprobe snd_usb_audio use_vmalloc=Y"
    assert "loaded with other parameters" in left.what


def test_driver_that_does_not_load_with_the_parameter_is_put_back(machine):
    def run(argv):
        machine.ran.append(list(argv))
        return "invalid argument" if "use_vmalloc=0" in argv else ""

    card = machine.card()
    card.run = run
    with pytest.raises(DeviceError, match="invalid argument"):
        card.load_driver(False)
    card.put_back()
    assert machine.ran[-1] == ["modprobe", "snd_usb_audio", "use_vmalloc=Y"]


def test_event_that_reloads_keeps_the_memory_that_the_arm_asked_for(machine):
    card = machine.card()
    card.load_driver(False)
    card.perform(LifecycleEvent.MODULE_RELOAD)
    assert machine.ran[-1] == ["modprobe", "snd_usb_audio", "use_vmalloc=0"]


@pytest.mark.parametrize(
    ("break_it", "told"),
    [
        (lambda sys: (sys / "bus/usb/drivers/snd-usb-audio/module").unlink(), "built into the kernel"),
        (lambda sys: (sys / "module/snd_usb_audio/parameters/use_vmalloc").unlink(), "no such parameter"),
    ],
)
def test_driver_that_cannot_be_loaded_otherwise_says_why(machine, break_it, told):
    break_it(machine.sys)
    assert told in machine.card().unfit_driver()


def test_driver_needs_root(machine, monkeypatch):
    assert machine.card().unfit_driver() == ""
    monkeypatch.setattr(lifecycle.os, "geteuid", lambda: 1000)
    assert "root" in machine.card().unfit_driver()


def test_reset_without_pyusb_is_refused_before_anything_streams(machine, monkeypatch):
    monkeypatch.setattr(lifecycle.usb_control, "lacks", lambda: "needs pyusb")
    assert machine.card().unfit(LifecycleEvent.USB_RESET) == "usb-reset: needs pyusb"
