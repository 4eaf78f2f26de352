# SPDX-License-Identifier: MIT
"""Facts of the running kernel: release, boot log, how the USB ring is allocated."""

from __future__ import annotations

import gzip
import os
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

from stress.board.text import text_of

# Options that decide what can be seen or done here.
OPTIONS = (
    "CONFIG_SND_USB_AUDIO",
    "CONFIG_SND_ALOOP",
    "CONFIG_USB_MON",
    "CONFIG_PREEMPT",
    "CONFIG_PREEMPT_RT",
    "CONFIG_HZ",
    "CONFIG_CPU_DCACHE_WRITETHROUGH",
    "CONFIG_CPU_CACHE_ROUND_ROBIN",
    "CONFIG_PROC_PAGE_MONITOR",
    "CONFIG_SND_PCM_XRUN_DEBUG",
)
MOST_LOG_BYTES = 1 << 20


@dataclass(frozen=True)
class KernelFacts:
    """What the kernel says of itself.

    Parameters
    ----------
    use_vmalloc : True, False, or None where snd-usb-audio has no such parameter
        (older than 4.18: always vmalloc) or is not loaded.
    driver_loaded : whether snd-usb-audio is there at all.
    memory_policy : the boot log's "Memory policy" line, "" when unreadable.
    config : the options of `OPTIONS` that are readable; empty without config.
    """

    release: str
    use_vmalloc: bool | None
    driver_loaded: bool
    memory_policy: str
    config: dict[str, str]


def boot_log(path: str = "/dev/kmsg") -> str:
    """Return the kernel's messages, "" where they may not be read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except OSError:
        return ""
    try:
        return "\n".join(_records(handle))
    finally:
        os.close(handle)


def _records(handle: int) -> list[str]:
    # One read is one record "priority,sequence,time,flags;text\n"; EPIPE means records were overwritten.
    texts: list[str] = []
    size = 0
    while size < MOST_LOG_BYTES:
        try:
            record = os.read(handle, 8192)
        except BlockingIOError:
            break
        except BrokenPipeError:
            continue
        except OSError:
            break
        if not record:
            break
        size += len(record)
        texts.append(record.decode("utf-8", "replace").partition(";")[2].split("\n", 1)[0])
    return texts


def use_vmalloc(sys: Path = Path("/sys")) -> tuple[bool | None, bool]:
    """Return snd-usb-audio's use_vmalloc, and whether the driver is loaded.

    Source: sound/usb/card.c, parameter since 4.18, fixed when the driver loads.
    """
    module = sys / "module" / "snd_usb_audio"
    said = text_of(module / "parameters" / "use_vmalloc").strip()
    return (said in ("Y", "1") if said else None), bool(said) or module.is_dir()


def version(release: str) -> tuple[int, int, int]:
    """Return a kernel release as numbers; (0, 0, 0) where it has none."""
    match = re.match(r"(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?", release)
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else (0, 0, 0)


def vmalloc_remedy(release: str) -> str:
    """Return what use_vmalloc can do on this kernel, in words.

    Source: f274baa49be6 (4.18, the parameter); "ALSA: usb-audio: Fix PCM buffer
    allocation in non-vmalloc mode" (stable 5.10.20).
    """
    found = version(release)
    if (0, 0, 0) < found < (4, 18, 0):
        return "snd-usb-audio has use_vmalloc since 4.18 only: use read/write access, or a newer kernel"
    if (5, 0, 0) <= found < (5, 10, 20):
        return (
            "use_vmalloc=0 does not work in 5.x before 5.10.20 (no buffer): use read/write access, "
            "or update the kernel"
        )
    return "use_vmalloc=0 of snd-usb-audio (4.18 and later, 5.x from 5.10.20) avoids it"


def config(release: str, root: Path = Path("/")) -> dict[str, str]:
    """Return the options of `OPTIONS` from /proc/config.gz or /boot."""
    text = config_text(release, root)
    if not text:
        return {}
    found = dict(re.findall(r"^(CONFIG_\w+)=(.*)$", text, re.MULTILINE))
    return {name: found.get(name, "n") for name in OPTIONS}


def config_text(release: str, root: Path = Path("/")) -> str:
    """Return the running kernel's configuration, "" where there is none to read."""
    try:
        return gzip.decompress((root / "proc/config.gz").read_bytes()).decode("utf-8", "replace")
    except (OSError, EOFError, zlib.error):
        return text_of(root / f"boot/config-{release}")


def read(log: str, root: Path = Path("/")) -> KernelFacts:
    """Return the facts of this kernel, given its messages."""
    release = os.uname().release
    policy = re.search(r"Memory policy: .*", log)
    vmalloc, loaded = use_vmalloc(root / "sys")
    return KernelFacts(
        release=release,
        use_vmalloc=vmalloc,
        driver_loaded=loaded,
        memory_policy=policy.group(0) if policy else "",
        config=config(release, root),
    )
