# SPDX-License-Identifier: MIT
"""Turn what two calls returned into an `Exchange`."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING

from stress.model.pcm import Exchange, Lost, StreamResult
from stress.pcm.alsa import naming

if TYPE_CHECKING:
    from stress.model.middle import Stood
    from stress.pcm.alsa.transfer_thread import LaneResult
    from stress.pcm.alsa.window import WindowResult

#: Negative returns that are stream events: xrun, unplug, dropped before the
#: first frame, and the kernel's own wait (rw access) giving up.
EVENTS = (-errno.EPIPE, -errno.ENODEV, -errno.EBADFD, -errno.EIO)


@dataclass(frozen=True)
class Ended:
    """One direction at the end of the burst.

    Parameters
    ----------
    device : name for messages.
    lane : None when the direction was not used.
    hw_ptr : before anything was dropped where possible; None when unknown [frames].
    ring : buffer_size [frames].
    waits : see `StreamResult`.
    """

    device: str
    lane: LaneResult | None
    hw_ptr: int | None
    ring: int
    waits: int = 0

    def result(self) -> StreamResult:
        """Return the direction as data; DeviceError for what is no stream event."""
        lane = self.lane
        if lane is None:
            return StreamResult(frames=0, state="OPEN")
        if lane.returned < 0 and lane.returned not in EVENTS:
            raise naming.call_error(self.device, "transfer", lane.returned)
        frames = max(lane.returned, 0)
        return StreamResult(
            frames=frames,
            state=lane.state,
            xruns=int(lane.state == "XRUN" or lane.returned == -errno.EPIPE),
            hw_ptr=self.hw_ptr,
            appl_ptr=frames,
            started_ns=lane.started_ns,
            ended_ns=lane.ended_ns,
            voluntary=lane.voluntary,
            involuntary=lane.involuntary,
            minor_faults=lane.minor_faults,
            waits=self.waits,
            least_queued=lane.least_queued,
        )

    @property
    def gone(self) -> bool:
        """True when the device was disconnected."""
        return self.lane is not None and (
            self.lane.state == "DISCONNECTED" or self.lane.returned == -errno.ENODEV
        )

    @property
    def left_ring(self) -> int:
        """Frames of the play buffer that left the ring [frames].

        What was written is queued between hw_ptr and appl_ptr until the device
        takes it. Without hw_ptr, everything older than one ring is known gone.
        """
        frames = max(self.lane.returned, 0) if self.lane else 0
        if self.hw_ptr is None:
            return max(0, frames - self.ring)
        return max(0, min(frames, self.hw_ptr))


def exchange(
    window: WindowResult,
    playback: Ended,
    capture: Ended,
    notes: tuple[str, ...],
    stood: Stood | None = None,
) -> Exchange:
    """Return what the burst gave back; `stood` is what its middle was like."""
    lost = None
    if playback.gone or capture.gone:
        lost = Lost.GONE
    elif window.frozen:
        lost = Lost.FROZEN
    if window.late_looks and not window.frozen:
        notes += (f"the burst was overdue; Python woke {window.late_looks} times to look for progress",)
    return Exchange(
        playback=playback.result(),
        capture=capture.result(),
        played_limit=playback.left_ring,
        lost=lost,
        notes=notes,
        stood=stood,
    )
