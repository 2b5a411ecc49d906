"""The site of the documentation: whole, every link leads somewhere, and nothing is fetched from elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import pytest

pytestmark = pytest.mark.slow

#: Tags whose target a browser fetches by itself.
FETCHES = {"script": "src", "img": "src", "iframe": "src", "link": "href", "source": "src"}


@dataclass
class Page(HTMLParser):
    """Links of a page, what it fetches, and its anchors."""

    links: list[str] = field(default_factory=list)
    fetched: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        of = {name: value for name, value in attrs if value}
        if "id" in of:
            self.anchors.add(of["id"])
        if tag == "a" and "href" in of:
            self.links.append(of["href"])
        if of.get(FETCHES.get(tag, "")):
            self.fetched.append(of[FETCHES[tag]])


def page_of(text: str) -> Page:
    page = Page()
    page.feed(text)
    return page


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it; a warning of mkdocs fails."""
    root, folder = Path(__file__).parent.parent.parent, tmp_path_factory.mktemp("site")
    command = [Path(sys.executable).with_name("mkdocs"), "build", "--config-file", root / "mkdocs.yml", "-d", folder]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    """Every page of the site but the one for what is not there, whose links start at a server's root."""
    files = [file for file in site.rglob("*.html") if file.name != "404.html"]
    return {file: page_of(file.read_text(encoding="utf-8")) for file in files}


def test_every_page_of_the_documentation_is_there(site: Path, root: Path) -> None:
    written = {page.relative_to(root / "docs").with_suffix(".html") for page in (root / "docs").rglob("*.md")}
    assert written <= {file.relative_to(site) for file in site.rglob("*.html")}


def test_every_link_leads_to_a_file_and_an_anchor(pages: dict[Path, Page]) -> None:
    for file, page in pages.items():
        for link in [*page.links, *page.fetched]:
            if link.startswith(("http://", "https://", "data:")):
                continue
            place, _, anchor = link.partition("#")
            target = (file.parent / unquote(place)).resolve() if place else file
            assert target.exists(), f"{file.name}: {link}"
            if anchor and target in pages:
                assert unquote(anchor) in pages[target].anchors, f"{file.name}: {link}"


def test_nothing_is_fetched_from_elsewhere(pages: dict[Path, Page], site: Path) -> None:
    for file, page in pages.items():
        assert not [link for link in page.fetched if link.startswith(("http:", "https:", "//"))], file
    for style in site.rglob("*.css"):
        assert "url(http" not in style.read_text(encoding="utf-8"), style


def test_what_a_browser_would_fetch_is_found() -> None:
    page = page_of('<img src="https://a.b/c.png"><script src="//a.b/d.js"></script><a href="x.html#y" id="z">')
    assert page.fetched == ["https://a.b/c.png", "//a.b/d.js"]
    assert (page.links, page.anchors) == (["x.html#y"], {"z"})


def test_sources_that_pages_link_to_are_pages_of_the_site(site: Path, root: Path) -> None:
    page = (site / "source" / "ra_bench" / "values.py.html").read_text(encoding="utf-8")
    assert (root / "ra_bench" / "values.py").read_text(encoding="utf-8").splitlines()[0].strip('"') in page


def test_fences_keep_their_colours(site: Path) -> None:
    # the words behind a fence's language, which only the tests read, would make it plain text
    page = (site / "tutorials" / "your-model.html").read_text(encoding="utf-8")
    assert "file=" not in page
    assert "language-python highlight" in page
