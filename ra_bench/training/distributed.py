"""One network in several processes, each with a device: who sees which films, and how they come to one result.

Errors add up, so each process sums them over its share of a batch, and the sums are put together: gradients by torch's
DistributedDataParallel, the rest here. A process that trains alone passes through all of it untouched.
"""

from __future__ import annotations

import gc
import importlib
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import torch
from torch import distributed, nn
from torch.nn.parallel import DistributedDataParallel

from ra_bench.errors import TrainingError
from ra_bench.specs import FilmSet
from ra_bench.training.parts import FEWEST, cut

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from numpy.typing import NDArray

    from ra_bench.values import Compute

Value = TypeVar("Value")

#: What DistributedDataParallel calls the copying of the first process's buffers: newer torches have the first name.
_COPIES = next(
    name
    for name in ("forward_sync_buffers", "broadcast_buffers")
    if name in signature(DistributedDataParallel).parameters
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """The places of those films of a batch that one process sees, out of `of` films.

    They do not count where another process sees the same.
    """

    places: NDArray[np.intp]
    of: int
    counts: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Team:
    """The processes that train one network together, and which of them this is."""

    rank: int = 0
    size: int = 1

    @property
    def alone(self) -> bool:
        """Whether there is no other."""
        return self.size == 1

    @property
    def first(self) -> bool:
        """Whether it is this one that writes files."""
        return self.rank == 0

    def share(self, batch: NDArray[np.intp]) -> Share:
        """What this process sees of a batch: films that follow one another, two at least.

        A batch that has not two films for each, which only the last of an epoch can be, has fewer shares than there
        are processes. The others are shown one of these too, and it does not count there: all must take part in a step.

        Examples
        --------
        >>> shares = [Team(rank=rank, size=3).share(np.arange(5)) for rank in range(3)]
        >>> [(share.places.tolist(), share.counts) for share in shares]
        [([0, 1, 2], True), ([3, 4], True), ([0, 1, 2], False)]
        """
        shares = cut(len(batch), self.size)
        places = batch[shares[self.rank % len(shares)]]
        return Share(places=places, of=len(batch), counts=self.rank < len(shares))

    def largest_share(self, batch_size: int) -> int:
        """The most films of a batch that a process sees.

        Raises
        ------
        TrainingError
            There are not two films for each process.
        """
        if not self.alone and batch_size < FEWEST * self.size:
            raise TrainingError(
                f"A batch of {batch_size} films is too small for {self.size} devices, which need {FEWEST} each. "
                f"Use --devices {max(1, batch_size // FEWEST)}, or a protocol with a larger batch_size."
            )
        largest: int = cut(batch_size, self.size)[0].stop
        return largest

    def films(self, films: FilmSet) -> FilmSet:
        """The films of a set that this process predicts; maybe none."""
        if self.alone:
            return films
        shares = cut(len(films.ids), self.size)
        part = shares[self.rank] if self.rank < len(shares) else slice(0, 0)
        return FilmSet(ids=films.ids[part], films=films.films[part], sizes=films.sizes[part])

    def sum(self, tensor: torch.Tensor) -> torch.Tensor:
        """A tensor summed over all processes, in place."""
        if not self.alone:
            distributed.all_reduce(tensor)
        return tensor

    def most(self, number: int) -> int:
        """The largest of the numbers that the processes have."""
        numbers = [number] if self.alone else self._all(number)
        return max(numbers)

    def same(self, value: Value) -> Value:
        """What the first process has, once all have come here."""
        return value if self.alone else self._all(value)[0]

    def gather(self, ids: Sequence[str], own: Sequence[str], values: NDArray[np.float64]) -> NDArray[np.float64]:
        """A row for each of `ids`, in their order, from the processes of which each has rows for ids of its own."""
        if self.alone:
            return values
        rows = {
            name: row for names, theirs in self._all((own, values)) for name, row in zip(names, theirs, strict=True)
        }
        return np.array([rows[name] for name in ids], dtype=np.float64).reshape(len(ids), *values.shape[1:])

    def draw_apart(self, seed: int, epoch: int) -> None:
        """Let no two processes drop the same: all but the first draw anew, as seed, epoch and rank say."""
        if not self.first:
            drawn = np.random.SeedSequence((seed, epoch, self.rank)).generate_state(1, np.uint64)
            torch.manual_seed(int(drawn[0]))

    def together(self, model: nn.Module, device: torch.device) -> nn.Module:
        """The network, of which a backward pass leaves the gradients' mean over the processes.

        Weights become those of the first process. A weight that an output does not depend on may keep no gradient.
        """
        if self.alone:
            return model
        own_buffers: dict[str, Any] = {_COPIES: False}  # until `agree`
        return DistributedDataParallel(
            model,
            device_ids=[device] if device.type == "cuda" else None,
            find_unused_parameters=True,
            **own_buffers,
        )

    def agree(self, model: nn.Module) -> None:
        """Give all processes the same statistics: the mean of what each found on its shares; counts of the first."""
        if self.alone:
            return
        for buffer in model.buffers():
            if buffer.is_floating_point():
                distributed.all_reduce(buffer)
                buffer.div_(self.size)
            else:
                distributed.broadcast(buffer, src=0)

    def _all(self, value: Value) -> list[Value]:
        """What each process has, by rank."""
        values: list[Any] = [None] * self.size
        distributed.all_gather_object(values, value)
        return values


#: A process that trains by itself.
ALONE = Team()


def team() -> Team:
    """The team that this process belongs to; see runs/together.py for how it comes into one."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return ALONE
    return Team(rank=distributed.get_rank(), size=distributed.get_world_size())


def join(backend: str, *, patience: timedelta) -> None:
    """Wait for the others, and be in a team with them until they `leave`; what torch's launcher set says who they are.

    DistributedDataParallel imports torch._dynamo, which keeps hold of a group that is there before it. The group's
    threads would then live until the interpreter ends, and abort the process if one of them needs it at that moment.
    """
    importlib.import_module("torch._dynamo")
    distributed.init_process_group(backend, timeout=patience)


def leave() -> None:
    """Leave the team, once all are done: its threads end. A network trained together, in a circle, holds it too."""
    gc.collect()
    distributed.destroy_process_group()


def waiting(network: nn.Module, *, last: bool) -> AbstractContextManager[object]:
    """Where a part of a batch goes through the network and back: gradients are put together with those of the last."""
    if last or not isinstance(network, DistributedDataParallel):
        return nullcontext()
    return network.no_sync()


def synchronised(model: nn.Module, compute: Compute, team: Team, device: torch.device) -> nn.Module:
    """The network, with batch normalisation over the whole batch of all processes if the protocol says so.

    Raises
    ------
    TrainingError
        The processes compute on a CPU, for which torch has no such layer.
    """
    if team.alone or not compute.sync_batch_norm:
        return model
    if device.type != "cuda":
        raise TrainingError(
            f"compute.sync_batch_norm needs GPUs, and the {team.size} processes compute on: {device.type}. "
            "Leave it out of the protocol, or use --device cuda."
        )
    converted: nn.Module = nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]  # no types
    return converted
