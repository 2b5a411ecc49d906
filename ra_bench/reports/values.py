"""What a report holds: frozen values, in the order in which they are shown. JSON is these values as they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ra_bench.values import MetricValue, Scale


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What was read: file, films and patients, and what was guessed of the table."""

    file: str
    films: int
    patients: int
    patients_known: bool
    guesses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What was fixed before looking. `bands` are lower edges; a scale that is not given is guessed, or None."""

    bands: tuple[float, ...]
    bands_asked: bool
    margins: tuple[float, ...]
    asked_margins: tuple[float, ...]
    scale: Scale | None
    scale_given: bool
    resamples: int
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanDifference:
    """Paired t-test of one source against another, by patients: with one film a patient it is Student's."""

    bias: MetricValue
    bias_90: MetricValue
    standard_error: float
    t: float
    df: int
    p: float
    equivalence_margin: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsOfAgreement:
    """Between `low` and `high` lie 95 % of the differences; and whether they grow or shrink with the score."""

    sd: float
    low: MetricValue
    high: MetricValue
    proportional_slope: float
    proportional_intercept: float
    proportional_p: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """One source of scores against another. `missing` counts films that lack one of the two."""

    name: str
    against: str
    films: int
    missing: int
    values: Mapping[str, MetricValue]
    mean_difference: MeanDifference
    limits: LimitsOfAgreement


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderPair:
    """Two readers: all of `Pair`, measurement error, intraclass correlations with F intervals, kappa when asked."""

    pair: Pair
    icc: Mapping[str, MetricValue]
    sem: float
    sdc: float
    sdc_mean_of_two: float
    kappa: MetricValue


@dataclass(frozen=True, slots=True, kw_only=True)
class AllReaders:
    """All readers together: on the films that all read, and alpha on all that two read."""

    films_read_by_all: int
    icc: Mapping[str, MetricValue]
    alpha: float
    noise_ceiling: float
    benchmark: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Readers:
    """Reader against reader, and each against the mean of the others where there are three or more."""

    names: tuple[str, ...]
    readings: Mapping[str, int]
    pairs: tuple[ReaderPair, ...]
    against_others: tuple[Pair, ...]
    together: AllReaders


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalence:
    """TOST at one margin, and the only sentence that it allows."""

    margin: float
    role: str
    p: float
    finding: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Least-squares line of the reference on the prediction."""

    slope: MetricValue
    intercept: MetricValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Stratum:
    """Films whose reference lies from `low` to below `high`; None where there is no such end."""

    low: float | None
    high: float | None
    films: int
    bias: float
    mae: MetricValue
    rmse: MetricValue


@dataclass(frozen=True, slots=True, kw_only=True)
class AgainstReaders:
    """A model beside the readers, on the films that all of them and the model scored."""

    films: int
    benchmark: float
    ratio: MetricValue
    iei: MetricValue
    reader_reader: float
    model_readers: Mapping[str, float]
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeUse:
    """How the predictions use the scale: shares below and above it, and the SD over that of the reference."""

    below: float
    above: float
    sd_reference: float
    sd_predicted: float
    sd_ratio: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Detectable:
    """Smallest difference in RMSE to a second model like this one that would be found at 80 % power."""

    unrelated_errors: float
    related_errors: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """Margins of the absolute error that validation films give, and what was `chosen` on these films, if known.

    `margin` is in the unit of the score, infinite where there are too few patients; `factor` is one of the SD that the
    model gives, or nan. `mae` is that of the validation films.
    """

    level: float
    films: int
    patients: int
    margin: float
    factor: float
    mae: float
    chosen: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervals:
    """Prediction intervals of one kind: the share of films that they cover, their mean width and interval score.

    `level` is the share that they are meant to cover.
    """

    kind: str
    level: float
    films: int
    coverage: MetricValue
    width: MetricValue
    score: MetricValue


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """The MAE of the `films` that stay where only the most certain share is `kept`."""

    kept: float
    films: int
    mae: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """What setting uncertain films aside leaves: the MAE of the rest, and its mean over all shares, the `area`.

    `best` is the least area that these errors allow. `crps` is that of a normal distribution, nan without an SD.
    """

    by: str
    films: int
    crps: MetricValue
    set_aside: tuple[SetAside, ...]
    area: MetricValue
    best: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item of a reporting guideline; `says` is empty where only the authors know."""

    guideline: str
    number: str
    topic: str
    says: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReport:
    """Everything that the predictions of one model allow to be said."""

    name: str
    source: Source
    settings: Settings
    missing_predictions: int
    missing_references: int
    overall: Pair
    equivalence: tuple[Equivalence, ...]
    calibration: Calibration
    strata: tuple[Stratum, ...]
    balanced_mae: MetricValue
    kappa: MetricValue
    range_use: RangeUse
    detectable: Detectable
    against_readers: AgainstReaders | None
    readers: Readers | None
    calibrated: Calibrated | None = None
    intervals: tuple[Intervals, ...] = ()
    doubt: Doubt | None = None
    remarks: tuple[str, ...] = ()
    checklist: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadersReport:
    """Everything that readings alone allow to be said."""

    name: str
    source: Source
    settings: Settings
    readers: Readers
    remarks: tuple[str, ...] = ()
    checklist: tuple[Item, ...] = ()
