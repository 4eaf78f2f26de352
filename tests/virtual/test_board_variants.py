"""Each kernel variant on each kind of cache: predicted, and found."""

from __future__ import annotations

import pytest

from stress.virtual.variants import ORDINARY, PROVOKING, VARIANTS, found


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda variant: variant.name)
def test_variant_corrupts_exactly_the_directions_predicted(variant):
    assert found(variant, ORDINARY) == variant.ordinary
    assert found(variant, PROVOKING) == variant.provoking
