"""A page of sections, drawn for a terminal or as markdown; and written beside its values as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ra_bench.boards.render.escape import escaped, one_line
from ra_bench.boards.render.json import as_json_text
from ra_bench.boards.render.table import table
from ra_bench.files import make_folder, write_text
from ra_bench.reports.render import _escaped, _lines, _wrapped

if TYPE_CHECKING:
    from pathlib import Path

    from ra_bench.reports.sections import Section


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A title and its sections; text is as it is, and escaped where it is drawn."""

    title: str
    sections: tuple[Section, ...]


def page_markdown(page: Page) -> str:
    """The page as markdown."""
    parts = [[f"# {escaped(page.title)}"]]
    for section in page.sections:
        parts.append([f"## {escaped(section.heading)}"])
        parts.append([f"- {escaped(line)}" for line in section.lines])
        parts.append(table([_escaped(column) for column in section.columns]))
        parts.append([f"- {escaped(line)}" for line in section.notes])
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def page_text(page: Page, width: int = 100) -> str:
    """The page for a terminal: sentences wrapped, a table that is too wide turned."""
    title = one_line(page.title)
    parts = [[title, "=" * len(title)]]
    for section in page.sections:
        heading = one_line(section.heading)
        parts.append([heading, "-" * len(heading), *_wrapped(section.lines, width)])
        parts.append(_lines(section.columns, width))
        parts.append(_wrapped(section.notes, width))
    return "\n\n".join("\n".join(lines) for lines in parts if lines) + "\n"


def write_page(page: Page, values: object, folder: Path, name: str) -> tuple[Path, ...]:
    """Write `<name>.md` and `<name>.json`, each whole; give their paths. What is undefined is null.

    Raises
    ------
    StorageError
        The folder cannot be written to.
    """
    make_folder(folder)
    texts = {".md": page_markdown(page), ".json": as_json_text(values)}
    for suffix, text in texts.items():
        write_text(folder / f"{name}{suffix}", text)
    return tuple(folder / f"{name}{suffix}" for suffix in texts)
