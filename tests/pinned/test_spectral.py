# SPDX-License-Identifier: MIT
from tests.pinned.kit import pinned_tests
from tests.pinned.pins_spectral import CASES

test_spectral_gives_what_is_pinned, test_spectral_pins_nothing_else = pinned_tests("spectral", CASES)
