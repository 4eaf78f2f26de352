# SPDX-License-Identifier: MIT
"""The command line: options, exit codes, streams, and one file per command."""
