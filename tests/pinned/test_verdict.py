# SPDX-License-Identifier: MIT
from tests.pinned.kit import pinned_tests
from tests.pinned.pins_verdict import CASES

test_verdict_gives_what_is_pinned, test_verdict_pins_nothing_else = pinned_tests("verdict", CASES)
