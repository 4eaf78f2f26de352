# SPDX-License-Identifier: MIT
"""Hostile input: seeded mutations of every file and text the program reads.

A family knows how to make one case from a random generator and how to run it.
Each case runs in a child process with bounds on memory and time; see `judge`.
"""
