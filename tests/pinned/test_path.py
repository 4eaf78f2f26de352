# SPDX-License-Identifier: MIT
from tests.pinned.kit import pinned_tests
from tests.pinned.pins_path import CASES

test_path_gives_what_is_pinned, test_path_pins_nothing_else = pinned_tests("path", CASES)
