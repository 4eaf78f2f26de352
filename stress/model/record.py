# SPDX-License-Identifier: MIT
"""The record's shape, stated once: one frozen class per event of run.jsonl and per part of one.

The runner makes these values, the journal writes them, the reader checks a line
against them, and verdict and report use them by attribute. Fields with a default
are missing in records of earlier versions, or belong to some events only.
docs/record.md describes the same as JSON.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Optional, Union

from stress.model import shape
from stress.model.finding import Finding, Kind
from stress.model.formats import CARD_FORMATS
from stress.model.lifecycle import FirstLap, LifecycleEvent
from stress.model.path import Path
from stress.model.transport import TransportRecord
from stress.model.verdict import Verdict
from stress.model.wire import LANES

# Ring and burst sizes [frames or bytes]. Source: 2^30 frames are what a plan accepts.
# Higher: sums of a damaged record overflow; lower: long bursts are refused.
LARGEST = 1 << 30
_SIZE = shape.within(1, LARGEST)
# Virtual addresses are as wide as the machine's words.
_ADDRESS = shape.within(0, (1 << 64) - 1)


@dataclass(frozen=True)
class StreamRecord:
    """One direction of one burst; see `stress.model.pcm.StreamResult`."""

    frames: int = shape.count()
    xruns: int = shape.count()
    voluntary: int | None = shape.nullable(shape.within())
    involuntary: int | None = shape.nullable(shape.within())
    state: str = shape.text("")
    hw_ptr: int | None = shape.whole(None)
    appl_ptr: int | None = shape.whole(None)
    started_ns: int = shape.whole(0)
    ended_ns: int = shape.whole(0)
    minor_faults: int | None = shape.whole(None)


@dataclass(frozen=True)
class ExchangeRecord:
    """How a burst was streamed; see `stress.model.pcm.Exchange`."""

    playback: StreamRecord = shape.part(StreamRecord)
    capture: StreamRecord = shape.part(StreamRecord)
    lost: str | None = shape.nullable(shape.read_text)
    played_limit: int = shape.count(0)
    notes: tuple[str, ...] = shape.texts(())


@dataclass(frozen=True)
class LanesRecord:
    """What each view of a finding says: "right", "wrong", or "" where it is not known."""

    user: str = shape.text()
    memory: str = shape.text()
    wire: str = shape.text()
    read: str = shape.text()

    def of(self, lane: str) -> str:
        """Return what the lane of that name says."""
        return {"user": self.user, "memory": self.memory, "wire": self.wire, "read": self.read}[lane]


_DETAILS = {"lanes": shape.of(LanesRecord), "view": shape.read_text, "score": shape.read_number}


def _details(value: Any) -> dict[str, Any]:
    # A finding may say anything; what is read of it by name has its own shape.
    if type(value) is not dict:
        raise shape.Mismatch("is not an object")
    for name, reader in _DETAILS.items():
        if name in value:
            try:
                reader(value[name])
            except shape.Mismatch as error:
                raise error.inside(name) from None
    return value


@dataclass(frozen=True)
class FindingRecord:
    """A finding as it was kept; see `stress.model.finding.Finding`.

    Attributes
    ----------
    details : whatever the kind has to say; the properties read it by name.
    """

    kind: str = shape.field(shape.among(tuple(kind.value for kind in Kind)))
    frame: int = shape.count()
    frames: int = shape.count()
    ring: str | None = shape.nullable(shape.read_text)
    laps: int | None = shape.nullable(shape.within())
    line_bytes: int | None = shape.nullable(shape.within())
    injected: bool = shape.flag()
    details: Mapping[str, Any] = shape.field(_details)
    position: int = shape.count(0)
    lag: int | None = shape.whole(None)
    ring_offset: int | None = shape.whole(None)
    text: str = shape.text("")

    @classmethod
    def of(cls, finding: Finding) -> FindingRecord:
        """Return the record of a finding."""
        values = {name: getattr(finding, name) for name in cls.__dataclass_fields__}
        return cls(**{**values, "kind": finding.kind.value})

    @property
    def transport(self) -> bool:
        """True when lost time explains it (an xrun, a lap skipped)."""
        return "transport" in self.details

    @property
    def real(self) -> bool:
        """True when it counts: neither injected nor explained by lost time."""
        return not self.injected and "transport" not in self.details

    @property
    def view(self) -> str:
        """The view that it first shows in, "" where no tap looked."""
        return str(self.details.get("view", ""))

    @property
    def lanes(self) -> LanesRecord | None:
        """What each view says, None where no tap looked."""
        lanes = self.details.get("lanes")
        return LanesRecord(*(lanes[name] for name in LANES)) if lanes else None

    @property
    def score(self) -> float | None:
        """How far it stands out of the noise [sigmas], None where it is bit-exact."""
        return self.details.get("score")

    def says(self, name: str) -> bool:
        """Return whether the details have the key `name`."""
        return name in self.details


class SiteRecord(NamedTuple):
    """Findings of one kind, ring and age."""

    kind: str
    ring: Optional[str]  # noqa: UP045 - evaluated by Python 3.9
    laps: Optional[int]  # noqa: UP045
    number: int


_SITE = shape.row(
    SiteRecord, shape.read_text, shape.or_none(shape.read_text), shape.or_none(shape.within()), shape.within()
)


_INT = shape.within(-LARGEST, LARGEST)


def _source(value: Any) -> int | tuple[int, ...]:
    # A channel of the pattern, or those of a sum.
    made: int | tuple[int, ...] = shape.listed(_INT)(value) if type(value) is list else _INT(value)
    return made


@dataclass(frozen=True)
class PathRecord:
    """What stood between the two ends of a burst; see `stress.model.path.Path`."""

    exact: bool = shape.flag()
    channels: tuple[int | tuple[int, ...] | None, ...] = shape.field(shape.listed(shape.or_none(_source)))
    polarity: tuple[int, ...] = shape.field(shape.listed(_INT))
    gain_db: tuple[float | None, ...] = shape.field(shape.listed(shape.or_none(shape.read_number)))
    offset: tuple[int, ...] = shape.field(shape.listed(_INT))
    bits: tuple[int, ...] = shape.field(shape.listed(_INT))
    delay_frames: tuple[int, ...] = shape.field(shape.listed(_INT))
    rate_ratio: float = shape.number()
    encoding: str = shape.text()
    from_frame: int = shape.count()

    @staticmethod
    def of(path: Path) -> PathRecord:
        """Return the record of a path."""
        return PathRecord(
            exact=path.exact,
            channels=path.channels,
            polarity=path.polarity,
            gain_db=path.gain_db,
            offset=path.offset,
            bits=path.bits,
            delay_frames=path.delay_frames,
            rate_ratio=path.rate_ratio,
            encoding=path.encoding,
            from_frame=path.from_frame,
        )


@dataclass(frozen=True)
class AnalysisRecord:
    """What the detector said of a burst; see `stress.model.finding.Analysis`.

    Attributes
    ----------
    counts, sites, wrong_frames : of all findings, the injected ones among them.
    findings : those kept, in order of frame.
    findings_left_out : found and not kept.
    findings_first : of the real ones, so many from the first on are all there.
    path : see `stress.model.path.Path.to_json`.
    """

    locked: bool = shape.flag()
    checked_frames: int = shape.count()
    wrong_frames: int = shape.count()
    counts: Mapping[str, int] = shape.field(shape.keyed(shape.within(0)))
    sites: tuple[SiteRecord, ...] = shape.field(shape.listed(_SITE))
    notes: tuple[str, ...] = shape.texts()
    findings: tuple[FindingRecord, ...] = shape.field(shape.listed(shape.of(FindingRecord)))
    detector: str = shape.text("exact")
    frames: int = shape.count(0)
    first_frame: int | None = shape.whole(None)
    first_position: int | None = shape.whole(None)
    findings_left_out: int = shape.count(0)
    findings_first: int = shape.count(shape.MOST)
    episodes: int = shape.count(0)
    valid_bits: int | None = shape.whole(None)
    path: PathRecord | None = shape.part(PathRecord, None)


@dataclass(frozen=True)
class FaultRecord:
    """A fault of the positive control that was not found."""

    kind: str = shape.text()
    frame: int = shape.count()
    frames: int = shape.count()


@dataclass(frozen=True)
class ControlRecord:
    """The positive control of a burst.

    Attributes
    ----------
    planted, found : injected faults that were due, and those the detector found.
    covered : of the missed ones, those that lie under real corruption.
    """

    planted: int = shape.count()
    found: int = shape.count()
    covered: int = shape.count(0)
    missed: tuple[FaultRecord, ...] = shape.field(shape.listed(shape.of(FaultRecord)), ())


@dataclass(frozen=True)
class ExposureRecord:
    """Ring lines in which stale data would have shown.

    Attributes
    ----------
    allocation : number of the ring's allocation in this run, from 1; 0 where none is counted.
    colours : of which its page colour was drawn, 0 where the cache has none.
    """

    lines: int = shape.count()
    line_bytes: int = shape.field(_SIZE)
    allocation: int = shape.count(0)
    colours: int = shape.count(0)


@dataclass(frozen=True)
class TilesRecord:
    """Tiles of a burst; see `stress.verdict.episodes.Episodes`."""

    number: int = shape.count()
    runs: int = shape.count()
    squares: int = shape.count()


@dataclass(frozen=True)
class ConditionsRecord:
    """What a burst asked of the machine, one line each."""

    granted: tuple[str, ...] = shape.texts()
    refused: tuple[str, ...] = shape.texts()
    facts: tuple[str, ...] = shape.texts()


@dataclass(frozen=True)
class OpportunitiesRecord:
    """Accidental cache cleans around a burst; see `stress.board.cache_clean_counters`."""

    switches: int | None = shape.whole(None)
    forks: int | None = shape.whole(None)
    vmalloc_kb: int | None = shape.whole(None)
    mappings: int | None = shape.whole(None)

    def items(self) -> tuple[tuple[str, int | None], ...]:
        """Return name and number of each."""
        names = ("switches", "forks", "vmalloc_kb", "mappings")
        return tuple((name, getattr(self, name)) for name in names)


class SecondRecord(NamedTuple):
    """Level of the analog path in one second: first frame, SNR and THD+N [dB]."""

    frame: int
    snr_db: float
    thd_n_db: float


class ResponseRecord(NamedTuple):
    """Response of the analog path at one frequency [Hz, dB]."""

    hz: float
    level_db: float


_SECOND = shape.row(SecondRecord, shape.within(0), shape.read_number, shape.read_number)
_RESPONSE = shape.row(ResponseRecord, shape.read_number, shape.read_number)


@dataclass(frozen=True)
class ChannelRecord:
    """The analog path as the spectral detector measured it in one burst."""

    latency_frames: float = shape.number()
    gain_db: float = shape.number()
    drift_ppm: float = shape.number()
    snr_db: float = shape.number()
    thd_n_db: float = shape.number()
    seconds: tuple[SecondRecord, ...] = shape.field(shape.listed(_SECOND), ())
    alarm_sigmas: float | None = shape.field(shape.or_none(shape.read_number), None)
    quiet_sigmas: float | None = shape.field(shape.or_none(shape.read_number), None)
    hum_db: float | None = shape.field(shape.or_none(shape.read_number), None)
    clipped_share: float = shape.number(0.0)
    disturbances: int = shape.whole(0)
    response: tuple[ResponseRecord, ...] = shape.field(shape.listed(_RESPONSE), ())


@dataclass(frozen=True)
class CapturedSumsRecord:
    """Checksums of what was captured: those that differ from what was played, by period."""

    first_frame: int = shape.count()
    frames: int = shape.count()
    differ: Mapping[str, str] = shape.field(shape.keyed(shape.read_text))


@dataclass(frozen=True)
class SumsRecord:
    """CRC-32 of a burst, period by period, eight hexadecimal digits each."""

    crcs: str = shape.text()
    first_frame: int = shape.count()
    period_frames: int = shape.field(_SIZE)
    frames: int = shape.count()
    captured: CapturedSumsRecord | None = shape.part(CapturedSumsRecord, None)


@dataclass(frozen=True)
class SideRecord:
    """One direction of the bus against the memory of the user.

    Attributes
    ----------
    frames, wrong : compared and different frames.
    packets, failed : seen, and ended with an error.
    lines, telling_lines : of capture: ring lines, and those whose source differs from earlier laps.
    planted, found : faults of the control of this side.
    statuses : failed packets by their error ("-18": EXDEV, "-71": EPROTO, ...).
    lengths : packets by their length [bytes], the commonest only.
    """

    frames: int = shape.count()
    wrong: int = shape.count()
    failed: int = shape.count()
    packets: int = shape.count(0)
    lines: int = shape.count(0)
    telling_lines: int = shape.count(0)
    planted: int = shape.count(0)
    found: int = shape.count(0)
    statuses: Mapping[str, int] = shape.field(shape.keyed(shape.within(0)), {})
    lengths: Mapping[str, int] = shape.field(shape.keyed(shape.within(0)), {})


@dataclass(frozen=True)
class HeldRecord:
    """What memory held of a ring behind a burst: frames looked at, and those that differ."""

    frames: int = shape.count()
    differ: int = shape.count()
    first: int | None = shape.field(shape.within(0), None, omit=True)


@dataclass(frozen=True)
class WireRecord:
    """What a tap saw beside a burst."""

    events: int = shape.count()
    dropped: int = shape.count()
    truncated: int = shape.count()
    lost_frames: int = shape.count()
    judged: bool = shape.flag()
    doubts: tuple[str, ...] = shape.texts()
    out: SideRecord = shape.part(SideRecord)
    into: SideRecord = shape.part(SideRecord, key="in")
    source: str = shape.text("")
    drain_ns: int = shape.whole(0)
    judged_sides: tuple[str, ...] = shape.texts(())
    notes: tuple[str, ...] = shape.texts(())
    memory: Mapping[str, HeldRecord] = shape.field(shape.keyed(shape.of(HeldRecord)), {})


@dataclass(frozen=True)
class BlindRecord:
    """Why no tap saw a burst, "" where none was asked to."""

    blind: str = shape.text("")


def _wire(value: Any) -> WireRecord | BlindRecord:
    seen = type(value) is dict and "source" in value
    return shape.read(WireRecord, value) if seen else shape.read(BlindRecord, value)


@dataclass(frozen=True)
class BurstRecord:
    """One burst: event "burst".

    Attributes
    ----------
    position : pattern position of its first frame.
    frames : of the pattern, as the plan asks; `span` of them lie in the play buffer.
    episodes, observed_s : see `stress.verdict.episodes`.
    evidence : names of the files in evidence/ that belong to it.
    """

    event: ClassVar[str] = "burst"

    number: int = shape.whole()
    arm: str = shape.text()
    position: int = shape.whole()
    frames: int = shape.count()
    streamed_s: float = shape.number()
    exchange: ExchangeRecord = shape.part(ExchangeRecord)
    analysis: AnalysisRecord = shape.part(AnalysisRecord)
    control: ControlRecord = shape.part(ControlRecord)
    exposure: ExposureRecord = shape.part(ExposureRecord)
    episodes: int = shape.count()
    observed_s: float = shape.number()
    conditions: ConditionsRecord = shape.part(ConditionsRecord)
    span: int | None = shape.field(shape.within(0), None, omit=True)
    tiles: TilesRecord = shape.part(TilesRecord, TilesRecord(0, 0, 0))
    opportunities: OpportunitiesRecord = shape.part(OpportunitiesRecord, OpportunitiesRecord())
    evidence: tuple[str, ...] = shape.texts(())
    wire: WireRecord | BlindRecord = shape.field(_wire, BlindRecord())
    crc32: SumsRecord | None = shape.field(shape.of(SumsRecord), None, omit=True)
    channel: ChannelRecord | None = shape.field(shape.of(ChannelRecord), None, omit=True)
    advice: tuple[str, ...] = shape.field(shape.listed(shape.read_text), (), omit=True)

    @property
    def seen(self) -> WireRecord | None:
        """What a tap saw, None where none looked."""
        return self.wire if isinstance(self.wire, WireRecord) else None

    @property
    def end(self) -> int:
        """Pattern position behind the burst."""
        return self.position + (self.frames if self.span is None else self.span)


@dataclass(frozen=True)
class ParamsRecord:
    """hw_params of one direction under ALSA's names."""

    format: str = shape.field(shape.among(tuple(CARD_FORMATS)))
    channels: int = shape.field(shape.within(1, 64))
    rate: int = shape.field(shape.within(1, 1 << 24))
    period_size: int = shape.field(_SIZE)
    buffer_size: int = shape.field(_SIZE)
    access: str = shape.text("")

    @property
    def frame_bytes(self) -> int:
        """Bytes of a frame."""
        return CARD_FORMATS[self.format].frame_bytes(self.channels)


@dataclass(frozen=True)
class PairRecord:
    """hw_params of both directions, as far as they were recorded."""

    playback: ParamsRecord | None = shape.part(ParamsRecord, None)
    capture: ParamsRecord | None = shape.part(ParamsRecord, None)

    def of(self, direction: str | None) -> ParamsRecord | None:
        """Return those of "playback" or "capture", None for anything else."""
        return {"playback": self.playback, "capture": self.capture}.get(direction or "")


@dataclass(frozen=True)
class MappingRecord:
    """One mapping of a ring; see `stress.model.pcm.Mapping`.

    Its page colour and the kernel's are the addresses modulo the size of a way.
    """

    direction: str = shape.text()
    path: str = shape.text()
    vm_flags: str = shape.text()
    is_ring: bool = shape.flag()
    size_bytes: int = shape.whole(0)
    address: int = shape.field(_ADDRESS, 0)
    kernel_addresses: tuple[int, ...] = shape.field(shape.listed(_ADDRESS), ())


@dataclass(frozen=True)
class StartRecord:
    """The run as it begins: event "start".

    Attributes
    ----------
    files : digests of config.json and board.json.
    wall : when it was recorded.
    """

    event: ClassVar[str] = "start"

    seed: int = shape.whole()
    backend: str = shape.text()
    first_position: int = shape.whole()
    schema: str = shape.text("pcmstress/run/1")
    program: str = shape.text("")
    files: Mapping[str, str] = shape.field(shape.keyed(shape.read_text), {})
    wall: str = shape.field(shape.read_text, "", omit=True)
    transport: TransportRecord = shape.part(TransportRecord, TransportRecord())


@dataclass(frozen=True)
class TapRecord:
    """Which tap looks at the wire, or why none does: event "wire"."""

    event: ClassVar[str] = "wire"

    source: str = shape.text("")
    blind: str = shape.text("")


@dataclass(frozen=True)
class OpenRecord:
    """A PCM was opened for an arm: event "open"."""

    event: ClassVar[str] = "open"

    arm: str = shape.text()
    backend: str = shape.text("")
    device: str = shape.text("")
    requested: PairRecord = shape.part(PairRecord, PairRecord())
    granted: PairRecord = shape.part(PairRecord, PairRecord())
    mappings: tuple[MappingRecord, ...] = shape.field(shape.listed(shape.of(MappingRecord)), ())
    refused: tuple[str, ...] = shape.texts(())


@dataclass(frozen=True)
class LoopbackRecord:
    """Which loopback there is, and why: event "loopback".

    Attributes
    ----------
    path : what stands between the two ends, "" where every bit gets through or no path was named.
    lost : why the exact detector cannot judge behind the path, "" where it can.
    advice : what makes the path bit-exact.
    """

    event: ClassVar[str] = "loopback"

    kind: str = shape.text()
    detector: str = shape.text()
    why: str = shape.text()
    path: str = shape.text("")
    lost: str = shape.text("")
    advice: str = shape.text("")


@dataclass(frozen=True)
class SkipRecord:
    """An arm could not be run: event "skip"."""

    event: ClassVar[str] = "skip"

    arm: str = shape.text()
    reason: str = shape.text()


@dataclass(frozen=True)
class LifecycleRecord:
    """What a life-cycle event did to the stream behind it: event "lifecycle".

    Attributes
    ----------
    number : of the burst behind it, 0 where none came.
    name : see `stress.model.lifecycle.LifecycleEvent`.
    outcome : see `stress.model.lifecycle.FirstLap`.
    frames : of the first lap that are not right.
    took_s : until the PCM could be opened or started again [s].
    lead_frames : captured frames before the first right one.
    """

    event: ClassVar[str] = "lifecycle"

    arm: str = shape.text()
    number: int = shape.count()
    name: str = shape.field(shape.among(tuple(one.value for one in LifecycleEvent)))
    outcome: str = shape.field(shape.among(tuple(one.value for one in FirstLap)))
    frames: int = shape.count()
    took_s: float = shape.number()
    lead_frames: int = shape.count(0)


@dataclass(frozen=True)
class StopRecord:
    """The run ends before its plan: event "stop"; see `stress.verdict.stopping.Stopped`."""

    event: ClassVar[str] = "stop"

    decision: str = shape.text()
    bursts: int = shape.whole()
    text: str = shape.text()
    walks: int = shape.count(0)
    planned: int = shape.count(0)
    episodes: int = shape.count(0)
    observed_s: float = shape.number(0.0)


@dataclass(frozen=True)
class VerdictRecord:
    """The verdict: event "verdict"."""

    event: ClassVar[str] = "verdict"

    verdict: str = shape.field(shape.among(tuple(one.value for one in Verdict)))
    reasons: tuple[str, ...] = shape.texts()
    backend: str = shape.text("")
    arms: Mapping[str, str] = shape.field(shape.keyed(shape.read_text), {})


@dataclass(frozen=True)
class EndRecord:
    """The run is over: event "end"."""

    event: ClassVar[str] = "end"

    exit: int = shape.whole()


Event = Union[
    StartRecord,
    TapRecord,
    OpenRecord,
    LoopbackRecord,
    SkipRecord,
    BurstRecord,
    LifecycleRecord,
    StopRecord,
    VerdictRecord,
    EndRecord,
]
EVENTS: Mapping[str, Any] = {
    cls.event: cls
    for cls in (
        StartRecord,
        TapRecord,
        OpenRecord,
        LoopbackRecord,
        SkipRecord,
        BurstRecord,
        LifecycleRecord,
        StopRecord,
        VerdictRecord,
        EndRecord,
    )
}


def event_of(value: Mapping[str, Any]) -> Event:
    """Return the event in a JSON object of run.jsonl.

    Raises
    ------
    Mismatch : no event that is known, or another shape.
    """
    cls = EVENTS.get(value["event"])
    if cls is None:
        raise shape.Mismatch(f"is none of {', '.join(EVENTS)}", "event")
    made: Event = shape.read(cls, value)
    return made


@dataclass(frozen=True)
class EvidenceRecord:
    """One file of evidence/: the frames around a finding.

    Attributes
    ----------
    first_frame : captured frame of the first one kept.
    expected, observed : bytes of whole frames, in hexadecimal.
    """

    finding: FindingRecord = shape.part(FindingRecord)
    first_frame: int = shape.count()
    frame_bytes: int = shape.field(shape.within(1, 512))
    expected: str = shape.text()
    observed: str = shape.text()
    schema: str = shape.text("")
