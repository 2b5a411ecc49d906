"""The values that flow through the suite, in order of appearance: cohort, split, protocol, job, record, board.

All are frozen dataclasses with keyword-only fields; what is done with them stands in functions elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeAlias

from annotated_types import Ge, Gt, Le, MinLen

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Film = Callable[[], NDArray[np.uint8 | np.uint16]]
    """Decodes one film when called: grey values of shape (height, width), bone bright on a dark background.

    Black is 0; white is 255 or 65535.
    """
else:
    Film = Callable

#: Written into the files that people write: an unknown key is an error, not a silent nothing.
_STRICT = {"extra": "forbid"}


# --- the cohort -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """What a score counts: its name, its unit and its ends (inclusive)."""

    name: str
    minimum: float
    maximum: float
    unit: str


#: Erosions 0-160 and joint space narrowing 0-120 of both hands.
SVH_HANDS = Scale(name="SvH, both hands", minimum=0.0, maximum=280.0, unit="SvH units")


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnSite:
    """A scored site of a film that was drawn: its middle and radius in pixels of the film, its damage in SvH units.

    `x` runs from 0 to the film's width, `y` from 0 at the top to its height.
    """

    name: str
    x: float
    y: float
    radius: float
    damage: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DrawnFilm:
    """What is known of a film because it was drawn: its sites, and which pixels (height, width) show a hand."""

    sites: tuple[DrawnSite, ...]
    hands: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One film with what the readers said of it."""

    sample_id: str
    patient_id: str
    visit: str
    film: Film
    readings: Mapping[str, float]
    #: Where the film was taken; empty where that is not known.
    site: str = ""
    #: Digest of the decoded pixels; empty where they were not looked at. Films of one digest are stored once.
    pixels: str = ""
    #: Where its sites lie and how damaged they are, which is known of drawn films only.
    drawn: Callable[[], DrawnFilm] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """Films with scores. `version` identifies films, ids, readings, scale and given split (see cohorts/version.py)."""

    name: str
    version: str
    scale: Scale
    samples: tuple[Sample, ...]
    citation: str
    licence: str
    given_split: Split | None = None
    simulated: bool = False
    private: bool = False
    #: Errors that do not stop a run, by name (see cohorts/audit/finding.py).
    allow: tuple[str, ...] = ()
    #: What a reader of the board must know, a sentence each: "No patient column: ...".
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingSample:
    """One film of a pretraining set. A finding is 1 present, 0 absent, -1 uncertain, None not mentioned."""

    sample_id: str
    patient_id: str
    film: Film
    findings: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingSet:
    """Films with findings, on which a `*-transfer` model trains its body first."""

    name: str
    version: str
    findings: tuple[str, ...]
    samples: tuple[FindingSample, ...]
    citation: str
    licence: str
    simulated: bool = False
    #: What a user of a body that was trained on it must know, a sentence each.
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Sample ids by use; no patient stands on two sides. `origin` says who made it."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]
    origin: str


#: How films are split: None is once, by the protocol's parts; a number is so many folds; "sites" a fold a site.
Folds: TypeAlias = int | Literal["sites"] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Which part of a split plan a job tests: its number from 1, how many there are, and the site that it tests."""

    number: int
    of: int
    site: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitPlan:
    """All splits of a board. One, or a split a fold: then each film is tested exactly once. `sites` name the folds."""

    splits: tuple[Split, ...]
    origin: str
    sites: tuple[str, ...] = ()


# --- the protocol ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRule:
    """Parts of the patients, as any positive numbers; used where the cohort brings no split of its own."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    train: Annotated[float, Gt(0)]
    validation: Annotated[float, Gt(0)]
    test: Annotated[float, Gt(0)]
    seed: Annotated[int, Ge(0)] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Augmentation:
    """What happens to a film before it is shown in training. Brightness and contrast: factor 1 ± the value."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    #: A film is kept at 1 / smallest_scale of the input size, scaled by a factor in [smallest_scale, 1] and cropped.
    smallest_scale: Annotated[float, Gt(0), Le(1)] = 1.0
    flip: bool = False
    #: Degrees to choose from. 90 and 270 need a square input.
    turns: Annotated[tuple[Literal[0, 90, 180, 270], ...], MinLen(1)] = (0,)
    brightness: Annotated[float, Ge(0), Le(1)] = 0.0
    contrast: Annotated[float, Ge(0), Le(1)] = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """`wang2022` is sqrt(mean smooth + epsilon), eqs. 9-10, with a, b, c; on z-scores like the others.

    `mse` is the mean squared error, `l1` the mean absolute one. `huber` is square below `delta`, straight above.
    """

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    name: Literal["wang2022", "mse", "l1", "huber"]
    a: float = 0.6
    b: float = 0.0
    c: Annotated[float, Gt(0)] = 1.0
    epsilon: Annotated[float, Ge(0)] = 1e-8
    delta: Annotated[float, Gt(0)] = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimiser:
    """Optimiser and schedule. `cosine` falls to 0; `one-cycle` rises over `warmup` of the steps, then falls to 0."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    name: Literal["sgd", "adamw"]
    learning_rate: Annotated[float, Gt(0)]
    weight_decay: Annotated[float, Ge(0)] = 0.0
    momentum: Annotated[float, Ge(0), Le(1)] = 0.9
    schedule: Literal["constant", "cosine", "one-cycle"] = "cosine"
    warmup: Annotated[float, Ge(0), Le(1)] = 0.0
    #: Largest norm of a step's gradient, over all parameters together; None: as it comes.
    clip: Annotated[float, Gt(0)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Compute:
    """How a step is computed. Nothing of it is meant to change what is learnt, but each can move the last digits."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    #: `bf16` and `fp16` are torch's autocast: weights stay in single precision. `fp16` scales the loss besides.
    precision: Literal["fp32", "bf16", "fp16"] = "fp32"
    #: Whether a GPU may round the factors of single precision to 10 bits.
    tf32: bool = False
    #: torch.compile.
    compile: bool = False
    #: Parts in which a batch goes through the network, one after the other, for a batch that does not fit in memory.
    parts: Annotated[int, Ge(1)] = 1
    #: Whether a batch that does not fit in memory is cut into more parts; the record and the board say so.
    fit_batch: bool = False
    #: Whether, on several GPUs, batch normalisation is over the whole batch and not over each one's share.
    sync_batch_norm: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Pretraining:
    """How a `*-transfer` model trains its body first: binary cross-entropy over the findings."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    epochs: Annotated[int, Gt(0)]
    batch_size: Annotated[int, Gt(1)]
    optimiser: Optimiser
    uncertain: Literal["ones", "zeros", "ignore"] = "ones"
    max_films: Annotated[int, Gt(0)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """Everything that is the same for every model of a board. Read from TOML by training/protocol.py."""

    __pydantic_config__: ClassVar[dict[str, str]] = _STRICT

    name: str
    summary: str
    height: Annotated[int, Ge(32)]
    width: Annotated[int, Ge(32)]
    #: Films used at most, drawn by patient in proportion from the three sides of the split; None: all.
    max_films: Annotated[int, Gt(0)] | None = None
    split: SplitRule
    epochs: Annotated[int, Gt(0)]
    batch_size: Annotated[int, Gt(1)]
    loss: Loss
    optimiser: Optimiser
    augmentation: Augmentation = field(default_factory=Augmentation)
    pretraining: Pretraining
    compute: Compute = field(default_factory=Compute)
    #: How first weights are drawn (see training/initialise.py); "model": as built.
    initialisation: Literal["kaiming-normal-fan-in", "kaiming-zero-residual", "kaiming-open", "model"] = (
        "kaiming-normal-fan-in"
    )
    #: Whose mean and SD make z-scores of grey values: those of all training films, or each film's own.
    normalisation: Literal["training-set", "film"] = "training-set"
    #: Which epoch is kept: the one with the least validation RMSE, or the last.
    keep: Literal["best-validation-rmse", "last"] = "best-validation-rmse"
    seeds: Annotated[tuple[int, ...], MinLen(1)] = (0,)
    #: Choices that a published protocol leaves open, by key, with our reason; printed on the board.
    ours: Mapping[str, str] = field(default_factory=dict)


# --- a job and what comes of it -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One training to do, by names and hashes only: it survives JSON and another machine.

    `key` hashes all that decides the result (see runs/plan.py); a record stands as long as its job's key does.
    """

    key: str
    board: str
    model: str
    seed: int
    dataset: str
    cohort: str
    split: str
    protocol: str
    protocol_hash: str
    plugin: str
    plugin_version: str
    plugin_source: str
    trainer: str
    trainer_source: str
    pretraining: str | None = None
    pretraining_version: str | None = None
    #: None where the films are split once.
    fold: Fold | None = None
    #: sha256 of the file of weights from which the model starts; None where none was given. The model's name then has
    #: "+" and the first eight digits behind it: it is another row of the board.
    weights: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EpochReport:
    """What one epoch did. `stage` is "pretraining" or "training"; losses on the trainer's own scale."""

    stage: str
    epoch: int
    epochs: int
    train_loss: float
    validation_rmse: float
    learning_rate: float
    seconds: float
    films: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Uncertainty:
    """What a model says of its own error, a number a film, in the unit of the score: an SD, an interval, or both.

    What is not said is empty; nan where it says nothing of one film. Between `lower` and `upper` the reference lies
    with the probability `level`, or so the model says. An SD alone is measured by the 95 % interval of a normal
    distribution.
    """

    sd: tuple[float, ...] = ()
    lower: tuple[float, ...] = ()
    upper: tuple[float, ...] = ()
    level: float = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """One prediction a film, on the cohort's scale, with the readings it is measured against.

    `pixels` are digests of the films that were read; empty where they are not known. `visits` numbers each film's visit
    among those of its patient, from 1, 0 where it has none; empty where no film has one.
    """

    ids: tuple[str, ...]
    patients: tuple[str, ...]
    readings: Mapping[str, tuple[float, ...]]
    predicted: tuple[float, ...]
    pixels: tuple[str, ...] = ()
    uncertainty: Uncertainty | None = None
    visits: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenWeights:
    """Weights made elsewhere from which a model started, and what of them fitted its body, by name.

    `file` is the name of the file; `trained_on` is what it says of itself, empty where it says nothing. `loaded` of
    `wanted` tensors fitted.
    """

    file: str
    sha256: str
    trained_on: str
    loaded: int
    wanted: int
    adapted: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unexpected: tuple[str, ...] = ()
    other_shape: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A finished run in an ensemble: `key` is that of its job, `predictions` the sha256 of its predictions.csv."""

    model: str
    seed: int
    key: str
    predictions: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ensemble:
    """What an ensemble is made of, and whether its prediction of a film is the members' mean or median."""

    how: Literal["mean", "median"]
    members: tuple[Member, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """A finished job. Times in seconds, memory in bytes; None where it does not apply.

    `protocol` is the whole protocol as the model was trained by it, its `overrides` applied; `device` is the one
    that was really used.
    """

    job: Job
    protocol: Mapping[str, Any]
    predictions: Predictions
    history: tuple[EpochReport, ...]
    parameters: int | None
    madds: int | None
    seconds: float
    seconds_per_epoch: float | None
    peak_memory: int | None
    kept_epoch: int | None
    pretrained_on: str | None
    overrides: Mapping[str, str]
    device: str
    finished: str
    environment: Mapping[str, str]
    #: The cohort version that it was trained on, where it is scored on the labels of another.
    trained_on: str | None = None
    #: Parts in which each batch went through the network.
    batch_parts: int = 1
    #: Devices that shared each batch, each with a process of its own; memory is that of the first.
    devices: int = 1
    #: Operations that are not among `madds`, since torch has no formula for them; None where nobody looked.
    uncounted: tuple[str, ...] | None = None
    #: Largest resident memory of the process, where `peak_memory` is that of a device.
    peak_host_memory: int | None = None
    #: What was given with --weights, and what of it fitted.
    weights: GivenWeights | None = None
    #: Predictions of the validation films, by which an interval can be calibrated; None in records from before.
    validation: Predictions | None = None
    #: What it is made of, where nothing was trained: the predictions of other records.
    ensemble: Ensemble | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A job that did not finish: why in one sentence, and where its log is.

    `kind` is one of `runs.failures.KINDS`, `advice` what may help where the reason does not say it. `ended` is a time
    (ISO 8601, UTC); `tries` counts how often in a row the job ended with this reason.
    """

    job: Job
    reason: str
    log: str
    kind: str = ""
    advice: str = ""
    ended: str = ""
    tries: int = 1


# --- the board ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricValue:
    """A quantity with its 95 % interval; nan where undefined. `method` says how: "bca", "percentile", "t".

    With the method "range" the ends are the least and the largest over seeds.
    """

    value: float
    low: float = float("nan")
    high: float = float("nan")
    method: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRow:
    """One line of a board. `rank` is None for all but ranked models.

    `films` are those that were measured, `missing` those of the board that were not: no prediction, or no reading.
    """

    kind: Literal["model", "baseline", "reader", "published", "failed", "waiting"]
    name: str
    rank: int | None = None
    seeds: tuple[int, ...] = ()
    films: int | None = None
    missing: int | None = None
    metrics: Mapping[str, MetricValue] = field(default_factory=dict)
    parameters: int | None = None
    madds: int | None = None
    seconds_per_epoch: float | None = None
    peak_memory: int | None = None
    pretrained_on: str | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """How a metric is shown: heading, unit and which way is better."""

    metric: str
    label: str
    unit: str
    best: Literal["high", "low", "zero", "none"]
    digits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteResult:
    """How each model did on the films of one site, which it had never seen: model to metric to value."""

    site: str
    films: int
    patients: int
    metrics: Mapping[str, Mapping[str, MetricValue]]


@dataclass(frozen=True, slots=True, kw_only=True)
class UncertaintyRow:
    """How sure a model says it is, by one `kind` of interval that is meant to cover `level`.

    `films` are those of which it says so.
    """

    name: str
    kind: str
    level: float
    films: int
    metrics: Mapping[str, MetricValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressorsFound:
    """Of the patients whose reference rose by more than `above`, those of whom a rater says so; means over seeds.

    `found` of `progressed`, and `false` of the `others`.
    """

    above: float
    progressed: int
    found: float
    others: int
    false: float
    sensitivity: MetricValue
    specificity: MetricValue


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeRow:
    """How well a rater follows change. `improved` of its patients improve beyond the limit: a mean over seeds."""

    kind: Literal["model", "baseline", "reader"]
    name: str
    patients: int
    missing: int
    metrics: Mapping[str, MetricValue]
    improved: float
    progressors: tuple[ProgressorsFound, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeResult:
    """Change from the first visit to the last, a number a patient, of all who have two.

    `cutoffs` are what a patient must exceed to have progressed; one who improves by more than `improvement` does so by
    mistake. The first cut-off, and `improvement`, are the smallest detectable change of the reference where it is
    known. `said` tells, a sentence each, of whom and of what this is.
    """

    patients: int
    cutoffs: tuple[float, ...]
    improvement: float
    rows: tuple[ChangeRow, ...]
    said: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """Everything that a renderer needs. `facts` are (name, value) lines: what was run, on what, when, with what."""

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[BoardRow, ...]
    facts: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = ()
    simulated: bool = False
    private: bool = False
    #: Where each site was left out in turn.
    sites: tuple[SiteResult, ...] = ()
    #: Rows as they were on the labels that the models were trained on, where the board is scored on others.
    before: tuple[BoardRow, ...] = ()
    #: Figures beside the board, in their order: the name of a file below `figures/`, and what it shows in words.
    figures: tuple[tuple[str, str], ...] = ()
    #: Where models say how sure they are.
    uncertainty: tuple[UncertaintyRow, ...] = ()
    #: Where patients of the test films have more than one visit.
    change: ChangeResult | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardFiles:
    """What lies film by film in a board's folder, as it is published: nothing of a private cohort.

    `thumbnails` are small JPEG pictures of some test films, by film id. `charts` are the board's figures as Vega-Lite
    specifications in JSON, by name; those of a private cohort show what stands on the board.
    """

    records: tuple[RunRecord, ...] = ()
    thumbnails: Mapping[str, bytes] = field(default_factory=dict)
    charts: Mapping[str, str] = field(default_factory=dict)
