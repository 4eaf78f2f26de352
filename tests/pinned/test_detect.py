# SPDX-License-Identifier: MIT
from tests.pinned.kit import pinned_tests
from tests.pinned.pins_detect import CASES

test_detect_gives_what_is_pinned, test_detect_pins_nothing_else = pinned_tests("detect", CASES)
