"""A job's progress: after each epoch all that decides the rest is kept, and a new try goes on from there.

What is kept: whatever the trainer names (network, optimiser, kept weights), the random states of torch, Python and
numpy, and the reports. Order of films, augmentation and learning rate follow from seed, epoch and step alone. torch is
imported only where something is kept or brought back: a trainer that needs none gets a task without it.
"""

from __future__ import annotations

import logging
import pickle
import time
from typing import TYPE_CHECKING

from ra_bench.errors import TrainingError
from ra_bench.files import sweep
from ra_bench.training.progress_file import (
    Kept,
    find_progress,
    forget_progress,
    open_content,
    torch_version,
    write_progress,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import BinaryIO

    from ra_bench.specs import Stateful
    from ra_bench.values import EpochReport

log = logging.getLogger(__name__)


class Stopwatch:
    """The seconds of a job: of this try and, once they are added, of those before."""

    def __init__(self) -> None:
        self._started = time.perf_counter()  # never set back, as a clock on the wall may be
        self._before = 0.0

    def add(self, seconds: float) -> None:
        """Add the seconds of earlier tries."""
        self._before += seconds

    def seconds(self) -> float:
        """All of them."""
        return self._before + time.perf_counter() - self._started


class FileProgress:
    """Keeps a job's progress in a file (see progress_file.py). This is what a trainer gets as `task.progress`.

    Where several processes do a job, all read it and one `writes`.
    """

    def __init__(self, file: Path, *, job: str, watch: Stopwatch, writes: bool = True) -> None:
        self._file, self._job, self._watch, self._torch = file, job, watch, torch_version()
        self._writes = writes
        #: Reports of the epochs that an earlier try did, once they are restored.
        self.earlier: tuple[EpochReport, ...] = ()
        self._reports: tuple[EpochReport, ...] = ()

    def restore(self, parts: Mapping[str, Stateful]) -> int:
        """Bring the parts and the random states to where an earlier try left them; the number of epochs done.

        0 where there is nothing to go on from. What cannot be used is said in the log.

        Raises
        ------
        TrainingError
            What was kept does not fit the parts.
        """
        if self._writes:
            sweep(self._file)
        found = find_progress(self._file, self._job)
        for trouble in found.troubles:
            log.warning("%s: it is not used", trouble)
        if found.kept is None or found.file is None:
            return 0
        import torch

        from ra_bench.training.device import set_random_states

        with open_content(found.file) as opened:
            content = torch.load(opened, map_location="cpu", weights_only=True)
        try:
            for name, part in parts.items():
                part.load_state_dict(content["parts"][name])
        except (KeyError, ValueError, TypeError, RuntimeError) as error:
            said = " ".join(str(error).split()).rstrip(". ")
            raise TrainingError(
                f"What an earlier try kept in {found.file} does not fit this trainer's parts: {said}. "
                "Delete that file and start the run again."
            ) from error
        set_random_states(content["random"])
        self.earlier = self._reports = found.kept.reports
        self._watch.add(found.kept.seconds)
        last = self.earlier[-1]
        log.info("%s: going on after epoch %d of %d, kept in %s", last.stage, last.epoch, last.epochs, found.file.name)
        return last.epoch

    def keep(self, report: EpochReport, parts: Mapping[str, Stateful]) -> None:
        """Write the parts and the random states at the end of an epoch, whole or not at all.

        Raises
        ------
        StorageError
            They cannot be written. What was kept before stands.
        TrainingError
            A state holds what `torch.load(weights_only=True)` would not read back.
        """
        if not self._writes:
            return
        self._reports = (*self._reports, report)
        import torch
        from torch.utils.serialization import config

        from ra_bench.training.device import random_states

        content = {"parts": {name: part.state_dict() for name, part in parts.items()}, "random": random_states()}

        def save(file: BinaryIO) -> None:
            # the line's sha256 tells of damage already
            with config.patch({"save.compute_crc32": False}):  # type: ignore[attr-defined]  # given when it is imported
                torch.save(content, file)

        kept = Kept(job=self._job, torch=self._torch, seconds=self._watch.seconds(), reports=self._reports)
        write_progress(self._file, kept, save)
        if len(self._reports) == 1:
            self._read_back()

    def _read_back(self) -> None:
        """Once a job: better now than when it is to go on."""
        import torch

        try:
            with open_content(self._file) as opened:
                torch.load(opened, map_location="meta", weights_only=True)
        except pickle.UnpicklingError as error:
            forget_progress(self._file)
            raise TrainingError(
                "What this trainer keeps could not be read back: a state_dict holds something else than tensors, "
                "numbers, texts, lists and dicts. Turn arrays of numpy into tensors, and its numbers into Python's."
            ) from error
