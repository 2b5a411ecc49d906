"""One job from start to finish: load, pretrain where asked, fit, predict, commit. Runs in a process of its own."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ra_bench.cohorts.folds import plan_splits
from ra_bench.cohorts.splits import plan_hash, reference
from ra_bench.cohorts.store import open_store
from ra_bench.cohorts.visits import visit_numbers, with_visits
from ra_bench.errors import CohortError, TrainingError, WeightsError
from ra_bench.files import make_folder, sweep
from ra_bench.plugins import Registry, load_plugins
from ra_bench.runs.datasets import find_dataset, load_scores
from ra_bench.runs.hand_out import own_progress
from ra_bench.runs.plan import protocol_data, registered_model
from ra_bench.runs.pretraining import body_weights
from ra_bench.runs.process import device_used, environment, logged_to, peak_memory
from ra_bench.runs.records import FILES, LOG, job_folder, write_job, write_record
from ra_bench.runs.together import do_together, rank_and_size
from ra_bench.runs.turn import Announced, turn_at
from ra_bench.runs.weights import Start, check_weights, digest_of
from ra_bench.specs import FilmSet, FitTask, Fitted
from ra_bench.training.progress import FileProgress, Stopwatch
from ra_bench.training.progress_file import CHECKPOINT, RESUME, forget_progress, has_progress
from ra_bench.training.protocol import base_size, with_overrides
from ra_bench.values import (
    Cohort,
    EpochReport,
    Folds,
    Job,
    Predictions,
    Protocol,
    RunRecord,
    Split,
    SplitPlan,
    Uncertainty,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ra_bench.cohorts.store import OnFilms
    from ra_bench.runs.nodes import Node
    from ra_bench.specs import ModelSpec
    from ra_bench.values import Sample


log = logging.getLogger(__name__)

#: Of fewer films a model that rounds may say the same by chance.
_ENOUGH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Workplace:
    """What a worker must know beside the job: where things are, which plugins to load, on which device to train.

    `dataset` is a name, or the path of a cohort.toml; a job holds the name only. `weights` are the files from which
    models start.
    """

    runs: Path
    data: Path
    dataset: str
    device: str
    protocol: Protocol
    folds: Folds
    builtins: tuple[str, ...]
    plugin_files: tuple[Path, ...] = ()
    without: tuple[str, ...] = ()
    weights: Mapping[str, Path] = field(default_factory=dict)

    def registry(self) -> Registry:
        """Load the plugins that the run was started with."""
        return load_plugins(self.builtins, files=self.plugin_files, without=self.without)


def do_job(
    workplace: Workplace,
    job: Job,
    on_epoch: Callable[[EpochReport], None],
    *,
    devices: int = 1,
    node: Node | None = None,
) -> RunRecord:
    """Do one job and commit its record. What is printed on the way goes to the job's log.

    A job that was stopped goes on after the last epoch that its trainer kept; its log goes on too. On several devices
    it trains in as many processes, if its trainer can; the record is committed here. `node` is the first of several
    machines, if each is to give so many devices to the job.

    Raises
    ------
    RaBenchError
        Whatever stops the job; nothing is committed then.
    """
    folder = make_folder(job_folder(workplace.runs, job))
    write_job(folder, job)
    with logged_to(folder / LOG, append=has_progress(folder / RESUME)):
        for name in FILES:
            sweep(folder / name)
        training = partial(_train, workplace, job, folder)
        if (devices > 1 or node is not None) and _is_for_many(workplace.registry(), registered_model(job)):
            with nullcontext() if node is None else turn_at(node, job) as turn:
                record = do_together(
                    training, job, device=workplace.device, processes=devices, on_epoch=on_epoch, turn=turn
                )
        else:
            record = training(workplace.device, on_epoch)
        write_record(folder, record)
        forget_progress(folder / RESUME)
    return record


@dataclass(frozen=True, slots=True, kw_only=True)
class JobWork:
    """`do_job` at one workplace, with what a launcher must know; see `ra_bench.specs.Work`."""

    workplace: Workplace
    timeout: float | None = None
    devices: int = 1
    gpus: tuple[str, ...] = ()
    node: Node | None = None

    def __call__(self, job: Job, on_epoch: Callable[[EpochReport], None]) -> RunRecord:
        """The committed record of a job."""
        return do_job(self.workplace, job, on_epoch, devices=self.devices, node=self.node)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareOfWork:
    """The part of a machine that is not the first in a job of several. It writes nothing that stays."""

    workplace: Workplace
    devices: int
    node: Node
    announced: Announced
    timeout: float | None = None
    gpus: tuple[str, ...] = ()

    def __call__(self, job: Job, on_epoch: Callable[[EpochReport], None]) -> RunRecord:
        """The record of the job, which the first machine commits."""
        with TemporaryDirectory(prefix="ra-bench-") as scratch, turn_at(self.node, job, self.announced) as turn:
            training = partial(_train, self.workplace, job, Path(scratch))
            device = self.workplace.device
            return do_together(training, job, device=device, processes=self.devices, on_epoch=on_epoch, turn=turn)


def splits_for(cohort: Cohort, protocol: Protocol, folds: Folds) -> SplitPlan:
    """The splits that a protocol means on a cohort, once or in folds, cut down to `max_films`."""
    return plan_splits(cohort, protocol.split, folds=folds, max_films=protocol.max_films)


def films_of(
    cohort: Cohort,
    split: Split,
    protocol: Protocol,
    data: Path,
    on_films: OnFilms | None = None,
) -> FilmSet:
    """All films of a split at the protocol's base size: train, validation, test in order. All folds share one store."""
    height, width = base_size(protocol)
    return open_store(
        _samples(cohort, (*split.train, *split.validation, *split.test)),
        name=cohort.name,
        version=cohort.version,
        height=height,
        width=width,
        data=data,
        on_films=on_films,
    )


def _is_for_many(registry: Registry, model: str) -> bool:
    """Whether the trainer of a model can use several devices; if not, the log says so."""
    trainer = registry.get("trainer", registry.get("model", model).trainer)
    if not trainer.many_devices:
        log.warning("the trainer '%s' uses one device: there is one process", trainer.name)
    return bool(trainer.many_devices)


def _train(
    workplace: Workplace, job: Job, folder: Path, device: str, on_epoch: Callable[[EpochReport], None]
) -> RunRecord:
    """Load, pretrain where asked, fit and predict: alone, or as one of a team, of which all come to the same record."""
    watch, (rank, processes) = Stopwatch(), rank_and_size()
    if not rank:
        sweep(folder / CHECKPOINT)
    registry = workplace.registry()
    spec: ModelSpec = registry.get("model", registered_model(job))
    protocol = with_overrides(workplace.protocol, spec.overrides)
    cohort = load_scores(find_dataset(registry, workplace.dataset), workplace.data)
    plan = splits_for(cohort, protocol, workplace.folds)
    if (cohort.version, plan_hash(plan)) != (job.cohort, job.split):
        raise CohortError(f"The cohort '{cohort.name}' changed while the run was going on. Start the run again.")
    split = plan.splits[0 if job.fold is None else job.fold.number - 1]
    start = _start(workplace, job, spec)
    pretrained = (
        body_weights(registry, job, protocol, workplace.data, device, on_epoch, watch) if start is None else start.file
    )
    resume = folder / RESUME if processes == 1 else own_progress(folder / RESUME, job.key)  # which imports torch
    progress = FileProgress(resume, job=job.key, watch=watch, writes=not rank)
    task = FitTask(
        model=spec,
        protocol=protocol,
        seed=job.seed,
        device=device,
        folder=folder,
        pretrained=pretrained,
        train_scores=_scores(cohort, split.train),
        validation_scores=_scores(cohort, split.validation),
        progress=progress,
        **sides_of(films_of(cohort, split, protocol, workplace.data), split),
    )
    reports, fitted = all_epochs(registry.get("trainer", spec.trainer).fit(task), on_epoch)
    history = [*progress.earlier, *reports]
    check_fitted(fitted, split, job.model)
    if not spec.baseline:
        check_that_films_matter(fitted, job.model)
    used = device_used()
    return RunRecord(
        job=job,
        protocol=protocol_data(protocol),
        predictions=with_visits(
            _predictions(_samples(cohort, split.test), fitted.test, fitted.test_uncertainty),
            visit_numbers(cohort.samples),
        ),
        validation=_predictions(_samples(cohort, split.validation), fitted.validation, fitted.validation_uncertainty),
        history=tuple(history),
        parameters=fitted.parameters,
        madds=fitted.madds,
        seconds=watch.seconds(),
        seconds_per_epoch=median(report.seconds for report in history) if history else None,
        peak_memory=peak_memory(used),
        kept_epoch=fitted.kept_epoch,
        batch_parts=fitted.batch_parts,
        pretrained_on=spec.pretraining if start is None else start.given.trained_on or start.given.file,
        overrides={key: str(value) for key, value in spec.overrides.items()},
        device=used,
        finished=datetime.now(UTC).isoformat(timespec="seconds"),
        environment=environment(used),
        uncounted=fitted.uncounted,
        peak_host_memory=peak_memory("cpu") if used.startswith("cuda") else None,
        weights=None if start is None else start.given,
        devices=processes,
    )


def _start(workplace: Workplace, job: Job, spec: ModelSpec) -> Start | None:
    """The weights that the job starts from, the same as when the run was planned; None where none were given."""
    if job.weights is None:
        return None
    file = workplace.weights[spec.name]
    if not file.is_file() or digest_of(file) != job.weights:  # a board names no folder of this machine
        raise WeightsError(f"{file.name} is gone or changed while the run was going on. Start the run again.")
    return Start(file=file, given=check_weights(spec, file))


def all_epochs(
    epochs: Generator[EpochReport, None, Fitted], on_epoch: Callable[[EpochReport], None]
) -> tuple[list[EpochReport], Fitted]:
    """Run a trainer to its end, passing each report on."""
    history: list[EpochReport] = []
    while True:
        try:
            report = next(epochs)
        except StopIteration as end:
            return history, end.value
        if not isinstance(report, EpochReport):
            raise TrainingError(f"A trainer's fit yielded {type(report).__name__}. It yields EpochReport.")
        history.append(report)
        on_epoch(report)


def check_fitted(fitted: object, split: Split, model: str) -> None:
    """A trainer may be a stranger's: one finite number a film, or an error that says what came instead."""
    import numpy as np

    if not isinstance(fitted, Fitted):
        raise TrainingError(
            f"The trainer of '{model}' returned {type(fitted).__name__}. A trainer's fit yields EpochReport and "
            "returns Fitted."
        )
    for side, predicted, said, ids in (
        ("validation", fitted.validation, fitted.validation_uncertainty, split.validation),
        ("test", fitted.test, fitted.test_uncertainty, split.test),
    ):
        if np.shape(predicted) != (len(ids),):
            raise TrainingError(
                f"The trainer of '{model}' gave {side} predictions of shape {np.shape(predicted)} for {len(ids)} "
                f"films. Give one number a film: shape ({len(ids)},)."
            )
        if not np.isfinite(predicted).all():
            first = ids[int(np.flatnonzero(~np.isfinite(predicted))[0])]
            raise TrainingError(f"'{model}' predicts no finite number for {side} film '{first}'.")
        if said is not None:
            _check_uncertainty(said, side, ids, model)


def _check_uncertainty(given: Uncertainty, side: str, ids: Sequence[str], model: str) -> None:
    """An SD is no less than 0, an interval has both ends in their order, and each film has one."""
    import numpy as np

    who = f"The trainer of '{model}' gave {side} films"
    columns = {name: np.asarray(getattr(given, name), dtype=np.float64) for name in ("sd", "lower", "upper")}
    for name, values in columns.items():
        if values.size and (values.shape != (len(ids),) or not np.isfinite(values).all()):
            raise TrainingError(f"{who} {values.size} numbers as '{name}'. Give one finite number a film, {len(ids)}.")
    if (columns["sd"] < 0).any():
        raise TrainingError(f"{who} an SD below 0, on '{ids[int(columns['sd'].argmin())]}'. Give 0 or more.")
    if columns["lower"].size != columns["upper"].size:
        raise TrainingError(f"{who} one end of an interval. Give both 'lower' and 'upper', or neither.")
    if (crossed := np.flatnonzero(columns["lower"] > columns["upper"])).size:
        raise TrainingError(f"{who} an interval whose lower end is above its upper, on '{ids[crossed[0]]}'.")
    if not 0 < given.level < 1:
        raise TrainingError(f"{who} an interval of level {given.level}. Give a share between 0 and 1, such as 0.95.")


def check_that_films_matter(fitted: Fitted, model: str) -> None:
    """A model, unlike a baseline, must tell films apart. To the bit equal is not almost equal."""
    import numpy as np

    predicted = np.concatenate([fitted.validation, fitted.test])
    if len(predicted) >= _ENOUGH and (predicted == predicted[0]).all():
        raise TrainingError(
            f"'{model}' predicts {predicted[0]:g} for each of {len(predicted)} validation and test films: its output "
            "does not depend on its input. Look whether `forward` uses the films, and whether a layer is dead: lower "
            "optimiser.learning_rate, or choose another initialisation. If a constant is meant, set baseline=True in "
            "its ModelSpec."
        )


def _samples(cohort: Cohort, ids: Sequence[str]) -> list[Sample]:
    by_id = {sample.sample_id: sample for sample in cohort.samples}
    return [by_id[name] for name in ids]


def _scores(cohort: Cohort, ids: Sequence[str]) -> NDArray[np.float64]:
    import numpy as np

    return np.array([reference(sample) for sample in _samples(cohort, ids)], dtype=np.float64)


def sides_of(films: FilmSet, split: Split) -> dict[str, FilmSet]:
    """Train, validation and test films, cut out of what `films_of` gave; views, no copies."""
    first, second = len(split.train), len(split.train) + len(split.validation)
    parts = {"train": slice(0, first), "validation": slice(first, second), "test": slice(second, None)}
    return {
        side: FilmSet(ids=films.ids[part], films=films.films[part], sizes=films.sizes[part])
        for side, part in parts.items()
    }


def _predictions(
    samples: Sequence[Sample], predicted: NDArray[np.float64], uncertainty: Uncertainty | None
) -> Predictions:
    readers = list(dict.fromkeys(reader for sample in samples for reader in sample.readings))
    return Predictions(
        ids=tuple(sample.sample_id for sample in samples),
        patients=tuple(sample.patient_id for sample in samples),
        readings={reader: tuple(sample.readings.get(reader, float("nan")) for sample in samples) for reader in readers},
        predicted=tuple(float(value) for value in predicted),
        pixels=tuple(sample.pixels for sample in samples) if all(sample.pixels for sample in samples) else (),
        uncertainty=uncertainty,
    )
