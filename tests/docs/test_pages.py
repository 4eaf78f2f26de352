# SPDX-License-Identifier: MIT
"""README and docs/: every link leads somewhere, and README stays short."""

from __future__ import annotations

import pytest

from tests.docs import pages


@pytest.mark.parametrize("page", pages.PAGES, ids=lambda page: page.name)
def test_page_links_lead_to_files_and_headings(page):
    for link in pages.links(page):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        assert target.exists(), f"{link}: no such file"
        assert not anchor or anchor in pages.anchors(target), f"{link}: no such heading"


def test_readme_fits_in_eight_kilobytes():
    assert len((pages.ROOT / "README.md").read_bytes()) <= 8192
