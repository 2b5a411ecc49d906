"""Files that the first process has, brought to the machines of the others: they need share no folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.files import replacing
from ra_bench.training.progress_file import find_progress

if TYPE_CHECKING:
    from pathlib import Path


def hand_out(source: Path | None, target: Path) -> None:
    """Make `target` on each other machine what `source` is for the first process; there is none if it has None.

    All processes that do a job together come here. On the first machine `target` is left as it is.

    Raises
    ------
    StorageError
        It cannot be written.
    """
    from torch import distributed

    from ra_bench.training.distributed import team

    crew, number = team(), first_rank()
    if not crew.most(number):  # there is one machine
        return
    content = [source.read_bytes() if crew.first and source is not None else None]
    distributed.broadcast_object_list(content, src=0)
    if number and number == crew.rank:
        if content[0] is None:
            target.unlink(missing_ok=True)
        else:
            with replacing(target) as temporary:
                temporary.write_bytes(content[0])
    crew.most(0)  # all come here before any reads it


def own_progress(file: Path, job: str) -> Path:
    """Where this machine finds how far a job came, which the first keeps in a file; there it is that file."""
    from ra_bench.training.distributed import team

    crew, number = team(), first_rank()
    if not crew.most(number):
        return file
    # Another name, since the folder may be the first machine's after all.
    own = file.with_suffix(f".from{number}{file.suffix}") if number else file
    hand_out(find_progress(file, job).file if crew.first else None, own)
    return own


def first_rank() -> int:
    """The rank of the first process of this machine, among those that do a job together: 0 on the first machine."""
    from torch import distributed

    from ra_bench.training.distributed import team

    crew = team()
    return 0 if crew.alone else crew.rank - int(distributed.get_node_local_rank())
