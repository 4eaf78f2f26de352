# SPDX-License-Identifier: MIT
"""Arms, bursts, the plan, the run and the diagnosis."""
