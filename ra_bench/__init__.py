"""Benchmark suite for models that read an overall Sharp/van der Heijde score off hand radiographs.

This is the public API: what a plugin may import.
"""

from ra_bench.errors import CohortError, PluginError, RaBenchError, TrainingError
from ra_bench.hookspecs import hookimpl
from ra_bench.specs import (
    DatasetSpec,
    FilmSet,
    FitTask,
    Fitted,
    LauncherSpec,
    MetricSpec,
    ModelSpec,
    Observers,
    ProtocolSpec,
    RendererSpec,
    TrainerSpec,
)
from ra_bench.values import (
    SVH_HANDS,
    Board,
    BoardRow,
    Cohort,
    EpochReport,
    Failure,
    FindingSample,
    FindingSet,
    Job,
    MetricValue,
    Predictions,
    Protocol,
    RunRecord,
    Sample,
    Scale,
    Split,
)

__version__ = "0.1.0"

__all__ = [
    "SVH_HANDS",
    "Board",
    "BoardRow",
    "Cohort",
    "CohortError",
    "DatasetSpec",
    "EpochReport",
    "Failure",
    "FilmSet",
    "FindingSample",
    "FindingSet",
    "FitTask",
    "Fitted",
    "Job",
    "LauncherSpec",
    "MetricSpec",
    "MetricValue",
    "ModelSpec",
    "Observers",
    "PluginError",
    "Predictions",
    "Protocol",
    "ProtocolSpec",
    "RaBenchError",
    "RendererSpec",
    "RunRecord",
    "Sample",
    "Scale",
    "Split",
    "TrainerSpec",
    "TrainingError",
    "hookimpl",
]
