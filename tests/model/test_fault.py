# SPDX-License-Identifier: MIT
"""One vocabulary of faults: whoever injects any takes the names from it."""

from __future__ import annotations

from stress.model.fault import FaultKind
from stress.virtual.spec import CARD_FAULTS, STREAM_FAULTS
from tools.benchkit._faults import FAULTS
from tools.softcardkit.faultspec import KEYS

KNOWN = {kind.value for kind in FaultKind}


def test_every_fault_of_every_injector_is_in_the_vocabulary():
    assert set(CARD_FAULTS) | set(STREAM_FAULTS) <= KNOWN
    assert set(KEYS) <= set(FaultKind)
    assert {name.replace("_", "-") for name in FAULTS} <= KNOWN


def test_every_name_of_the_vocabulary_is_injected_somewhere():
    bench = {name.replace("_", "-") for name in FAULTS}
    assert {*CARD_FAULTS, *STREAM_FAULTS, *(kind.value for kind in KEYS), *bench} == KNOWN
