"""The columns of a board: the registered metrics, then the board's own."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ra_bench.errors import PluginError
from ra_bench.values import Column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ra_bench.specs import MetricSpec

BIAS_WITHIN = "bias_within"
READER_RATIO = "rmse_reader_ratio"
P_MEAN_DIFFERENCE = "p_mean_difference"
P_BEST = "p_best"
#: Shown beside the rank, not in a column of its own.
RANK = "rank"
#: Of rows of several seeds, shown in a section of their own: RMSE with its range, and SDs of the RMSE of one training.
OVER_SEEDS, SD_PATIENTS, SD_SEEDS, SD_REST = "rmse_over_seeds", "rmse_sd_patients", "rmse_sd_seeds", "rmse_sd_rest"
#: Name of the fact that holds the command which makes the board.
COMMAND = "command"
#: Name of the fact that says what a score counts, and its ends.
SCALE = "scale"
#: Name of the fact that counts the test films and their patients.
MEASURED_ON = "measured on"

OWN = (
    Column(metric=BIAS_WITHIN, label="bias within ±", unit="", best="low", digits=1),
    Column(metric=READER_RATIO, label="RMSE / reader", unit="", best="low", digits=2),
    Column(metric=P_MEAN_DIFFERENCE, label="p (mean difference)", unit="", best="none", digits=3),
    Column(metric=P_BEST, label="P(best)", unit="", best="none", digits=2),
)
_TAKEN = frozenset({RANK, OVER_SEEDS, SD_PATIENTS, SD_SEEDS, SD_REST, *(column.metric for column in OWN)})


def columns_of(metrics: Sequence[MetricSpec]) -> tuple[Column, ...]:
    """One column a metric, in their order, then the board's own.

    Raises
    ------
    PluginError
        Two metrics share a name, or one takes a name of the board's own columns.
    """
    names = [spec.name for spec in metrics]
    for name in names:
        if name in _TAKEN or names.count(name) > 1:
            raise PluginError(
                f"The metric name '{name}' is taken. Rename yours; the board's own are: {', '.join(sorted(_TAKEN))}."
            )
    given = tuple(
        Column(metric=spec.name, label=spec.label, unit=spec.unit, best=spec.best, digits=spec.digits)
        for spec in metrics
    )
    unit = next((spec.unit for spec in metrics if spec.name == "rmse"), "")
    return given + tuple(replace(column, unit=unit) if column.metric == BIAS_WITHIN else column for column in OWN)
