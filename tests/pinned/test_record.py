# SPDX-License-Identifier: MIT
from tests.pinned.kit import pinned_tests
from tests.pinned.pins_record import CASES

test_record_gives_what_is_pinned, test_record_pins_nothing_else = pinned_tests("record", CASES)
