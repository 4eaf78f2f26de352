# SPDX-License-Identifier: MIT
from tests.pinned.kit import pinned_tests
from tests.pinned.pins_exact import CASES

test_exact_gives_what_is_pinned, test_exact_pins_nothing_else = pinned_tests("exact", CASES)
