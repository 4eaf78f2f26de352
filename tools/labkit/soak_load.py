# SPDX-License-Identifier: MIT
"""Inside the guest: work beside the runs of a soak, in the manner of stress-ng.

Each worker keeps a shell command going for a random time, rests for a random time and
takes another one: a load that begins and ends disturbs more than one that stays.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
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


def _worker(names: Sequence[str], number: int, ended: threading.Event, chance: random.Random) -> None:
    while not ended.is_set():
        command = LOADS[chance.choice(names)].format(place=f"/tmp/soak-file-{number}")
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
def loads(names: Sequence[str], number: int, seed: int) -> Iterator[None]:
    """Keep `number` workers at work while the block runs, each with one of `names` at a time."""
    ended = threading.Event()
    workers = [
        threading.Thread(target=_worker, args=(names, each, ended, random.Random(seed + each)))
        for each in range(number if names else 0)
    ]
    for worker in workers:
        worker.start()
    try:
        yield
    finally:
        ended.set()
        for worker in workers:
            worker.join()
