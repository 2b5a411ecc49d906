"""Where a model looks, as a page: shares of attention beside what chance would give."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.attention.pictures import SHEET, write_pictures
from ra_bench.attention.values import DAMAGED
from ra_bench.boards.render.json import as_json_text
from ra_bench.boards.render.numbers import as_text
from ra_bench.cohorts.audit.finding import counted
from ra_bench.files import write_text
from ra_bench.reports.pages import Page, page_markdown
from ra_bench.reports.sections import Column, Section

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ra_bench.attention.look import FilmLook
    from ra_bench.attention.values import Attention

_DIGITS = 3
_ON_DAMAGE = {
    "on_damage": "the model's attention",
    "film_damage": "even over the film (chance)",
    "hands_damage": "even over the hands",
    "others_damage": "the model's, on sites damaged in other films",
    "sites_damage": "even over all scored sites",
    "follows_damage": "a map this coarse that follows the damage",
}
_ON_SITES = {
    "on_sites": "the model's attention",
    "film_sites": "even over the film (chance)",
    "hands_sites": "even over the hands",
}
_OTHERS = (
    "Above other films' damage, too: its attention goes to the sites that are damaged on this film. These are sites of "
    "the same film, damaged in the ten films with most nearly as many damaged sites; as if of the same area."
)
_COARSE = (
    "The last row is a map of as few cells that follows the damage. Where it is near chance, few cells cannot tell."
)
_MEANING = (
    "Above the film only: it looks at hands more than at air, or at what all hands have.",
    "Above the hands, too: it looks at scored sites or near them.",
    _OTHERS,
    _COARSE,
)


def attention_page(found: Attention) -> Page:
    """The page; without numbers where nobody knows where the damage is."""
    sections = [Section(heading="What was looked at", lines=tuple(_lines(found)))]
    if found.means:
        sections += [
            Section(heading="On drawn damage", columns=_columns(found, _ON_DAMAGE), notes=_MEANING),
            Section(heading="On scored sites", columns=_columns(found, _ON_SITES)),
        ]
    kind = ", SIMULATED films" if found.simulated else ""
    return Page(title=f"Where {found.model} looks: {found.dataset}, {found.protocol}{kind}", sections=tuple(sections))


def write_attention(found: Attention, looks: Sequence[FilmLook], folder: Path) -> tuple[Path, ...]:
    """Write `attention.md` with the overlays, `attention.json` and the pictures; give their paths.

    Raises
    ------
    StorageError
        The folder cannot be written to.
    """
    pictures = write_pictures(found, looks, folder)
    page, values = folder / "attention.md", folder / "attention.json"
    write_text(page, page_markdown(attention_page(found)) + f"\n![Overlays]({SHEET})\n")
    write_text(values, as_json_text(found))
    return page, values, *pictures


def _lines(found: Attention) -> list[str]:
    whose = f"{found.model}, seed {found.seed}, trained on {found.dataset} under {found.protocol}"
    cells, pixels = (f"{size[0]} x {size[1]}" for size in (found.map_size, found.input_size))
    size = f"{cells} cells for a film of {pixels} pixels"
    how = (
        f"The model's own attention: {size}."
        if found.layer is None
        else f"Grad-CAM ({found.library}) of the layer '{found.layer}': {size}. "
        "What speaks for a lower score does not count."
    )
    lines = [
        f"{whose}: its {counted(found.films, 'test film')}.",
        how,
    ]
    if found.shares or found.undamaged or found.unattended:
        left = f"{found.undamaged:,} without damage, {found.unattended:,} on which it attends to nothing"
        lines += [
            f"Measured on {counted(len(found.shares), 'film')}. Left out: {left}.",
            f"A site counts as damaged from {DAMAGED:g} SvH units on.",
        ]
    return lines


def _columns(found: Attention, rows: Mapping[str, str]) -> tuple[Column, ...]:
    return (
        Column(heading="share of attention", cells=tuple(rows.values()), right=False),
        Column(heading="mean (95 %)", cells=tuple(as_text(found.means[key], _DIGITS) for key in rows)),
        Column(
            heading="model minus it (95 %)",
            cells=tuple(as_text(found.gaps[key], _DIGITS) if key in found.gaps else "" for key in rows),
        ),
    )
