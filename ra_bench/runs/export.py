"""A pretrained body as files to hand on: the weights, and a card that says what they are."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ra_bench.errors import WeightsError
from ra_bench.files import make_folder, replacing, write_text
from ra_bench.runs.card import Told, card, told
from ra_bench.training.about import about_weights

if TYPE_CHECKING:
    from ra_bench.values import Job

SUFFIX = ".safetensors"


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """Weights of a body in a file, its card, how well it tells findings, and whether it was trained just now."""

    file: Path
    card: Path
    findings: tuple[Told, ...]
    is_new: bool


def default_place(job: Job) -> Path:
    """Here, named after model and set."""
    return Path(f"{job.model.replace('/', '--')}-{job.dataset}{SUFFIX}")


def check_place(file: Path, kept: Path) -> None:
    """Refuse a place, before anything is trained, at which the weights cannot or should not be written.

    Raises
    ------
    WeightsError
        Another ending, a folder, or a file with other weights than those of `kept`.
    StorageError
        The folder cannot be made.
    """
    if file.suffix != SUFFIX:
        raise WeightsError(f"--out {file}: weights are written as safetensors. End the name with '{SUFFIX}'.")
    if file.is_dir():
        raise WeightsError(f"--out {file}: is a folder. Name a file in it.")
    if file.exists() and about_weights(file).get("key") != kept.stem.rpartition("-")[2]:
        raise WeightsError(
            f"{file} is there already and holds other weights. It is left as it is: delete it, or name another file "
            "with --out."
        )
    make_folder(file.parent)


def export_body(kept: Path, file: Path, *, is_new: bool) -> Body:
    """Copy a kept body to a file and write its card beside it.

    Raises
    ------
    StorageError
        A file cannot be written.
    """
    about = about_weights(kept)
    with replacing(file) as temporary:
        shutil.copyfile(kept, temporary)
    text = file.with_suffix(".md")
    write_text(text, card(about, file.name))
    return Body(file=file, card=text, findings=told(about), is_new=is_new)
