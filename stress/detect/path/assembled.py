# SPDX-License-Identifier: MIT
"""Put what was fitted to each channel together as one path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from stress.detect.path.attribute import Mix, Term
from stress.detect.path.filters import Response
from stress.detect.path.forward import Forward, columns, rails_of
from stress.detect.path.sources import ODD, Sources, index_of
from stress.model.arrays import Floats, Ints
from stress.model.formats import SampleFormat
from stress.model.path import Channel, Path, name_of

# Largest difference of a sample behind which a capture is judged bit for bit [steps]. Source: rectangular
# dither; noise of a converter has tails, and 0.1 % of its samples lie beyond any bound that fits the rest.
# Higher: a clean analog cable is FAIL; lower: a dithered path is INCONCLUSIVE.
MOST_DITHER = 1
# Share of samples at a rail from which on frames lose their position. Source: at 2 % one frame
# of stereo in 2500 is lost whole. Higher: clipped frames pass for each other; lower: a constant
# added to full scale ends the judgement.
MOST_CLIPPED = 0.02
# Least constant behind a filter or noise that is named [full scales]. Source: the mean of the pattern's
# 16384 frames is 0.005. Higher: a constant is not named; lower: chance is one.
BENT_OFFSET = 0.02


def idle_of(seen: Ints) -> str:
    """Return what a channel without the pattern carries: "silent", "constant" or "other".

    Parameters
    ----------
    seen : (frames,) int64 of the channel [LSB].
    """
    if not seen.any():
        return "silent"
    return "constant" if (seen == seen[0]).mean() > 0.99 else "other"


def since(delays: Sequence[int], channels: Sequence[object]) -> tuple[int, ...]:
    """Return delays against the earliest channel that carries the pattern [frames]."""
    known = [delay for delay, one in zip(delays, channels) if one is not None]
    least = min(known, default=0)
    return tuple(delay - least if one is not None else 0 for delay, one in zip(delays, channels))


def arithmetic_path(
    forwards: Sequence[Forward],
    terms: Sequence[tuple[Term, ...]],
    fmt: SampleFormat,
    seen: Ints,
    idle: Sequence[str],
    first: int,
) -> Path:
    """Return the path that the arithmetic of each channel makes up.

    Parameters
    ----------
    forwards, terms : of each captured channel; no terms for one without the pattern.
    seen : (frames, channels) int64 of the capture [LSB].
    idle : what each channel without the pattern carries, see `idle_of`.
    first : first frame that was looked at.
    """
    channels = tuple(_channel(one) for one in terms)
    level = [max((abs(t.gain) for t in one), default=0.0) for one in terms]
    gains = tuple(_db(one) if one else None for one in level)
    clipped = tuple(
        round(_clipped(f, seen[:, c], fmt.bits), 4) if terms[c] else 0.0 for c, f in enumerate(forwards)
    )
    bits = tuple(_bits(f, g, fmt.bits) if g else 0 for f, g in zip(forwards, level))
    delays = [min((t.delay for t in one), default=0) for one in terms]
    offset = tuple(int(round(f.offset)) if one else 0 for f, one in zip(forwards, terms))
    odd = any(t.source >= ODD for one in terms for t in one)
    notes = tuple(dict.fromkeys(note for f in forwards for note in _rule_notes(f, fmt.bits)))
    notes = (*_parts(terms), *_wider(terms), *notes)
    plain = (
        channels == tuple(range(len(channels)))
        and all(one and one[0].gain == 1.0 for one in terms)
        and not any(offset)
        and not any(clipped)
        and len(set(delays)) == 1
        and all(f.off == 0 and f.step == 1 and f.rule != "float32" for f in forwards)
        and odd == (len(channels) % 2 == 1)
    )
    return Path(
        exact=plain,
        channels=channels,
        polarity=tuple(-1 if one and one[0].gain < 0 else 1 for one in terms),
        gain_db=gains,
        offset=offset,
        bits=bits,
        delay_frames=since(delays, channels),
        encoding=_encoding(forwards),
        from_frame=first,
        clipped=clipped,
        idle=tuple(idle),
        notes=notes,
        source_bits=fmt.bits,
        invertible=max(clipped, default=0.0) < MOST_CLIPPED
        and all(f.off <= MOST_DITHER * f.step for f in forwards),
    )


def _parts(terms: Sequence[tuple[Term, ...]]) -> list[str]:
    # What a channel is made of, where its parts are not equally loud or differ in sign.
    n, out = len(terms), []
    for c, one in enumerate(terms):
        if len({round(_db(abs(t.gain)), 2) for t in one}) > 1 or len({t.gain < 0 for t in one}) > 1:
            said = " and ".join(_part(t, n) for t in sorted(one, key=lambda t: t.source))
            out.append(f"{name_of(c, n)} is {said}")
    return out


def _part(term: Term, n: int) -> str:
    sign = " inverted" if term.gain < 0 else ""
    return f"{_db(abs(term.gain)):+.2f} dB{sign} of {name_of(index_of(term.source), n)}"


def _wider(terms: Sequence[tuple[Term, ...]]) -> list[str]:
    # An odd last channel carries a word in two frames: what does not is of a pattern with another one.
    last = terms[-1] if len(terms) % 2 else ()
    if len(last) != 1 or last[0].source >= ODD:
        return []
    name = ("left", "right")[last[0].source] if last[0].source < 2 else f"channel {last[0].source + 1}"
    return [f"{name} of a pattern of {2 * (last[0].source // 2) + 2} channels"]


def _clipped(fitted: Forward, seen: Ints, bits: int) -> float:
    return rails_of(seen, bits)[2] if fitted.clipped is None else fitted.clipped


# Least factor that has a level in decibels. Source: a step of 32 bits is -187 dB. Higher: faint paths look
# louder; lower: none known.
FAINT = 1e-12


def own(mix: Mix, channels: int, *, delayed: bool = False) -> tuple[Term, ...]:
    """Return the strong terms of channels that were played, at no delay where that is not known."""
    own = strong([term for term in mix.terms if index_of(term.source) < channels])
    return own if delayed else tuple(replace(term, delay=0) for term in own)


def strong(terms: Sequence[Term]) -> tuple[Term, ...]:
    """Return the terms of at least half the level of the strongest."""
    most = max((abs(term.gain) for term in terms), default=0.0)
    return tuple(term for term in terms if term.gain and 2 * abs(term.gain) >= most)


def shares(terms: Sequence[Term]) -> Floats:
    """Return the gains of terms against the strongest, (terms,) float64."""
    gains = np.array([term.gain for term in terms])
    against: Floats = gains / max(float(np.abs(gains).max()), FAINT)
    return against


def _channel(terms: tuple[Term, ...]) -> int | tuple[int, ...] | None:
    found = tuple(sorted({index_of(term.source) for term in terms}))
    return None if not found else found[0] if len(found) == 1 else found


def _db(gain: float) -> float:
    # What is added takes the sign of a zero off.
    return round(20 * float(np.log10(max(gain, FAINT))), 4) + 0.0


def _bits(forward: Forward, gain: float, bits: int) -> int:
    carried = (
        bits
        + float(np.log2(min(gain, 1.0)))
        - float(np.log2(forward.step))
        - float(np.log2(forward.off / forward.step + 1))
    )
    # A factor of 1 that is fitted to 8 bits is off by 1e-3.
    return max(1, min(bits, int(np.floor(carried + (1e-6 if forward.step == 1 else 2e-3)))))


def _encoding(forwards: Sequence[Forward]) -> str:
    return "float32" if any(f.rule == "float32" for f in forwards) else ""


def _rule_notes(forward: Forward, bits: int) -> list[str]:
    if not forward.terms:
        return []
    if forward.rule == "float32":
        return ["every sample is rounded to the 24 bits of a float32"]
    if forward.off and forward.step > 1:
        return [f"every sample is rounded to {bits - int(np.log2(forward.step))} bits, with dither"]
    if forward.off:
        return [f"samples are off by at most {forward.off} LSB (dither)"]
    if forward.step > 1:
        way = {"floor": "cut", "truncate": "cut"}.get(forward.rule, "rounded")
        return [f"every sample is {way} to {bits - int(np.log2(forward.step))} bits"]
    return []


def bent_path(path: Path, heard: Sequence[Response | None], mixes: Sequence[Mix]) -> Path:
    """Return a path with a filter or noise in it, with what was heard of each channel."""
    known = [one for one in heard if one is not None]
    fits = [one for one in known if one.fits]
    # Where one channel shows a filter, the level of another that does not is not known.
    gains = tuple(
        (None if fits and one is not None else path.gain_db[c])
        if one is None or not one.fits
        else _db(one.gain)
        for c, one in enumerate(heard)
    )
    # One filter stands in all channels: the one that is seen best is named.
    notes = (min(fits or known, key=lambda one: one.left).text,) if known else ()
    encoding = "filtered" if fits else "noisy"
    # The rare peaks and the mean of noise are no clipping and no constant.
    clipped = tuple(share if share >= MOST_CLIPPED else 0.0 for share in path.clipped)
    least = BENT_OFFSET * (1 << (path.source_bits - 1))
    offset = tuple(one if abs(one) >= least else 0 for one in path.offset)
    path = replace(path, exact=False, gain_db=gains, encoding=encoding, notes=notes, invertible=False)
    return replace(path, clipped=clipped, offset=offset)


def path_by_lines(channels: Sequence[Channel], idle: Sequence[str], fmt: SampleFormat, first: int) -> Path:
    """Return a path of which the lines of the pattern tell the channels and nothing else.

    Parameters
    ----------
    channels : source of each captured channel.
    idle : what those without the pattern carry, see `idle_of`.
    first : captured frame that it holds from.
    """
    n = len(channels)
    return Path(
        exact=False,
        channels=tuple(channels),
        polarity=(1,) * n,
        gain_db=(None,) * n,
        offset=(0,) * n,
        bits=(fmt.bits,) * n,
        delay_frames=(0,) * n,
        from_frame=first,
        idle=tuple(idle),
        source_bits=fmt.bits,
    )


def with_ratio(path: Path, ratio: float) -> Path:
    """Return a path whose captured rate is `ratio` times the rate played."""
    return replace(path, exact=False, rate_ratio=round(ratio, 9), invertible=False)


def level_by_low_notes(
    terms: tuple[Term, ...], old: Floats, sources: Sources, position: int
) -> tuple[Term, ...]:
    """Return terms with gains by the low notes, which every converter leaves as they are.

    Parameters
    ----------
    terms : of one captured channel.
    old : (frames,) float64 of that channel at the rate of the pattern.
    position : of the pattern at its first frame.
    """
    due = columns(sources, position, len(old), terms)
    size = len(old)
    low = max(8, int(0.03 * size))
    window = np.hanning(size)
    seen = np.fft.rfft((old - old.mean()) * window)[2:low]
    sent = np.fft.rfft((due - due.mean(axis=0)) * window[:, None], axis=0)[2:low]
    a = np.concatenate([sent.real, sent.imag])
    b = np.concatenate([seen.real, seen.imag])
    gains = np.linalg.lstsq(a, b, rcond=None)[0]
    return tuple(replace(term, gain=float(gain)) for term, gain in zip(terms, gains))
