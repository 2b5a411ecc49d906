"""What this distribution registers: five rows that every model must beat, and the trainer that fits them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench import ModelSpec, TrainerSpec, hookimpl

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ra_bench import EpochReport, FitTask, Fitted
    from ra_bench_baselines.trainer import ClosedForm

CONSTANT = "A constant needs no citation: it shows what a number earns that never saw a film."
RIDGE = (
    "Hoerl AE, Kennard RW. Ridge regression: biased estimation for nonorthogonal problems. Technometrics 1970;12:55-67."
)


def build_mean() -> ClosedForm:
    """The mean of the training scores."""
    from ra_bench_baselines.constant import Constant, mean

    return Constant(mean)


def build_median() -> ClosedForm:
    """The median of the training scores."""
    from ra_bench_baselines.constant import Constant, median

    return Constant(median)


def build_film_statistics() -> ClosedForm:
    """Ridge on grey values and film size."""
    from ra_bench_baselines.features import film_statistics
    from ra_bench_baselines.ridge import Ridge

    return Ridge(film_statistics)


def build_thumbnail() -> ClosedForm:
    """Ridge on 32 x 24 pixels."""
    from ra_bench_baselines.features import thumbnail
    from ra_bench_baselines.ridge import Ridge

    return Ridge(thumbnail)


def build_texture() -> ClosedForm:
    """Ridge on how strongly small patterns show, wherever they show."""
    from ra_bench_baselines.features import texture
    from ra_bench_baselines.ridge import Ridge

    return Ridge(texture)


@hookimpl
def register_models() -> list[ModelSpec]:
    """Constants, and ridges on what a film shows without any joint being read."""
    return [
        _baseline("mean", build_mean, citation=CONSTANT, parameters=1),
        _baseline("median", build_median, citation=CONSTANT, parameters=1),
        _baseline("film-statistics", build_film_statistics, citation=RIDGE, parameters=35),
        _baseline("thumbnail", build_thumbnail, citation=RIDGE, parameters=769),
        _baseline("texture", build_texture, citation=RIDGE, parameters=97),
    ]


@hookimpl
def register_trainers() -> list[TrainerSpec]:
    """Fit in closed form, with numpy alone."""
    return [TrainerSpec(name="closed-form", fit=fit_in_closed_form)]


def fit_in_closed_form(task: FitTask) -> Generator[EpochReport, None, Fitted]:
    """Load numpy only when something is fitted."""
    from ra_bench_baselines.trainer import fit

    return fit(task)


def _baseline(name: str, build: Callable[[], ClosedForm], *, citation: str, parameters: int) -> ModelSpec:
    return ModelSpec(
        name=name, build=build, citation=citation, trainer="closed-form", parameters=parameters, baseline=True
    )
