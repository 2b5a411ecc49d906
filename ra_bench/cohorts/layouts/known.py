"""The layouts of cohorts that are known by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.cohorts.layouts.arise import ARISE
from ra_bench.cohorts.layouts.ra2_dream import RA2_DREAM
from ra_bench.cohorts.layouts.ram_h1200 import RAM_H1200
from ra_bench.cohorts.layouts.ram_w600 import RAM_W600
from ra_bench.cohorts.layouts.rsna import RSNA
from ra_bench.errors import CohortError

if TYPE_CHECKING:
    from pathlib import Path

    from ra_bench.cohorts.layouts.layout import Layout

#: A table whose columns are mapped by the keys of cohort.toml.
GENERIC = "generic"

#: Chest films with findings: it has no score, so it is no cohort (see layouts/chexpert.py).
CHEXPERT = "chexpert"

LAYOUTS = {layout.name: layout for layout in (RSNA, RA2_DREAM, RAM_H1200, RAM_W600, ARISE)}


def find_layout(folder: Path) -> tuple[Layout, Path] | None:
    """The layout that a folder has, with its table; None if it has none that is known.

    Raises
    ------
    CohortError
        Two tables have a known layout, or the one is CheXpert's, which is no cohort.
    """
    from ra_bench.cohorts.layouts.chexpert import FINDINGS, VIEW
    from ra_bench.cohorts.layouts.parts import tables_with

    found = [(layout, table) for layout in LAYOUTS.values() for table in layout.tables(folder)]
    if not found and (tables := tables_with(folder, ("Path", VIEW, *FINDINGS))):
        table = min(tables, key=lambda file: (file.stem != "train", file)).relative_to(folder).as_posix()
        raise CohortError(
            f"{folder}: has CheXpert's layout: findings of chests and no score, so it is a set for pretraining and no "
            f"cohort. Write a cohort.toml in it with these lines, then 'ra-bench pretrain MODEL --dataset "
            f'{folder / "cohort.toml"}\'. See docs/how-to/pretrain.md.\nname = "{folder.resolve().name}"\n'
            f'layout = "{CHEXPERT}"\ntable = "{table}"'
        )
    if len(found) > 1:
        names = ", ".join(f"{table.relative_to(folder)} ({layout.name})" for layout, table in found[:5])
        raise CohortError(f"{folder}: {len(found)} tables have a known layout: {names}. Keep one here, and try again.")
    return found[0] if found else None
