# SPDX-License-Identifier: MIT
"""The path as arithmetic: from samples sent to samples captured, to the last bit.

A volume control multiplies and rounds, one way or another. With factor, offset and way
known, what the path makes of any frame of the pattern is known bit for bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from stress.detect.path.attribute import Mix, Term
from stress.detect.path.sources import ODD
from stress.model.arrays import Floats, Ints

if TYPE_CHECKING:
    from stress.detect.path.sources import Sources

#: Ways of rounding that are tried, by name.
RULES = ("round", "floor", "truncate", "half up")

# Share of frames that a way of rounding must hit to be the one. Source: a line in ten is stale
# at worst where the alignment is plain. Higher: damage hides the rule; lower: dither passes.
RULE_SHARE = 0.7

# Likewise where the other samples are far off, as damage is. Source: a quarter of the lines of both rings is
# stale, 0.56 are right. Higher: heavy damage hides the path; lower: the fit itself is drawn to the damage.
FEWEST = 0.45

# Largest difference that still counts as the same sample where no way of rounding fits
# [steps]. Source: triangular dither of 2 LSB. Higher: flips of low bits pass; lower: noise
# shaping is called damage.
MOST_OFF = 8

# Samples of a step that meet a rail by themselves. Source: the pattern meets each value of 16 bits once in
# 65536 samples. Higher: a clipped peak is not named; lower: chance is clipping.
MOST_MET = 10

# Bits of the narrowest word, and what its high half leaves open where it is all there is [LSB]. Source: the
# last bits of x are not in it, and change it by a step now and then. Higher: flips of low bits pass; lower:
# a sample that rounds the other way is called damage.
NARROWEST, HALF_OPEN = 16, 3

# A rail that no sample of any format reaches.
NO_RAIL = 1 << 62

# Factors this near to a power of two or 1 are that. Source: the fit of 8192 samples.
SNAP = 2e-6


@dataclass(frozen=True)
class Forward:
    """What the path makes of the pattern in one captured channel.

    Parameters
    ----------
    terms : channels of the pattern and their factors, none for a channel without it.
    offset : added after rounding [LSB].
    rule : one of `RULES`, or "float32" (a mantissa of 24 bits).
    step : smallest difference of two samples [LSB].
    low, high : rails [LSB].
    off : largest difference that is the path's own [LSB].
    slack : what the fit itself may be off by [LSB].
    share : of the samples looked at that agree.
    clipped : share of samples that the path cuts off at a rail, None where that is not known.
    """

    terms: tuple[Term, ...] = ()
    offset: float = 0.0
    rule: str = "round"
    step: int = 1
    low: int = -(1 << 15)
    high: int = (1 << 15) - 1
    off: int = 0
    slack: int = 0
    share: float = 0.0
    clipped: float | None = None

    @property
    def known(self) -> bool:
        """Whether enough samples agree: fewer where a way of rounding was found, whose others are far off."""
        return self.share >= RULE_SHARE or (self.share >= FEWEST and self.clipped is not None)

    def exactly(self, due: Floats) -> Floats:
        """Return what comes of samples sent before any rounding but that of the float32 they become.

        Parameters
        ----------
        due : see `values`.
        """
        sent = due.astype(np.float32).astype(np.float64) if self.rule == "float32" else due
        made: Floats = sent @ np.array([term.gain for term in self.terms])
        return made

    def values(self, due: Floats) -> Ints:
        """Return what is captured of the samples sent.

        Parameters
        ----------
        due : (frames, terms) float64 of each term's channel, delayed as it says [LSB].

        Returns
        -------
        (frames,) int64 [LSB].
        """
        exact = self.exactly(due)
        if self.rule == "float32":
            made = np.rint(exact.astype(np.float32).astype(np.float64)) + self.offset
        else:
            made = _rounded(exact / self.step, self.rule) * self.step + self.offset
        return np.asarray(np.clip(made, self.low, self.high), np.int64)


# How far a factor from a fit may move an unrounded sample [steps]. Source: 16384 frames allow
# factors that differ by 1e-4 of a step at full scale; two factors of one sum by 0.03. Higher: flips of
# the lowest bit pass; lower: a sample that rounds the other way is called damage.
UNSURE = 0.02


def bounds(one: Forward, exact: Floats) -> tuple[Floats, Floats]:
    """Return the least and the greatest that may be captured of unrounded values, both (n,)."""
    known = all(_is_power(term.gain) for term in one.terms)
    # The factors of a sum share what the fit leaves open.
    unsure = UNSURE * (2 * len(one.terms) - 1)
    more = (1e-6 if known else unsure * one.step) + one.off + one.slack
    if one.rule == "float32":
        half = 0.5 + np.abs(exact) * 2.0**-24 + more
        least, most = exact - half, exact + half
    elif one.rule == "floor":
        least, most = exact - one.step - more, exact + more
    elif one.rule == "truncate":
        least = exact - np.where(exact > 0, one.step, 0.0) - more
        most = exact + np.where(exact < 0, one.step, 0.0) + more
    else:
        least, most = exact - one.step / 2 - more, exact + one.step / 2 + more
    offset = one.offset
    return np.minimum(least + offset, one.high), np.maximum(most + offset, one.low)


def _is_power(gain: float) -> bool:
    # Whether a factor is a power of two, and so known exactly.
    return gain != 0 and float(np.log2(abs(gain))).is_integer()


def _rounded(values: Floats, rule: str) -> Floats:
    if rule == "floor":
        return np.floor(values)
    if rule == "truncate":
        return np.trunc(values)
    if rule == "half up":
        return np.floor(values + 0.5)
    return np.rint(values)


def columns(sources: Sources, position: int, frames: int, terms: Sequence[Term]) -> Floats:
    """Return the delayed channels of some terms, (frames, terms) float64."""
    out = np.empty((frames, len(terms)))
    for delay in sorted({term.delay for term in terms}):
        here = [n for n, term in enumerate(terms) if term.delay == delay]
        out[:, here] = sources.block(position - delay, frames, [terms[n].source for n in here])
    return out


def step_of(seen: Ints, bits: int) -> int:
    """Return the step that nearly all samples are multiples of, a power of two.

    Parameters
    ----------
    seen : (frames,) int64 of a channel [LSB].
    """
    step = 1
    for low in range(1, bits):
        if float((seen & ((1 << low) - 1) == 0).mean()) < 0.95:
            break
        step = 1 << low
    return step


def rails_of(seen: Ints, bits: int) -> tuple[int, int, float]:
    """Return the rails, and the share of samples at them where the path saturates.

    Parameters
    ----------
    seen : (frames,) int64 of a channel [LSB], at least one.
    """
    low, high = int(seen.min()), int(seen.max())
    at_low, at_high = float((seen == low).mean()), float((seen == high).mean())
    full = 1 << (bits - 1)
    # The pattern meets each value of 16 bits once in 65536 samples.
    usual = 4.0 * step_of(seen, bits) / max(1, high - low + 1) + 10 / len(seen)
    return (
        low if at_low > usual else -full,
        high if at_high > usual else full - 1,
        (at_low if at_low > usual else 0.0) + (at_high if at_high > usual else 0.0),
    )


def fitted(seen: Ints, due: Floats, mix: Mix, bits: int) -> Forward:
    """Return the arithmetic that explains most samples of a channel.

    Parameters
    ----------
    seen : (frames,) captured, LSB.
    due : (frames, terms) of the mix's terms.
    """
    step = step_of(seen[seen != 0], bits) if (seen != 0).any() else 1
    low, high, at_rails = rails_of(seen, bits)
    start = Forward(mix.terms, mix.offset, step=step, low=low, high=high)
    best = start
    for rule in (*RULES, *(("float32",) if bits > 24 else ())):
        tried = _refined(replace(start, rule=rule), seen, due, mix)
        if tried.share > best.share + 1e-6:
            best = tried
    if _ruled(best, seen, due):
        cut = _cut(best, seen, due) if at_rails else 0.0
        return replace(best, slack=_slack(best, seen, due, bits), clipped=cut)
    plain = _loose(replace(start, offset=mix.offset), seen, due)
    other = _loose(best, seen, due)
    return (
        other if (other.share >= RULE_SHARE, -other.off) > (plain.share >= RULE_SHARE, -plain.off) else plain
    )


def _ruled(found: Forward, seen: Ints, due: Floats) -> bool:
    if found.share < FEWEST:
        return False
    if found.share >= RULE_SHARE:
        return not _dithered(found, seen, due)
    off = np.abs(found.values(due) - seen) / found.step
    return float((off[off > 0] <= NEAR_STEPS).mean()) < 1 - MOST_NEAR


def _cut(found: Forward, seen: Ints, due: Floats) -> float:
    # Samples at a rail that the path itself puts there: damage may hold a few frames at one.
    made = replace(found, low=-NO_RAIL, high=NO_RAIL).values(due)
    near = found.step
    below = (seen == found.low) & (made <= found.low + near)
    above = (seen == found.high) & (made >= found.high - near)
    cut = below | above
    return float(cut.mean()) if cut.sum() > MOST_MET * near else 0.0


# Share of wrong samples that are off by a few steps where the path itself moves them. Source:
# dither has all of them there, flips of any of 16 bits a quarter. Higher: damage beside dither
# hides it; lower: damage to low bits is called dither.
MOST_NEAR, NEAR_STEPS = 0.9, 3


def _dithered(found: Forward, seen: Ints, due: Floats) -> bool:
    # A rule that fits many samples, and nearly all others by a step or two, is dither.
    off = np.abs(found.values(due) - seen) / found.step
    wrong = off > 0
    if float(wrong.mean()) < 0.05:
        return False
    return float((off[wrong] <= NEAR_STEPS).mean()) > MOST_NEAR


def _slack(found: Forward, seen: Ints, due: Floats, bits: int) -> int:
    # A factor from a fit may miss in one sample of many; the high half alone leaves the last
    # bits of x open, which change it by a step now and then.
    exact = found.rule != "float32" and all(_is_power(term.gain) for term in found.terms)
    off = np.abs(found.values(due) - seen)
    by_one = float((off == found.step).mean()) > float((off > found.step).mean())
    high_only = all(term.source < ODD and term.source % 2 for term in found.terms)
    # A sample that is rounded before bits are cut lies up to half an LSB beside its place.
    least = found.step if exact and by_one else int(found.step > 1 and not exact)
    return max(least, HALF_OPEN if high_only and bits == NARROWEST else 0)


def _refined(tried: Forward, seen: Ints, due: Floats, mix: Mix) -> Forward:
    # The offset a rule leaves is whole steps; the factor is what all samples allow.
    shift = {"floor": 0.5, "truncate": 0.0}.get(tried.rule, 0.0) * tried.step
    offset = float(np.rint((mix.offset + shift) / tried.step) * tried.step)
    best = tried
    for terms in _candidates(tried, seen, due, offset):
        if not all(term.gain for term in terms):
            # A channel that is mostly zeros.
            continue
        one = replace(tried, terms=terms, offset=offset)
        share = float((one.values(due) == seen).mean())
        if share > best.share:
            best = replace(one, share=share)
    return best


def _candidates(tried: Forward, seen: Ints, due: Floats, offset: float) -> list[tuple[Term, ...]]:
    out = [tuple(replace(term, gain=_snapped(term.gain)) for term in tried.terms), tried.terms]
    if len(tried.terms) > 1:
        return [*out, *_fit(tried, seen, due, offset)]
    # Each sample allows a range of factors; the middle of what nearly all allow is the factor.
    free = (seen > tried.low) & (seen < tried.high) & (np.abs(due[:, 0]) > np.abs(due[:, 0]).max() / 4)
    y, x = seen[free] - offset, due[free, 0]
    if tried.rule == "float32":
        x = x.astype(np.float32).astype(np.float64)
    if not len(y):
        return out
    step: float | Floats = tried.step
    if tried.rule == "float32":
        step = np.maximum(np.spacing(np.abs(y).astype(np.float32)).astype(np.float64), 1.0)
    less = {"floor": 0.0, "truncate": 0.0}.get(tried.rule, -0.5 * step)
    more = less + step
    low, high = (y + less) / x, (y + more) / x
    if tried.rule == "truncate":
        size = np.abs(y)
        sign = np.sign(y * x)
        low, high = sign * size / np.abs(x), sign * (size + step) / np.abs(x)
        low, high = low[y != 0], high[y != 0]
        if not len(low):
            return out
    low, high = np.minimum(low, high), np.maximum(low, high)
    for share in (0.0, 0.01, 0.1):
        least, most = float(np.quantile(low, 1 - share)), float(np.quantile(high, share))
        middle = (least + most) / 2
        term = tried.terms[0]
        out += [(replace(term, gain=_snapped(middle)),), (replace(term, gain=middle),)]
        if least <= most:
            break
    return out


def _fit(tried: Forward, seen: Ints, due: Floats, offset: float) -> list[tuple[Term, ...]]:
    # Factors of a sum by least squares over all samples that are no damage: a factor that is off by
    # 1e-5 rounds one frame of fifty the other way.
    shift = {"floor": 0.5, "truncate": 0.5}.get(tried.rule, 0.0) * tried.step
    wanted = seen - offset + (shift if tried.rule == "floor" else shift * np.sign(seen - offset))
    gains = np.array([term.gain for term in tried.terms])
    free = (seen > tried.low) & (seen < tried.high)
    for _ in range(2):
        near = free & (np.abs(due @ gains - wanted) <= NEAR_STEPS * tried.step)
        if int(near.sum()) <= 4 * len(gains):
            return []
        gains = np.linalg.lstsq(due[near], wanted[near], rcond=None)[0]
    return [tuple(replace(term, gain=float(gain)) for term, gain in zip(tried.terms, gains))]


def _snapped(gain: float) -> float:
    size = abs(gain)
    if not size:
        return gain
    power = 2.0 ** round(np.log2(size))
    return float(np.copysign(power, gain)) if abs(size / power - 1) < SNAP * 10 else gain


def _loose(tried: Forward, seen: Ints, due: Floats) -> Forward:
    # No way of rounding: how far off are nearly all samples?
    made = replace(tried, offset=float(np.rint(tried.offset)))
    off = np.abs(made.values(due) - seen) / made.step
    for most in range(1, MOST_OFF + 1):
        share = float((off <= most).mean())
        if share >= 0.995 or (share >= RULE_SHARE and float((off <= most + 2).mean()) - share < 2e-3):
            return replace(made, off=most * made.step, share=share)
    return replace(made, share=float((off == 0).mean()))
