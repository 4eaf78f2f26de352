# SPDX-License-Identifier: MIT
"""The path in words: what it does, with numbers, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence

from stress.detect.path.curve import CURVES, VARYING
from stress.model.path import TWO_CLOCKS, Channel, Path, name_of

# Gains nearer to 0 dB than that are rounding [dB].
NO_GAIN_DB = 0.003
# Likewise behind a filter or noise [dB]. Source: a filter's level depends on where it is measured.
BENT_GAIN_DB = 1.0


def sentence(path: Path) -> str:
    """Return what the path does, in one line without a full stop."""
    if path.exact:
        return "bit-exact"
    parts = [*_rate(path), *_wiring(path), *_gains(path), *_words(path), *_width(path)]
    return "; ".join(parts) or "not bit-exact"


def advice(path: Path) -> str:
    """Return what to do, in one line without a full stop; "" for nothing."""
    if path.exact:
        return ""
    out = []
    if abs(path.rate_ratio - 1) > 1e-4:
        out.append(
            "play and record at one rate on hw: devices: a rate plugin (plug, dmix, a sound server) converts"
        )
    elif path.rate_ratio != 1:
        out.append("both ends run from different clocks, or a sound server converts: use hw: and one clock")
    levels = [level for level in path.gain_db if level is not None and abs(level) >= _least(path)]
    summed = any(isinstance(one, tuple) for one in path.channels)
    if levels and not summed and path.encoding not in CURVES:
        way = "lower" if max(levels, key=abs) > 0 else "raise"
        out.append(f"{way} the volume until it is 0 dB (alsamixer, softvol, the device's own control)")
    if summed:
        out.append("switch the mono fold-down off (a route plugin, a mono switch, a hands-free profile)")
    elif _exchanged(path) and not _wider(path):
        out.append("exchange the plugs, or correct the channel map (route plugin, UCM)")
    if any(one is None for one in path.channels) and any(one is not None for one in path.channels):
        out.append(
            "unmute or connect the channels without the pattern, or judge those that carry it with --channels"
        )
    if -1 in path.polarity:
        out.append("a balanced input wired the wrong way or an invert switch turns the polarity")
    if path.encoding in CURVES:
        out.append("switch limiter, compressor, automatic gain, effects and speech codecs off")
    elif path.encoding and path.encoding not in ("filtered", "noisy", "float32"):
        out.append("look at the word format that both ends and the serial interface between them use")
    wider = _wider(path)
    if wider:
        out.append("record as many channels as are played")
    if path.encoding == "float32" or (any(path.notes) and not (wider or summed or path.encoding in CURVES)):
        out.append("use hw: devices, without a sound server, dither or conversion between them")
    if any(path.delay_frames):
        out.append("look at the serial interface or a delay effect: channels arrive at different times")
    if any(path.clipped) and not levels and not summed and path.encoding not in CURVES:
        out.append("play softer, or switch the limiter or effect off that cuts the loudest samples")
    if _narrow(path) and not out:
        out.append("the path carries fewer bits than the format: use the format that it really has")
    if not out and any(path.offset):
        out.append("a converter or an effect adds a constant: use hw: devices")
    return "; ".join(out)


def _least(path: Path) -> float:
    return BENT_GAIN_DB if path.encoding in ("filtered", "noisy") else NO_GAIN_DB


def lost(path: Path) -> str:
    """Return why the exact detector cannot judge behind the path, "" where it can."""
    if path.invertible:
        return ""
    if path.rate_ratio != 1:
        return "no captured sample is one that was sent: the stream is resampled"
    if path.encoding == VARYING:
        return "the gain of a frame is not known"
    if path.encoding in CURVES:
        return "a sample that the path bends may have been more than one"
    if any(path.clipped):
        return "what the path cuts off at the rails is lost"
    if path.encoding == "filtered":
        return "a filter mixes each sample with its neighbours"
    return "noise covers the low bits of every sample"


def _rate(path: Path) -> list[str]:
    if path.rate_ratio == 1:
        return []
    ppm = (path.rate_ratio - 1) * 1e6
    common = _common(path.rate_ratio)
    if common:
        return [f"resampled from {common[0]} to {common[1]} Hz (captured/played {path.rate_ratio:.7g})"]
    if abs(path.rate_ratio - 1) < TWO_CLOCKS:
        return [f"resampled by {ppm:+.2f} ppm"]
    return [f"resampled (captured/played {path.rate_ratio:.7g})"]


def _common(ratio: float) -> tuple[int, int] | None:
    rates = (48000, 44100, 96000, 88200, 32000, 24000, 22050, 16000, 64000, 176400, 192000)
    for sent in rates:
        for captured in rates:
            if sent != captured and abs(captured / sent / ratio - 1) < 2e-6:
                return sent, captured
    return None


def _wider(path: Path) -> bool:
    return any(" of a pattern of " in note for note in path.notes)


def _exchanged(path: Path) -> bool:
    known = [(c, one) for c, one in enumerate(path.channels) if isinstance(one, int)]
    return any(c != one for c, one in known)


def _wiring(path: Path) -> list[str]:
    channels, n = path.channels, len(path.channels)
    known = [c for c in range(n) if channels[c] is not None]
    if not known:
        return []
    out: list[str] = []
    silent = [c for c in range(n) if channels[c] is None]
    plain = all(channels[c] == c for c in known)
    if all(isinstance(channels[c], tuple) for c in known):
        out.append(_sums(path, known, n))
    elif n == 2 and channels == (1, 0):
        out.append("channels exchanged: left and right are swapped")
    elif _wider(path):
        pass
    elif not plain and len(known) > 1 and len({channels[c] for c in known}) == 1:
        source = channels[known[0]]
        name = _source(source, n)
        both = "both channels carry" if n == 2 else f"{_some(known)} carry"
        out.append(f"{both} the {name} of the pattern{_twice(source, n)}")
    elif not plain:
        pairs = ", ".join(
            f"{name_of(c, n)} carries {_source(channels[c], n)}" for c in known if channels[c] != c
        )
        out.append(f"channels exchanged: {pairs}")
    if silent:
        out = out or [_carried(known, n)]
        out.append(_idle(path, silent, n))
    late = [c for c in known if path.delay_frames[c]]
    out += [f"{name_of(c, n)} is {_frames(path.delay_frames[c])} late" for c in late]
    return out


def _carried(known: Sequence[int], n: int) -> str:
    if n == 2:
        return f"{name_of(known[0], n)} is the pattern"
    return f"a pattern of {len(known)} channels in {_some(known)} of {n}"


def _twice(source: Channel, n: int) -> str:
    return (
        f" ({('left', 'right')[source]} twice)" if n == 2 and isinstance(source, int) and source < 2 else ""
    )


def _some(known: Sequence[int]) -> str:
    names = [str(c + 1) for c in known]
    if len(names) == 1:
        return f"channel {names[0]}"
    return f"channels {', '.join(names[:-1])} and {names[-1]}"


def _source(source: Channel, n: int) -> str:
    if isinstance(source, tuple):
        return "the sum of " + " and ".join(_source(one, n) for one in source)
    if source is None:
        return "nothing"
    if n <= 2 and source < 2:
        return f"{('left', 'right')[source]} channel"
    return f"channel {source + 1}"


def _sums(path: Path, known: Sequence[int], n: int) -> str:
    level = path.gain_db[known[0]] or 0.0
    what = "mean" if abs(level + 6.0206) < 0.01 else "sum"
    sources = path.channels[known[0]]
    names = (
        "left and right"
        if sources == (0, 1)
        else " and ".join(str(one + 1) for one in (sources if isinstance(sources, tuple) else ()))
    )
    who = "both channels carry" if n == 2 else f"{_some(known)} carr{'ies' if len(known) == 1 else 'y'}"
    if any(" is " in note and " dB" in note for note in path.notes):
        return f"{who} sums of {names}"
    at = "" if what == "mean" else f" at {level:+.2f} dB each"
    return f"{who} the {what} of {names}{at} (mono fold-down)"


def _idle(path: Path, silent: Sequence[int], n: int) -> str:
    kinds = {path.idle[c] if c < len(path.idle) else "" for c in silent}
    what = {"silent": "silent", "constant": "constant"}.get(
        kinds.pop() if len(kinds) == 1 else "", "without the pattern"
    )
    if n == 2:
        return f"{name_of(silent[0], n)} is {what}"
    return (
        f"{_some(silent)} {'is' if len(silent) == 1 else 'are'} {what}"
        if len(silent) < 5
        else f"the others are {what}"
    )


def _gains(path: Path) -> list[str]:
    n = len(path.channels)
    known = [c for c in range(n) if path.channels[c] is not None]
    summed = any(isinstance(path.channels[c], tuple) for c in known)
    out = []
    every = [(c, path.gain_db[c]) for c in known if path.encoding not in CURVES]
    told = [(c, level) for c, level in every if level is not None]
    levels = [level for _, level in told]
    if any(abs(level) >= _least(path) for level in levels) and not summed:
        if max(levels) - min(levels) < 0.005 and n != 2:
            out.append(f"gain {levels[0]:+.2f} dB")
        else:
            out.append("gain " + ", ".join(f"{level:+.2f} dB {name_of(c, n)}" for c, level in told))
    if any(path.clipped) and path.encoding not in CURVES:
        out.append(f"clipped: {100 * max(path.clipped):.2g} % of the samples are at a rail")
    if any(path.polarity[c] < 0 for c in known):
        some = [c for c in known if path.polarity[c] < 0]
        out.append(
            "polarity inverted"
            + ("" if some == known else f" ({', '.join(name_of(c, n) for c in some)} only)")
        )
    if any(path.offset):
        values = [path.offset[c] for c in known]
        if len(set(values)) == 1:
            out.append(f"a constant of {values[0]:+d} LSB added")
        else:
            out.append(
                "a constant added: " + ", ".join(f"{v:+d} LSB {name_of(c, n)}" for c, v in zip(known, values))
            )
    return out


def _words(path: Path) -> list[str]:
    named = {"float32": "float32 inside", "filtered": "", "noisy": "", **dict.fromkeys(CURVES, "")}
    said = named.get(path.encoding, path.encoding)
    return [one for one in (said, *path.notes) if one]


def _narrow(path: Path) -> bool:
    known = [path.bits[c] for c, one in enumerate(path.channels) if one is not None]
    return bool(known) and min(known) < path.source_bits


def _width(path: Path) -> list[str]:
    known = [path.bits[c] for c, one in enumerate(path.channels) if one is not None]
    if not known or path.encoding in ("filtered", "noisy", *CURVES) or not path.invertible:
        return []
    least, most = min(known), max(known)
    if most < path.source_bits or least < most:
        several = str(least) if least == most else f"{least} to {most}"
        return [f"{several} of {path.source_bits} bits"]
    return []


def _frames(number: int) -> str:
    return "1 frame" if number == 1 else f"{number} frames"
