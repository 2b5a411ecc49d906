"""README, CONTRIBUTING, docs/ and the plugins' READMEs, taken apart: pages, fences, links."""

from __future__ import annotations

import re
import runpy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

ROOT = Path(__file__).parent.parent.parent
PAGES = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md")))
#: Pages whose fences are held to what they say.
FENCED = (*PAGES, *sorted((ROOT / "plugins").glob("*/README.md")))

_FENCE = re.compile(r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<text>.*?)^ *```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Fence:
    """A fenced block: its language, the words behind it, `key=value` among them, and its text."""

    page: Path
    line: int
    language: str
    words: frozenset[str]
    options: Mapping[str, str]
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def fences_of(page: Path) -> list[Fence]:
    text = page.read_text(encoding="utf-8")
    found = []
    for match in _FENCE.finditer(text):
        language, *rest = match["info"].split() or [""]
        options = dict(word.split("=", 1) for word in rest if "=" in word)
        lines = [line.removeprefix(match["indent"]) for line in match["text"].splitlines(keepends=True)]
        found.append(
            Fence(
                page=page,
                line=text.count("\n", 0, match.start()) + 1,
                language=language,
                words=frozenset(word for word in rest if "=" not in word),
                options=options,
                text="".join(lines),
            )
        )
    return found


def without_code(text: str) -> str:
    """A page without its fences and code spans: what is left holds its links."""
    return re.sub(r"`[^`\n]*`", "", _FENCE.sub("", text))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "page" in metafunc.fixturenames:
        metafunc.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
    if "worked_page" in metafunc.fixturenames:
        worked = [page for page in FENCED if any(_works(fence) for fence in fences_of(page))]
        metafunc.parametrize("worked_page", worked, ids=[str(page.relative_to(ROOT)) for page in worked])
    if "command" in metafunc.fixturenames:
        lines = [(fence, line) for page in FENCED for fence in fences_of(page) for line in _commands(fence)]
        metafunc.parametrize(("fence", "command"), lines, ids=[f"{fence} {line}" for fence, line in lines])
    if "shell" in metafunc.fixturenames:
        shells = [fence for page in FENCED for fence in fences_of(page) if fence.language == "sh" or _commands(fence)]
        metafunc.parametrize("shell", shells, ids=map(str, shells))
    if "copied" in metafunc.fixturenames:
        copied = [fence for page in FENCED for fence in fences_of(page) if "from" in fence.options]
        metafunc.parametrize("copied", copied, ids=map(str, copied))


def _works(fence: Fence) -> bool:
    return bool(fence.language in {"python", "toml"} or fence.words & {"run", "explained"} or "file" in fence.options)


def _commands(fence: Fence) -> list[str]:
    """Lines that call ra-bench, without what the shell takes for itself: variables before it and comments behind it."""
    if fence.words & {"output", "usage"}:
        return []
    found = [re.match(r"(?:[A-Z_]+=\S+ )*(ra-bench [^#\n]*)", line) for line in fence.text.splitlines()]
    return [match[1].strip() for match in found if match]


@pytest.fixture
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture
def fences() -> Callable[[Path], list[Fence]]:
    """The fenced blocks of a page."""
    return fences_of


@pytest.fixture
def commands() -> Callable[[Fence], list[str]]:
    """The calls of ra-bench in a fence."""
    return _commands


@pytest.fixture
def prose() -> Callable[[Path], str]:
    """A page without code."""
    return lambda page: without_code(page.read_text(encoding="utf-8"))


@pytest.fixture
def readme_script() -> dict[str, Any]:
    """docs/update_readme.py."""
    return runpy.run_path(str(ROOT / "docs" / "update_readme.py"))


@pytest.fixture
def reference_script() -> dict[str, Any]:
    """docs/update_reference.py."""
    return runpy.run_path(str(ROOT / "docs" / "update_reference.py"))
