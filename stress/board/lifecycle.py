# SPDX-License-Identifier: MIT
"""Life-cycle events of a card and its machine: what each needs, and doing it.

Each change is one value written to sysfs, or one modprobe, with its way back;
`stress.board.undo` keeps a note of it until it is undone. The card is known by
its USB path, or by its id where it is no USB card: its number may change.

Source: Documentation/ABI/testing/sysfs-bus-usb (authorized, power/control),
Documentation/driver-api/driver-model/binding.rst, rtcwake(8).
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from stress.board import undo, usb, usb_control
from stress.board.text import text_of
from stress.errors import DeviceError, DeviceGone
from stress.model.lifecycle import LifecycleEvent

# How long a card may take to come back [s]. Source: a hub's reset and a driver's probe take 0.1 to 2 s;
# HDMI-class devices up to 5. Higher: a dead card holds the run up; lower: a slow one is called gone.
MOST_BACK_S = 15.0
_LOOK_S = 0.02
_SUSPENDED_S = 5
_RUN_S = 60


def _ran(argv: Sequence[str]) -> str:
    # Names what failed in one line; a program that is not there is found before.
    try:
        done = subprocess.run(list(argv), capture_output=True, text=True, check=False, timeout=_RUN_S)
    except subprocess.TimeoutExpired:
        return f"did not end within {_RUN_S} s"
    said = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
    return said[-1] if done.returncode else ""


@dataclass
class Lifecycle:
    """Does events to one card.

    Parameters
    ----------
    card : ALSA number of the card when the run began.
    options : parameters of the module when it is loaded again, e.g. "use_vmalloc=0".
    sys : root of sysfs.
    run : runs a command and returns "" or why it failed.
    look : reads the USB facts of a card number, None where it is none.
    place : folder of the undo notes, None for the usual one.

    Threads: one.
    """

    card: int
    options: tuple[str, ...] = ()
    sys: Path = Path("/sys")
    run: Callable[[Sequence[str]], str] = _ran
    look: Callable[[int], usb.UsbFacts | None] = usb.read
    place: Path | None = None
    wait: Callable[[float], None] = time.sleep
    _facts: usb.UsbFacts | None = field(init=False)
    _loaded: contextlib.ExitStack | None = field(init=False, default=None)
    _down_s: float = field(init=False, default=0.0)

    def __post_init__(self) -> None:
        self._facts = self.look(self.card)

    def unfit(self, event: LifecycleEvent) -> str:
        """Return why `event` cannot be done here, "" when it can; nothing is touched."""
        if not event.on_machine:
            return ""
        return self._lacks(event) or self._unwritable(event)

    def _lacks(self, event: LifecycleEvent) -> str:
        if event.on_usb and self._facts is None:
            return f"{event.value}: card {self.card} is not a USB card"
        if event is LifecycleEvent.USB_RESET and usb_control.lacks():
            return f"{event.value}: {usb_control.lacks()}"
        if event is LifecycleEvent.MODULE_RELOAD and (not self._driver() or not shutil.which("modprobe")):
            return f"{event.value}: the card's driver is not a module, or modprobe is missing"
        return {
            LifecycleEvent.SUSPEND: self._no_suspend,
            LifecycleEvent.AUTOSUSPEND: self._no_autosuspend,
            LifecycleEvent.GOVERNOR: self._no_governor,
        }.get(event, str)()

    def _no_suspend(self) -> str:
        # What rtcwake(8) asks as well, but only when the machine is about to sleep.
        if not shutil.which("rtcwake"):
            return "suspend: rtcwake is missing (package util-linux)"
        state = self.sys / "power/state"
        if "mem" not in text_of(state).split():
            return f"suspend: the kernel cannot suspend to memory ({state} has no 'mem')"
        wakes = self.sys / "class/rtc/rtc0/device/power/wakeup"
        if text_of(wakes).strip() != "enabled":
            return f"suspend: no clock that wakes this machine up ({wakes} is not 'enabled')"
        return ""

    def _no_autosuspend(self) -> str:
        status = self._device() / "power" / "runtime_status"
        if text_of(status).strip() == "unsupported":
            return f"autosuspend: the kernel cannot suspend this device ({status} is 'unsupported')"
        return ""

    def _no_governor(self) -> str:
        offered = self.sys / "devices/system/cpu/cpu0/cpufreq/scaling_available_governors"
        if offered.exists() and len(set(text_of(offered).split())) < 2:
            return f"governor: there is no other one ({offered})"
        return ""

    def _unwritable(self, event: LifecycleEvent) -> str:
        path = self._target(event)
        if path is None:
            return "" if os.geteuid() == 0 else f"{event.value}: needs root"
        if not path.exists():
            return f"{event.value}: {path} is not there"
        return "" if os.access(path, os.W_OK) else f"{event.value}: {path} cannot be written (root)"

    def _target(self, event: LifecycleEvent) -> Path | None:
        device = self._device()
        return {
            LifecycleEvent.USB_REBIND: self.sys / "bus/usb/drivers/usb/unbind",
            LifecycleEvent.USB_POWER: device / "authorized",
            LifecycleEvent.AUTOSUSPEND: device / "power" / "control",
            LifecycleEvent.CPU_OFFLINE: self._last_cpu() / "online",
            LifecycleEvent.GOVERNOR: self.sys / "devices/system/cpu/cpu0/cpufreq/scaling_governor",
        }.get(event)

    def perform(self, event: LifecycleEvent, down_s: float = 0.0) -> int:
        """Do `event`, wait until the card is there again, and return its number.

        The PCM must be closed where `LifecycleEvent.closes`.

        Parameters
        ----------
        down_s : how long the device stays away, or the machine changed, at least [s].

        Raises
        ------
        DeviceGone : the card did not come back within `MOST_BACK_S`.
        DeviceError : a step was refused; what was changed before it is undone.
        """
        steps: dict[LifecycleEvent, Callable[[], None]] = {
            LifecycleEvent.USB_RESET: self._reset,
            LifecycleEvent.USB_REBIND: self._rebind,
            LifecycleEvent.USB_POWER: self._power,
            LifecycleEvent.AUTOSUSPEND: self._autosuspend,
            LifecycleEvent.MODULE_RELOAD: self._reload,
            LifecycleEvent.CPU_OFFLINE: self._cpu,
            LifecycleEvent.GOVERNOR: self._governor,
            LifecycleEvent.SUSPEND: self._suspend,
        }
        if event not in steps:
            return self.card
        self._down_s = down_s
        try:
            steps[event]()
        except OSError as error:
            if isinstance(error, DeviceError):
                raise
            text = f"{event.value}: {error.strerror or error}"
            raise DeviceError(text, errno_=error.errno, device=f"card {self.card}") from None
        return self._back(event) if event.closes else self.card

    def _reset(self) -> None:
        if self._facts is not None:
            usb_control.reset(self._facts.bus, self._facts.device)

    def _rebind(self) -> None:
        # The whole device: snd-usb-audio makes no card anew while it still drives another interface of it.
        driver, name = self.sys / "bus/usb/drivers/usb", self._device().name
        self._swapped(driver / "unbind", name, driver / "bind", name, f"USB device {name} has no driver")

    def _power(self) -> None:
        path = self._device() / "authorized"
        self._swapped(path, "0", path, "1", f"USB device {path.parent.name} is not authorized")

    def _autosuspend(self) -> None:
        control = self._device() / "power" / "control"
        before = text_of(control).strip() or "on"
        what = f"autosuspend of USB device {control.parent.parent.name} is set to auto"
        with undo.changed(
            lambda: control.write_text("auto"),
            lambda: control.write_text(before),
            what,
            f"echo {before} > {control}",
            self.place,
        ):
            status = control.parent / "runtime_status"
            if not self._until(lambda: text_of(status).strip() == "suspended"):
                told = f"did not suspend within {MOST_BACK_S:.0f} s, its state is {text_of(status).strip()}"
                raise DeviceError(f"autosuspend: the device {told}", device=f"card {self.card}")
            self.wait(self._down_s)

    def _reload(self) -> None:
        module = self._driver()
        # Killed in between, the parameters in force come back; the event itself loads with its own.
        kept = " ".join(f"{name}={value}" for name, value in self._parameters(module))
        with undo.changed(
            lambda: self._must(["modprobe", "-r", module]),
            lambda: self._must(["modprobe", module, *self.options]),
            f"the module {module} is unloaded",
            f"modprobe {module} {kept}".strip(),
            self.place,
        ):
            self.wait(max(_LOOK_S, self._down_s))

    def unfit_driver(self) -> str:
        """Return why the driver cannot be loaded with another use_vmalloc, "" when it can."""
        module = self._driver()
        if not module or not shutil.which("modprobe"):
            return "use_vmalloc: the card's driver is built into the kernel, or modprobe is missing"
        if "use_vmalloc" not in dict(self._parameters(module)):
            return f"use_vmalloc: {module} has no such parameter (snd-usb-audio has it since 4.18)"
        return "" if os.geteuid() == 0 else "use_vmalloc: loading a module needs root"

    def load_driver(self, vmalloc: bool) -> int:
        """Load the card's driver with use_vmalloc=1 or =0, and return the card's number.

        The PCM must be closed. `put_back` loads it with the parameters it had; a note says so until then.

        Raises
        ------
        DeviceGone, DeviceError : as `perform`.
        """
        module = self._driver()
        self.options = (f"use_vmalloc={int(vmalloc)}",)
        if self._loaded is None:
            kept = " ".join(f"{name}={value}" for name, value in self._parameters(module))
            self._loaded = contextlib.ExitStack()
            self._loaded.enter_context(
                undo.changed(
                    lambda: self._must(["modprobe", "-r", module]),
                    lambda: self._load_anew(module, kept.split()),
                    f"the module {module} is loaded with other parameters, or not at all",
                    f"modprobe -r {module}; modprobe {module} {kept}".strip(),
                    self.place,
                )
            )
            self._must(["modprobe", module, *self.options])
        else:
            self._load_anew(module, self.options)
        return self._back(LifecycleEvent.MODULE_RELOAD)

    def put_back(self) -> None:
        """Load the driver with the parameters it had, where `load_driver` changed them.

        Raises
        ------
        DeviceError : modprobe refused; the note stays.
        """
        loaded, self._loaded = self._loaded, None
        if loaded is not None:
            self.options = ()
            loaded.close()

    def _load_anew(self, module: str, options: Sequence[str]) -> None:
        self._must(["modprobe", "-r", module])
        self._must(["modprobe", module, *options])

    def _cpu(self) -> None:
        path = self._last_cpu() / "online"
        self._swapped(path, "0", path, "1", f"{path.parent.name} is offline")

    def _governor(self) -> None:
        path = self.sys / "devices/system/cpu/cpu0/cpufreq/scaling_governor"
        before = text_of(path).strip()
        offered = text_of(path.parent / "scaling_available_governors").split()
        other = next((name for name in offered if name != before), before)
        self._swapped(path, other, path, before, f"the frequency governor of cpu0 is {other}")

    def _suspend(self) -> None:
        self._must(["rtcwake", "-m", "mem", "-s", str(max(_SUSPENDED_S, math.ceil(self._down_s)))])

    def _swapped(self, there: Path, value: str, back: Path, other: str, what: str) -> None:
        how = f"echo {other} > {back}"
        with undo.changed(
            lambda: there.write_text(value), lambda: back.write_text(other), what, how, self.place
        ):
            self.wait(max(_LOOK_S, self._down_s))

    def _must(self, argv: Sequence[str]) -> None:
        failed = self.run(argv)
        if failed:
            raise DeviceError(f"{' '.join(argv)}: {failed}", device=f"card {self.card}")

    def _until(self, happened: Callable[[], bool]) -> bool:
        for _ in range(round(MOST_BACK_S / _LOOK_S)):
            if happened():
                return True
            self.wait(_LOOK_S)
        return happened()

    def _back(self, event: LifecycleEvent) -> int:
        found: list[int] = []

        def there() -> bool:
            found[:] = [number for number in self._numbers() if self._same(number)]
            return bool(found)

        if not self._until(there):
            where = self._facts.path if self._facts else f"card {self.card}"
            raise DeviceGone(f"did not come back within {MOST_BACK_S:.0f} s of {event.value}", device=where)
        self.card = found[0]
        self._facts = self.look(self.card)
        return self.card

    def _numbers(self) -> list[int]:
        names = [path.name[4:] for path in (self.sys / "class/sound").glob("card*")]
        return sorted(int(name) for name in names if name.isdigit())

    def _same(self, number: int) -> bool:
        # The card is there before its PCMs are.
        if not list((self.sys / "class/sound" / f"card{number}").glob("pcm*")):
            return False
        if self._facts is None:
            return number == self.card
        found = self.look(number)
        return found is not None and (found.path, found.vendor, found.product) == (
            self._facts.path,
            self._facts.vendor,
            self._facts.product,
        )

    def _device(self) -> Path:
        return self.sys / "bus/usb/devices" / (self._facts.path if self._facts else "none")

    def _bus_driver(self) -> Path:
        return (self.sys / "class/sound" / f"card{self.card}" / "device" / "driver").resolve()

    def _driver(self) -> str:
        module = self._bus_driver() / "module"
        return module.resolve().name if module.exists() else ""

    def _parameters(self, module: str) -> list[tuple[str, str]]:
        folder = self.sys / "module" / module / "parameters"
        names = sorted(path.name for path in folder.glob("*")) if folder.is_dir() else []
        return [
            (name, text_of(folder / name).strip()) for name in names if name in ("use_vmalloc", "lowlatency")
        ]

    def _last_cpu(self) -> Path:
        found = sorted((self.sys / "devices/system/cpu").glob("cpu[0-9]*/online"))
        return found[-1].parent if found else self.sys / "devices/system/cpu/none"
