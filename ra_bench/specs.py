"""What a plugin hands over: a name, a callable and a few facts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal
from typing import Protocol as Interface

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ra_bench.values import Cohort, EpochReport, Failure, FindingSet, Job, Protocol, RunRecord, Uncertainty


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetSpec:
    """A cohort, or a pretraining set, by name.

    `load` gets a folder in which it may keep what it makes or fetches, and must give the same version for the same
    data. `obtain` tells a person how to get the data.
    """

    name: str
    load: Callable[[Path], Cohort | FindingSet]
    task: Literal["score", "findings"] = "score"
    obtain: str
    citation: str
    licence: str


#: What a model may override: keys of the protocol, or sections with all their keys.
OVERRIDABLE = (
    "epochs",
    "batch_size",
    "initialisation",
    "keep",
    "loss",
    "optimiser",
    "augmentation",
    "pretraining",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageNetWeights:
    """What a model's own library learnt from ImageNet.

    `load` gives tensors by name, with the network's names, and may need a network connection; `source` says which
    weights they are and where the file is, for people without one.
    """

    load: Callable[[], Mapping[str, Any]]
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A model by name.

    `build` gives what the trainer trains. For the trainer "standard": an nn.Module that takes films of shape
    (batch, 3, height, width), float32, and gives scores of shape (batch, 1); torch is imported inside `build`.
    `head` is the dotted name of its last layer (Linear or 1x1 Conv2d), which pretraining replaces. `residual_ends` are
    dotted names of the last layer with weights in each residual branch, where a `*` may stand for a number: a protocol
    may start them at zero.
    """

    name: str
    build: Callable[[], Any]
    citation: str
    trainer: str = "standard"
    pretraining: str | None = None
    head: str | None = None
    residual_ends: tuple[str, ...] = ()
    parameters: int | None = None
    #: Protocol keys that this model changes, such as {"optimiser.learning_rate": 0.01}; shown on the board. How it is
    #: trained is its own (see `OVERRIDABLE`); films, split and seeds are the board's.
    overrides: Mapping[str, Any] = field(default_factory=dict)
    #: A row that every model must beat, not a contender.
    baseline: bool = False
    #: False: trained only when asked for by name, not by `--models all`.
    in_all: bool = True
    #: For `ra-bench run --weights MODEL=imagenet`; None where there are none.
    imagenet: ImageNetWeights | None = None
    #: For `ra-bench attend`: the trained network and films (batch, 3, height, width) to its own attention, of shape
    #: (batch, rows, columns) over the whole film, 0 or more. None where it has none: then it is found by Grad-CAM.
    attention: Callable[[Any, Any], Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionSpec:
    """Models that are found by name when somebody asks for one, such as all of a library.

    Their names are the collection's, a slash, and what `names` gives: `timm/resnet18`. `find` gets one of `names` and
    gives the model. Both import their library inside: neither is called before a name that begins so is asked for. No
    model of a collection is among `--models all`.
    """

    name: str
    find: Callable[[str], ModelSpec]
    names: Callable[[], Iterable[str]]
    #: A few words for `ra-bench list`.
    summary: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricSpec:
    """A column of the board.

    `compute` takes reference and predicted, both of shape (n,), and gives one number. With `from_sums` (power sums of
    shape (..., 8) to values of shape (...), see `ra_bench.metrics.sums`) resampling is fast; without, it is slow
    and just as right.
    """

    name: str
    label: str
    unit: str
    compute: Callable[[NDArray[np.float64], NDArray[np.float64]], float]
    best: Literal["high", "low", "zero", "none"]
    from_sums: Callable[[NDArray[np.float64]], NDArray[np.float64]] | None = None
    interval: Literal["bca", "percentile", "none"] = "bca"
    digits: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmSet:
    """Films at the protocol's base size, padded to its shape: `films` (n, height, width), memory-mapped, read-only.

    `films[3]` is an array; `films[3:9]` and a loop over `films` read film by film; all else is done on a copy of all of
    them in memory. They are uint8, or uint16 where any film of the cohort has more than 8 bits; white is 255 or 65535.
    `sizes` (n, 2) are the heights and widths of the films as decoded.
    """

    ids: tuple[str, ...]
    films: NDArray[np.uint8 | np.uint16]
    sizes: NDArray[np.int64]


class Stateful(Interface):
    """What can be kept and brought back: a network, an optimiser, or anything that does as they do.

    A state is made of tensors, numbers, texts, lists and dicts.
    """

    def state_dict(self) -> dict[str, Any]:
        """All that decides what it does next."""
        ...

    def load_state_dict(self, state_dict: dict[str, Any], /) -> Any:
        """Become what gave that state."""
        ...


class Progress(Interface):
    """Where a trainer keeps what it did, epoch by epoch, so that a job that was killed goes on and does not start anew.

    Call both, or neither, with the same parts: `restore` once, when they are built and on their device, and `keep` for
    each report, before it is yielded. The random states of torch, Python and numpy come along.
    """

    def restore(self, parts: Mapping[str, Stateful]) -> int:
        """Bring the parts to where an earlier try left them; the last epoch that it did, 0 where there is none."""
        ...

    def keep(self, report: EpochReport, parts: Mapping[str, Stateful]) -> None:
        """Write the parts as they are now, at the end of the epoch that the report tells of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoProgress:
    """Keeps nothing: the progress of a task that was made by hand."""

    def restore(self, parts: Mapping[str, Stateful]) -> int:  # noqa: ARG002 - see Progress
        """Nothing was kept: 0."""
        return 0

    def keep(self, report: EpochReport, parts: Mapping[str, Stateful]) -> None:
        """Keep nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitTask:
    """All that a trainer gets. It never sees the test films' scores.

    Scores are on the cohort's scale. `pretrained` is a file of body weights to start from, or None: the suite's own or
    one that was given, which `ra_bench.training.checkpoint.load_body` loads; `folder` is the job's own.
    A trainer that leaves `progress` alone works too: its job starts anew after a kill.
    """

    model: ModelSpec
    protocol: Protocol
    seed: int
    device: str
    folder: Path
    pretrained: Path | None
    train: FilmSet
    train_scores: NDArray[np.float64]
    validation: FilmSet
    validation_scores: NDArray[np.float64]
    test: FilmSet
    progress: Progress = field(default_factory=NoProgress)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """What a trainer returns after its last epoch: one prediction a film, on the cohort's scale, shape (n,).

    `uncounted` names the operations that are not among `madds`; None where nobody looked. A model that says how sure it
    is gives an `Uncertainty` of the same films, of test and validation; see docs/how-to/ensembles-and-uncertainty.md.
    """

    validation: NDArray[np.float64]
    test: NDArray[np.float64]
    parameters: int | None = None
    madds: int | None = None
    uncounted: tuple[str, ...] | None = None
    kept_epoch: int | None = None
    #: Parts in which each batch went through the network.
    batch_parts: int = 1
    validation_uncertainty: Uncertainty | None = None
    test_uncertainty: Uncertainty | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainerSpec:
    """A way to train, chosen by a model by name. `fit` yields a report an epoch and returns `Fitted`."""

    name: str
    fit: Callable[[FitTask], Generator[EpochReport, None, Fitted]]
    #: Made of `ra_bench.parts`: a change of the suite's own training code then trains its models again.
    uses_parts: bool = False
    #: It may be called in several processes at once, which torch.distributed has brought together, to do one job. The
    #: first of them writes files. One that says False gets one device, whatever was asked for.
    many_devices: bool = False


class Observers(Interface):
    """Where progress goes: called by launchers, answered by every plugin that observes."""

    def on_job_start(self, *, job: Job) -> None:
        """A job was handed to its process."""

    def on_epoch_end(self, *, job: Job, report: EpochReport) -> None:
        """An epoch of a job ended."""

    def on_job_end(self, *, job: Job, record: RunRecord | Failure) -> None:
        """A job ended: with a record, or with a failure that says why."""


class Work(Interface):
    """Does one job in the process that calls it. Picklable, so that a launcher can send it elsewhere."""

    @property
    def timeout(self) -> float | None:
        """Seconds that a job may take, or None. It is the launcher that ends one that takes longer."""
        ...

    @property
    def devices(self) -> int:
        """Devices for each job: GPUs, or shares of the cores."""
        ...

    @property
    def gpus(self) -> tuple[str, ...]:
        """The GPUs that jobs may use, as CUDA_VISIBLE_DEVICES names them; none where they train elsewhere."""
        ...

    def __call__(self, job: Job, on_epoch: Callable[[EpochReport], None]) -> RunRecord:
        """The committed record of the job; `on_epoch` gets each report on the way."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LauncherSpec:
    """A place where jobs run.

    `launch` takes jobs, the work, observers and the number of jobs that may run at a time; it starts the jobs in the
    given order and gives each result as it comes. `elsewhere` says that they run on other machines: which devices this
    one has does not matter then, and if nobody says how many may run at a time, all may.
    """

    name: str
    launch: Callable[[Sequence[Job], Work, Observers, int], Iterable[RunRecord | Failure]]
    elsewhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RendererSpec:
    """A file of the board, `<stem><suffix>` in its folder, such as board.md.

    `render` is pure and gets the `Board`; with `takes_files` it gets the `BoardFiles` too, which are empty where the
    cohort is private.
    """

    name: str
    suffix: str
    render: Callable[..., str]
    stem: str = "board"
    takes_files: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolSpec:
    """A protocol by name: a TOML file that users can copy."""

    name: str
    file: Path
