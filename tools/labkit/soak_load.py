# SPDX-License-Identifier: MIT
"""Inside the guest: work beside the runs of a soak, in the manner of stress-ng.

Each worker repeats one shell command for a random time, then rests for a random
time: a load that begins and ends disturbs more than one that stays.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

#: Name -> shell command that never ends by itself; {place} is a file in memory.
LOADS: Mapping[str, str] = {
    "cpu": "exec sha256sum /dev/zero",
    "memory": "exec dd if=/dev/zero of=/dev/null bs=4M",
    "syscalls": "exec dd if=/dev/zero of=/dev/null bs=1",
    "files": "while :; do dd if=/dev/urandom of={place} bs=64k count=64; rm {place}; done",
    "processes": "while :; do /bin/true; done",
    "pipes": "dd if=/dev/zero bs=512 | cat >/dev/null",
}
# Work and rest of one worker, shortest and longest [s]. Longer: a short run sees one state only; shorter:
# starting processes is all that the load does.
_WORK_S = (1.0, 8.0)
_REST_S = (0.5, 4.0)


def _worker(name: str, number: int, ended: threading.Event, chance: random.Random) -> None:
    command = LOADS[name].format(place=f"/tmp/soak-{name}-{number}")
    while not ended.is_set():
        process = subprocess.Popen(
            ["sh", "-c", command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        ended.wait(chance.uniform(*_WORK_S))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        ended.wait(chance.uniform(*_REST_S))


@contextmanager
def loads(names: list[str], seed: int) -> Iterator[None]:
    """Keep one worker per name at work while the block runs; KeyError for a name that is not in LOADS."""
    ended = threading.Event()
    workers = [
        threading.Thread(target=_worker, args=(name, number, ended, random.Random(seed + number)))
        for number, name in enumerate(names)
    ]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        ended.set()
        for worker in workers:
            worker.join()
