# SPDX-License-Identifier: MIT
from tests.pinned.kit import pinned_tests
from tests.pinned.pins_experiment import CASES

test_experiment_gives_what_is_pinned, test_experiment_pins_nothing_else = pinned_tests("experiment", CASES)
