"""Links lead somewhere, and every page can be found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_LINK = re.compile(r"\]\(\s*([^)\s]+)\s*\)")


def anchors(text: str) -> set[str]:
    """The anchors that headings get: lower case, dashes for spaces, no other signs."""
    headings = re.findall(r"^#+ +(.+?)\s*$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_relative_link_leads_to_a_file_and_an_anchor(page: Path, prose: Callable[[Path], str]) -> None:
    for link in _LINK.findall(prose(page)):
        if link.startswith(("https://", "http://")):
            continue
        place, _, anchor = link.partition("#")
        target = page if not place else page.parent / place
        assert target.exists(), f"{link}: no such file"
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), f"{link}: no such heading"


def test_no_link_leaves_the_repository(page: Path, root: Path, prose: Callable[[Path], str]) -> None:
    for link in _LINK.findall(prose(page)):
        if not link.startswith(("https://", "http://", "#")):
            assert (page.parent / link.partition("#")[0]).resolve().is_relative_to(root.resolve()), link


def test_every_page_is_linked_from_the_index(page: Path, root: Path, prose: Callable[[Path], str]) -> None:
    index = root / "docs" / "index.md"
    linked = {(index.parent / link.partition("#")[0]).resolve() for link in _LINK.findall(prose(index))}
    assert page.resolve() in linked | {index.resolve(), (root / "README.md").resolve()}


def test_a_page_has_one_title(page: Path, prose: Callable[[Path], str]) -> None:
    assert len(re.findall(r"^# ", prose(page), re.MULTILINE)) == 1


def test_anchors_are_made_as_forges_make_them() -> None:
    assert anchors("## Why p > 0.05 is not agreement\n### `[pretraining]`\n") == {
        "why-p--005-is-not-agreement",
        "pretraining",
    }


def test_the_word_ground_truth_is_not_used(page: Path) -> None:
    assert "ground truth" not in page.read_text(encoding="utf-8").lower()
