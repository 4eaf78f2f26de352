# SPDX-License-Identifier: MIT
"""Is this commit a release: what its texts say, and what is built from it twice."""
