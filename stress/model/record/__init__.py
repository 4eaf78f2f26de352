# SPDX-License-Identifier: MIT
"""The record's shape, stated once: one frozen class per event of run.jsonl and per part of one.

The runner makes these values, the journal writes them, the reader checks a line
against them, and verdict and report use them by attribute. Fields with a default
are missing in records of earlier versions, or belong to some events only.
docs/record.md describes the same as JSON.
"""
