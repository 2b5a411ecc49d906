"""One batch ahead: while a GPU works on a batch, a thread makes the next one. A CPU would only take from itself."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

Item = TypeVar("Item")
Made = TypeVar("Made")


def made_ahead(
    make: Callable[[Item], torch.Tensor], items: Iterable[Item], device: torch.device
) -> Generator[torch.Tensor, None, None]:
    """What `make` gives for each item, in order, on the device.

    `make` must depend on its item alone. What it raises is raised here, when that item's turn comes. Close the
    generator where it may not be used to its end (`contextlib.closing`): no thread is left then.
    """
    if device.type == "cuda":
        with closing(_on_side_stream(make, items, device)) as batches:
            yield from batches
    else:
        yield from map(make, items)


def _on_side_stream(
    make: Callable[[Item], torch.Tensor], items: Iterable[Item], device: torch.device
) -> Generator[torch.Tensor, None, None]:
    """Copies to the GPU and resampling there in a queue of their own, beside that of the training."""
    side = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]  # torch gives it no types

    def queued(item: Item) -> tuple[torch.Tensor, torch.cuda.Event]:
        with torch.cuda.stream(side):
            return make(item), side.record_event()

    with closing(in_background(queued, items)) as batches:
        for batch, made in batches:
            here = torch.cuda.current_stream(device)
            here.wait_event(made)
            batch.record_stream(here)  # its memory belongs to the side queue, which must not use it again too early
            yield batch


def in_background(make: Callable[[Item], Made], items: Iterable[Item]) -> Generator[Made, None, None]:
    """What `make` gives for each item, in order. A thread is at work on one item while the one before is used.

    Examples
    --------
    >>> list(in_background(str.upper, ["a", "b", "c"]))
    ['A', 'B', 'C']
    """
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="next-batch")
    try:
        coming = None
        for item in items:
            following = thread.submit(make, item)
            if coming is not None:
                yield coming.result()
            coming = following
        if coming is not None:
            yield coming.result()
    finally:
        thread.shutdown(cancel_futures=True)
