# SPDX-License-Identifier: MIT
"""A root file system: Debian packages plus the links maintainer scripts would make."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from tools.labkit import apt, bytecode, cache, need
from tools.labkit.errors import LabError

# What "extract" leaves out because only essential packages bring it.
BASE = (
    "base-files",
    "bash",
    "busybox-static",
    "coreutils",
    "dash",
    "debianutils",
    "findutils",
    "grep",
    "gzip",
    "kmod",
    "mawk",
    "mount",
    "procps",
    "sed",
    "tar",
    "util-linux",
)
# The userland of this machine's architecture whose Python compiles the others' modules.
_COMPILER = ("python3",)
# Bump when this file changes what a root file system contains.
_RECIPE = 3
_FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534:nobody:/:/bin/false\n",
    "etc/group": "root:x:0:\naudio:x:29:\nnogroup:x:65534:\n",
    "etc/hosts": "127.0.0.1 localhost\n",
    "etc/hostname": "lab\n",
}


def name(release: str, arch: str, packages: Sequence[str]) -> str:
    """Return the name of the cache entry."""
    return f"userland-{release}-{arch}-{cache.key(_RECIPE, _wanted(packages))}"


def compiler_name(release: str) -> str:
    """Return the cache entry of the Python that compiles a release's modules."""
    return name(release, bytecode.host_arch(), _COMPILER)


def _wanted(packages: Sequence[str]) -> list[str]:
    return sorted({*BASE, *packages})


def build(release: str, arch: str, packages: Sequence[str], *, force: bool = False) -> Path:
    """Return the root file system, downloaded and unpacked when absent."""
    wanted = _wanted(packages)

    def make(into: Path) -> None:
        with cache.step(f"userland {release}/{arch}"):
            apt.extract(release, arch, wanted, into)
            finish(into)
        if any(package == "python3" for package in wanted):
            _compile(release, arch, into)

    return cache.artifact(name(release, arch, packages), make, force=force)


def _compile(release: str, arch: str, rootfs: Path) -> None:
    own = bytecode.host_arch()
    if not own:
        cache.say("no byte code is made on this kind of machine: guests import slowly")
        return
    python_root = rootfs if arch == own else build(release, own, _COMPILER)
    with cache.step(f"byte code of userland {release}/{arch}"):
        bytecode.compile_modules(python_root, rootfs)


def finish(rootfs: Path) -> None:
    """Do what the packages' maintainer scripts would have done."""
    for folder in ("bin", "sbin", "lib", "lib64"):
        # Releases with merged /usr ship no such directory, their base-files a link at most.
        if not (rootfs / folder).exists() and (rootfs / "usr" / folder).is_dir():
            (rootfs / folder).symlink_to(f"usr/{folder}")
    for folder in ("dev", "proc", "sys", "run", "tmp", "root", "project", "lab"):
        (rootfs / folder).mkdir(exist_ok=True)
    for path, text in _FILES.items():
        (rootfs / path).write_text(text)
    _link(rootfs / "bin/sh", "dash")
    _link(rootfs / "usr/bin/awk", "mawk")
    _link(rootfs / "usr/bin/which", "which.debianutils")
    for library in ("blas", "lapack"):
        for found in rootfs.glob(f"usr/lib/*/{library}/lib{library}.so.3"):
            _link(found.parents[1] / found.name, f"{library}/{found.name}")
    for modules in rootfs.glob("lib/modules/*"):
        depmod(rootfs, modules.name)


def depmod(base: Path, version: str) -> None:
    """Write the module dependencies of one kernel under `base`."""
    done = subprocess.run([need.find("depmod"), "-b", str(base), version], capture_output=True, text=True)
    if done.returncode:
        raise LabError(f"depmod {version}: {done.stderr.strip()}")


def _link(path: Path, target: str) -> None:
    if not path.exists() and not path.is_symlink():
        path.symlink_to(target)
