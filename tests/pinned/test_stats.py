# SPDX-License-Identifier: MIT
from tests.pinned.kit import pinned_tests
from tests.pinned.pins_stats import CASES

test_stats_gives_what_is_pinned, test_stats_pins_nothing_else = pinned_tests("stats", CASES)
