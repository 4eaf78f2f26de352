# SPDX-License-Identifier: MIT
"""The transport of a virtual board, as its description has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.model import transport
from stress.model.transport import TransportRecord
from stress.virtual.loads import shares_the_cpu

if TYPE_CHECKING:
    from stress.virtual.spec import BoardSpec

RELEASE = "modelled after Linux 6.1"


def transport_of(spec: BoardSpec) -> TransportRecord:
    """Return what carries the sound on the board that `spec` describes."""
    shape, usb = spec.cache.shape(), spec.transport == transport.USB
    indexing = transport.COHERENT
    if shape.tagging == "vivt":
        indexing = transport.VIVT
    elif shape.aliasing:
        indexing = transport.VIPT_ALIASING
    return TransportRecord(
        kind=spec.transport,
        driver="modelled",
        host=spec.usb.host if usb else "",
        speed_mbps=(12.0 if spec.usb.packet_us == 1000 else 480.0) if usb else 0.0,
        packet_us=spec.usb.packet_us if usb else 0,
        sync="ADAPTIVE" if usb else "",
        kernel=RELEASE,
        core=spec.title,
        indexing=indexing,
        snooped=spec.architecture == "x86",
        cpus=1 if shares_the_cpu(spec) else 2,
        colours=shape.colours,
    )
