# SPDX-License-Identifier: MIT
"""The facts of a virtual board, as its description has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stress.board.cards import Card
from stress.board.cpu import CpuFacts, Indexing
from stress.board.facts import BoardFacts, CardFacts, expectation
from stress.board.kernel import KernelFacts
from stress.board.load import LoadFacts
from stress.virtual.loads import shares_the_cpu

if TYPE_CHECKING:
    from stress.virtual.cache.geometry import CacheGeometry
    from stress.virtual.spec import BoardSpec

_RELEASE = "modelled after Linux 6.1"


def facts_of(spec: BoardSpec) -> BoardFacts:
    """Return what `probe` would tell on the board that `spec` describes."""
    shape = spec.cache.shape()
    processor = CpuFacts(
        model=spec.title,
        architecture=spec.architecture,
        implementer=None,
        part=None,
        core=spec.title,
        indexing=_indexing(shape),
        line_bytes=shape.line_bytes,
        geometry=_geometry(shape),
    )
    system = KernelFacts(_RELEASE, spec.kernel.use_vmalloc, True, "", {})
    cpus = 1 if shares_the_cpu(spec) else 2
    card = CardFacts(Card(0, "virtual", "modelled USB card", spec.title), None)
    notes = ["a virtual board: nothing here was read from a machine"]
    if spec.kernel.mapping != "cached":
        notes.append(f"mapping of a vmalloc ring: {spec.kernel.mapping}")
    return BoardFacts(
        cpu=processor,
        kernel=system,
        load=LoadFacts(cpus, 0.0, None, ()),
        cards=(card,),
        expectation=expectation(processor, system),
        notes=tuple(notes),
    )


def _indexing(shape: CacheGeometry) -> Indexing:
    if shape.tagging == "vivt":
        return Indexing.VIVT
    return Indexing.VIPT_ALIASING if shape.aliasing else Indexing.COHERENT


def _geometry(shape: CacheGeometry) -> str:
    allocate = "write-allocate" if shape.write_allocate else "read-allocate"
    write = "write-through" if shape.write_through else "write-back"
    replacement = {"rr": "round-robin"}.get(shape.replacement, shape.replacement)
    return f"{shape.size_bytes >> 10} KB, {shape.ways}-way, {replacement} replacement, {allocate}, {write}"
