# SPDX-License-Identifier: MIT
"""JSON Schema of every file and output that has a schema name, made from what reads or writes it."""
