"""What mkdocs is told beside mkdocs.yml: the menu is the index, and what pages link to outside docs/ is a page too.

Pages are written for a checkout: they link to sources, plugins and boards. The site brings those along, so it is whole
wherever it stands.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from mkdocs.structure.files import File, Files

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
#: Where pages of what is outside docs/ stand.
OUTSIDE = "source"
#: What is shown as it is; anything else is text and becomes a page.
AS_IT_IS = {".html", ".ipynb", ".json", ".png", ".svg"}

_LINK = re.compile(r"(\]\(\s*)([^)\s#]+)(#[^)\s]*)?(?=\s*\))")
_CODE = re.compile(r"^ *```.*?^ *```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(r"^( *```)([\w-]+) [^\n`]*$", re.MULTILINE)
_SECTION = re.compile(r"^## (?P<title>.+)\n(?P<body>(?:(?!^## ).*\n?)*)", re.MULTILINE)
_ENTRY = re.compile(r"\]\(((?:tutorials|how-to|reference|explanation)/[\w-]+\.md)\)")


def on_config(config: Any) -> Any:
    """The menu: sections and order of docs/index.md, titles of the pages themselves."""
    sections = _SECTION.finditer((ROOT / "docs" / "index.md").read_text(encoding="utf-8"))
    pages = [(section["title"], _ENTRY.findall(section["body"])) for section in sections]
    seen: set[str] = set()
    config.nav = ["index.md"]
    for title, places in pages:
        new = [place for place in places if place not in seen]
        seen.update(new)
        if new:
            config.nav.append({title: new})
    return config


def on_files(files: Files, config: Any) -> Files:
    """Add what pages link to outside docs/, and what those link to."""
    waiting = [ROOT / "docs" / file.src_uri for file in files.documentation_pages()]
    added: set[Path] = set()
    while waiting:
        page = waiting.pop()
        for target in _targets(page):
            if target in added or target.is_relative_to(ROOT / "docs"):
                continue
            added.add(target)
            files.append(_file(target, config))
            if target.suffix == ".md":
                waiting.append(target)
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Links as they lead within the site; fences without the words that the tests read."""
    here = PurePosixPath(page.file.src_uri)
    origin = ROOT / here.relative_to(OUTSIDE) if here.parts[0] == OUTSIDE else ROOT / "docs" / here
    return _FENCE.sub(r"\1\2", _rewritten(markdown, _original(origin), here.parent))


def _rewritten(markdown: str, origin: Path, folder: PurePosixPath) -> str:
    def moved(match: re.Match[str]) -> str:
        target = _target(origin, match[2])
        if target is None:
            return match[0]
        place = os.path.relpath(_place(target), folder)
        return f"{match[1]}{place}{match[3] or ''}"

    parts, end = [], 0
    for code in _CODE.finditer(markdown):
        parts += [_LINK.sub(moved, markdown[end : code.start()]), code[0]]
        end = code.end()
    return "".join([*parts, _LINK.sub(moved, markdown[end:])])


def _targets(page: Path) -> Iterator[Path]:
    """Files that a page links to."""
    prose = _CODE.sub("", page.read_text(encoding="utf-8"))
    for match in _LINK.finditer(prose):
        target = _target(page, match[2])
        if target is not None:
            yield target


def _target(page: Path, link: str) -> Path | None:
    """The file that a link leads to, if it is one of the repository's."""
    if "://" in link or link.startswith("mailto:"):
        return None
    target = (page.parent / link).resolve()
    if target.is_dir():
        target = next(file for name in ("README.md", "board.md", "__init__.py") if (file := target / name).is_file())
    return target


def _place(target: Path) -> str:
    """Where a file of the repository stands among the sources of the site."""
    if target.is_relative_to(ROOT / "docs"):
        return str(target.relative_to(ROOT / "docs"))
    place = f"{OUTSIDE}/{target.relative_to(ROOT)}"
    return place if target.suffix in {".md", *AS_IT_IS} else f"{place}.md"


def _original(origin: Path) -> Path:
    """The file that a page was made of."""
    return origin if origin.exists() else origin.with_suffix("")


def _file(target: Path, config: Any) -> File:
    """A file of the repository as one of the site's."""
    place = _place(target)
    if target.suffix in AS_IT_IS:
        return File.generated(config, place, abs_src_path=str(target))
    text = target.read_text(encoding="utf-8")
    if target.suffix != ".md":
        text = f"# {target.relative_to(ROOT)}\n\n````{target.suffix.removeprefix('.')}\n{text}````\n"
    return File.generated(config, place, content=text)
