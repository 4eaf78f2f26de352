# SPDX-License-Identifier: MIT
"""Configuration: found by name or path, read from TOML or JSON, checked field by field."""
