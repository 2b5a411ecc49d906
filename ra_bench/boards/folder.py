"""What lies where in a board's folder."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ra_bench.errors import RecordError

if TYPE_CHECKING:
    from ra_bench.values import Job

BOARD, RECORDS, PUBLISHED = "board", "records", "published.toml"
_SAFE = re.compile(r"[A-Za-z0-9_+][A-Za-z0-9._+-]*")


def record_folder(job: Job) -> str:
    """The folder's name below `records`.

    Raises
    ------
    RecordError
        A model's name that cannot be a folder.
    """
    model = job.model.replace("/", "--")
    if not _SAFE.fullmatch(model):
        raise RecordError(
            f"The model name '{job.model}' cannot name a folder. Use letters, digits, '.', '_', '+' and '-'."
        )
    fold = "" if job.fold is None else f"-fold{job.fold.number}"
    return f"{model}-seed{job.seed}{fold}"
