# SPDX-License-Identifier: MIT
"""The commands of pcmstress, one file each."""
