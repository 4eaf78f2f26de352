"""Benchmarks: each module is one subcommand of tools/bench."""
