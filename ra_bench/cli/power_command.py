"""`ra-bench power`: how many films a study needs."""

from __future__ import annotations

from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ra_bench.cli.page_options import out_option, show_page

if TYPE_CHECKING:
    from collections.abc import Callable

_POWER = click.option("--power", default=0.80, show_default=True, type=float, help="Wanted chance of finding it.")
_MARGIN = click.option(
    "--margin", default=5.0, show_default=True, type=float, help="Largest mean difference that does not matter."
)


def _with_usage_errors(command: Callable[..., None]) -> Callable[..., None]:
    """A number out of its range is wrong usage."""

    @wraps(command)
    def call(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except ValueError as error:
            raise click.UsageError(str(error)) from error

    return call


@click.group("power")
def command() -> None:
    """How many films it takes to tell two models apart, or to show a small mean difference."""


@command.command("separate")
@click.argument("rmse_1", type=float)
@click.argument("rmse_2", type=float)
@click.option("--correlation", type=float, help="Of the errors of the two models on one film; several if not given.")
@click.option("--kurtosis", type=float, help="Of the errors: 3 if normal, about 8 for SvH scores; both if not given.")
@click.option("--films-a-patient", default=1, show_default=True, type=int, help="Films of each patient.")
@click.option(
    "--within-patient", default=0.0, show_default=True, type=float, help="Correlation of squared errors in a patient."
)
@_POWER
@_with_usage_errors
def separate(
    rmse_1: float,
    rmse_2: float,
    correlation: float | None,
    kurtosis: float | None,
    films_a_patient: int,
    within_patient: float,
    power: float,
) -> None:
    """Films needed to tell two RMSEs apart."""
    from ra_bench.reports.power_page import separation_page

    page = separation_page(
        rmse_1,
        rmse_2,
        correlation=correlation,
        kurtosis=kurtosis,
        power=power,
        films_a_patient=films_a_patient,
        within_patient=within_patient,
    )
    show_page(page)


@command.command("equivalent")
@click.option("--sd", required=True, type=float, help="SD of predicted minus reference.")
@_MARGIN
@click.option("--true-difference", default=0.0, show_default=True, type=float, help="True mean difference.")
@_POWER
@_with_usage_errors
def equivalent(sd: float, margin: float, true_difference: float, power: float) -> None:
    """Films needed to show that the mean difference lies within a margin."""
    from ra_bench.reports.power_page import equivalence_page

    show_page(equivalence_page(sd, margin, true_difference=true_difference, power=power))


@command.command("of")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...", type=click.Path(path_type=Path))
@click.option("--difference", type=float, help="RMSE difference to find; the one that is seen if not given.")
@_MARGIN
@click.option("--common", is_flag=True, help="Where films differ, take those that all have.")
@_POWER
@out_option
@_with_usage_errors
def of(
    sources: tuple[Path, ...], difference: float | None, margin: float, common: bool, power: float, out: Path | None
) -> None:
    """Patients needed, estimated from predictions that are there.

    A SOURCE is a board's folder (all its models), the folder of a run, a folder of runs, or a csv of predictions.
    """
    from ra_bench.reports.common import films_in_common
    from ra_bench.reports.power import needed_for_equivalence, needed_to_separate
    from ra_bench.reports.power_page import needed_page
    from ra_bench.reports.sources import read_contenders

    films = films_in_common(read_contenders(sources), common=common)
    pairs = needed_to_separate(films, wanted=difference, power=power)
    models = needed_for_equivalence(films, margin=margin, power=power)
    page = needed_page(films, pairs, models, margin=margin, power=power, given=difference is not None)
    show_page(page, {"pairs": pairs, "models": models}, out, "power")
