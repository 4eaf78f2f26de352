# SPDX-License-Identifier: MIT
"""Cases whose counts an independent model of the same cache computed.

The deterministic ones must agree in every counter. The statistical ones are
means over ten seeds of 100 s, with the standard deviation of one such run.
"""

from __future__ import annotations

from dataclasses import dataclass

from stress.virtual.cache.engine import CacheEngine
from stress.virtual.cache.mechanism import CLASSES
from tools.refkit.cache import Cache
from tools.refkit.case import parse_case
from tools.refkit.replay import CacheReplay
from tools.refkit.stream import physical_lines, simulate

COUNTERS = ("lines", "badlines", "badhalves", "badwords", "zerohalves", "k1", "k2", "k3", "k4") + (
    "runs",
    "fills",
)
_COMMON = "ms=8192 xkm=seq cswper=1 dst=none"

# name, parameters, the counters of COUNTERS in order, halves by class
_EXACT = """
D1 geo=926-16-rr ring=4096 | 49152 36864 73728 294912 0 24576 24576 24576 0 96 61566 | P1=73728
D2 geo=926-16-rr ring=8192 | 49152 24576 49152 196608 0 49152 0 0 0 96 73980 | P1=49152
D3 geo=926-16-rr ring=16384 | 49152 0 0 0 0 0 0 0 0 0 98814 |
D4 geo=xscale ring=4096 | 49152 43008 86016 344064 0 12288 12288 12288 12288 48 55422 | P1=86016
D5 geo=xscale ring=16384 | 49152 24576 49152 196608 0 49152 0 0 0 48 74238 | P1=49152
D6 geo=926-16-rr ring=16384 src=gen | 49152 48640 97280 389120 0 1024 1024 1024 1024 1 512 | P1=97280
D7 geo=925-wt ring=4096 | 98304 49152 49152 196608 0 49152 0 0 0 192 147708 | P1=49152
D8 geo=926-16-rr ring=4096 xk=8 | 49152 24576 49152 196608 0 49152 0 0 0 192 139390 | P1=49152
D9 geo=926-16-rr ring=1536 xk=32 | 49152 24576 49152 196608 0 49152 0 0 0 512 335920 | P1=49152
D10 geo=926-16-rr ring=4096 csw=30 | 49152 17664 35328 141312 0 35328 0 0 0 246 80766 | P1=35328
D11 geo=926-16-rr ring=4096 src=gen rmw=1 | 49152 49152 98304 393216 98304 0 0 0 0 1 256 | P1=98048 P2=256
D12 geo=926-16-rr ring=4096 rmw=1 fillb=384 |\
 49152 49152 98304 393216 768 32512 32512 32512 0 1 81944 | P1=65536 P2=32768
D13 geo=926-16-rr ring=16384 rmw=1 ack=1 xk=128 |\
 49152 49152 98304 393216 1024 97280 0 0 0 1 1196032 | P2=98304
D14 geo=926-16-rr ring=65536 src=gen ack=1 per=188 rate=47000 |\
 48128 7168 10240 28672 434 9806 0 0 0 7168 48128 | P3=10240
D15 geo=926-16-rr ring=4096 rmw=1 uclean=1 | 49152 32768 65536 262144 0 32768 32768 0 0 128 82172 | P1=65536
D16 geo=926-16-rr ring=4096 mode=cap | 49152 49024 98048 392192 0 256 256 256 256 1 128 | C1=98048
D17 geo=926-16-rr ring=8192 mode=cap xk=3 csw=20 | 49152 7168 14336 57344 0 14336 0 0 0 164 66560 | C1=14336
D18 geo=926-16-rr ring=65536 mode=cap exact=1 rate=44100 per=176 |\
 45158 7167 10238 28676 458 9780 0 0 0 7167 45159 | C2=10238
D19 geo=926-16-rr ring=8192 mode=cap exact=1 rate=44100 per=176 xk=8 |\
 45158 14581 25832 93323 57 25264 511 0 0 6893 101948 | C1=18129 C2=7703
D20 geo=926-16-rr ring=65536 mode=cap pre=192 xk=64 |\
 49152 49146 98292 393168 4084 94208 0 0 0 1 573446 | CT=98292
"""

# parameters | share of bad lines, its standard deviation in 100 s, share of halves one lap old
_STATISTICAL = """
geo=926-16-rnd ring=4096 | 0.7497 0.0005 0.2502
geo=926-16-rnd ring=8192 | 0.4822 0.0004 0.5155
geo=926-16-rnd ring=4096 xk=32 | 0.1981 0.0005 0.8022
geo=926-16-rr ring=4096 xk=32 | 0.0906 0.0003 0.9973
geo=926-16-rr ring=4096 src=gen csw=50 | 0.3436 0.0081 0.6588
geo=926-16-rnd ring=16384 src=stream rmw=1 ack=1 xk=128 | 0.7500 0.0007 0.9991
mode=cap dst=none geo=926-16-rnd ring=4096 xk=32 | 0.2645 0.0006 0.7358
mode=cap dst=none geo=926-16-rnd ring=65536 exact=1 rate=44100 per=176 xk=128 | 0.1236 0.0002 0.9964
geo=xscale ring=4096 xk=32 | 0.4511 0.0002 0.9999
"""


@dataclass(frozen=True)
class ExactCase:
    """Hold a deterministic case: every counter it must give."""

    name: str
    text: str
    expected: dict[str, int]


@dataclass(frozen=True)
class StatisticalCase:
    """Hold a statistical case; ``spread`` is the s.d. of a run of 100 s."""

    text: str
    bad: float
    spread: float
    one_lap: float

    def tolerance(self, seconds: float) -> float:
        """Return the allowed difference of a run of that length [s].

        Four standard deviations, which grow with one over the root of the
        length, or 0.003, whichever is larger. Lower: honest runs fail now and
        then. Higher: a wrong share of noise fills passes.
        """
        return float(max(4 * self.spread * (100 / seconds) ** 0.5, 0.003))


def exact_cases() -> list[ExactCase]:
    """Return the deterministic cases."""
    cases = []
    for line in _EXACT.strip().splitlines():
        head, numbers, classes = (part.strip() for part in line.split("|"))
        name, _, text = head.partition(" ")
        expected = dict(zip(COUNTERS, (int(number) for number in numbers.split())))
        expected.update(dict.fromkeys(CLASSES, 0))
        expected.update((word.split("=")[0], int(word.split("=")[1])) for word in classes.split())
        cases.append(ExactCase(name, f"{_COMMON} {text}", expected))
    return cases


def statistical_cases() -> list[StatisticalCase]:
    """Return the statistical cases."""
    cases = []
    for line in _STATISTICAL.strip().splitlines():
        text, numbers = (part.strip() for part in line.split("|"))
        bad, spread, one_lap = (float(number) for number in numbers.split())
        cases.append(StatisticalCase(text, bad, spread, one_lap))
    return cases


def run_case(text: str, oracle: bool = False) -> dict[str, int]:
    """Simulate the case a text names, with the engine or the slow cache.

    Raises
    ------
    ConfigError : a parameter is unknown or wrong.
    """
    case = parse_case(text)
    if oracle:
        return simulate(case, CacheReplay(Cache(case.geometry, case.seed)))
    return simulate(case, CacheEngine(case.geometry, physical_lines(case), case.seed))
