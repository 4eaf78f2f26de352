# SPDX-License-Identifier: MIT
"""Man pages and shell completion, made from the parser so that nothing is written twice."""
