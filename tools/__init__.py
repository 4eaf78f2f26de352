"""Programs around pcmstress: virtual boards, the virtual card, benchmarks."""
