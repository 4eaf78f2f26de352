# SPDX-License-Identifier: MIT
"""The card: PDUs in, PDUs out. Knows no socket, no clock and no kernel."""

from __future__ import annotations

from tools.softcardkit.config import CardConfig
from tools.softcardkit.engine import Engine
from tools.softcardkit.inject import Injected
from tools.softcardkit.log import EventLog
from tools.softcardkit.requests import ControlEndpoint
from tools.softcardkit.urbs import Endpoint
from tools.softcardkit.wire import (
    DIR_IN,
    STALLED,
    UNLINKED,
    Submit,
    Unlink,
    ret_submit,
    ret_unlink,
)

_SEQNUM_MASK = 0xFFFFFFFF


class SoftCard:
    """Dispatch what the host sends to the control endpoint or the engine.

    Parameters
    ----------
    serial : serial number string, by which the card is found in sysfs.

    Threads: one.
    """

    def __init__(
        self,
        config: CardConfig,
        serial: str = "0",
        injected: Injected | None = None,
        log: EventLog | None = None,
    ) -> None:
        self.config = config
        self.engine = Engine(config, injected, log)
        engine = self.engine
        self.control = ControlEndpoint(
            config, serial, engine.set_interface, engine.set_rate, engine.lifecycle, engine.volume
        )
        self._newest = 0
        self._overtaken: dict[int, int] = {}
        self._endpoints: dict[tuple[int, int], Endpoint] = {
            (1, 0): self.engine.playback,
            (1, 1): self.engine.feedback,
            (2, 1): self.engine.capture,
        }

    def handle(self, pdu: Submit | Unlink) -> None:
        """Take one PDU; what is to be sent is in ``engine.replies``."""
        if isinstance(pdu, Unlink):
            self._unlink(pdu)
            return
        self._newest = pdu.seqnum
        if pdu.seqnum in self._overtaken:
            unlink = self._overtaken.pop(pdu.seqnum)
            self.engine.replies.append(ret_unlink(unlink, UNLINKED))
        elif pdu.endpoint == 0:
            self.engine.replies.append(self._control(pdu))
        else:
            self._isochronous(pdu)

    def _unlink(self, unlink: Unlink) -> None:
        # vhci-hcd can send the unlink before its submit: vhci_tx empties the submits, then
        # sends the unlinks, and a URB may be submitted and unlinked in between. Answering
        # at once loses that URB for ever or, while it is being sent, crashes vhci_tx on
        # urb->hcpriv == NULL (Linux 6.1.176, vhci_send_cmd_submit). Seqnums only grow.
        ahead = (unlink.target - self._newest) & _SEQNUM_MASK
        if 0 < ahead <= _SEQNUM_MASK // 2:
            self._overtaken[unlink.target] = unlink.seqnum
            return
        held = self.engine.unlink(unlink.target)
        self.engine.replies.append(ret_unlink(unlink.seqnum, UNLINKED if held else 0))

    def _control(self, submit: Submit) -> bytes:
        answer = self.control.handle(submit.setup, submit.data)
        if answer is None:
            return ret_submit(submit.seqnum, STALLED, 0)
        if submit.direction == DIR_IN:
            return ret_submit(submit.seqnum, 0, len(answer)) + answer
        return ret_submit(submit.seqnum, 0, submit.length)

    def _isochronous(self, submit: Submit) -> None:
        endpoint = self._endpoints.get((submit.endpoint, submit.direction))
        # An alternate setting of 0 has no endpoints: a URB left over from an earlier card.
        playback, capture = self.engine.playback, self.engine.capture
        chosen = capture.alternate if endpoint is capture else playback.alternate
        if endpoint is None or not submit.packets or not chosen:
            self.engine.replies.append(ret_submit(submit.seqnum, STALLED, 0))
        else:
            self.engine.submit(endpoint, submit)

    def take_replies(self) -> bytes:
        """Return everything to be sent, and forget it."""
        replies = b"".join(self.engine.replies)
        self.engine.replies.clear()
        return replies
