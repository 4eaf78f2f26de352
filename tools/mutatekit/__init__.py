# SPDX-License-Identifier: MIT
"""Change one operator of a module at a time and see whether its own tests notice."""
