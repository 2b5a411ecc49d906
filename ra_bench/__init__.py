"""Benchmark suite for models that read an overall Sharp/van der Heijde score off hand radiographs.

This is the public API: what a plugin may import. `from ra_bench import parts` has what trainers are made of, and torch.
`ra_bench.run` and `ra_bench.read_board` are for notebooks; they are looked up when first used, since pandas is slow.
"""

from typing import TYPE_CHECKING

from ra_bench.deprecation import moved_names
from ra_bench.errors import CohortError, PluginError, RaBenchError, TrainingError
from ra_bench.hookspecs import hookimpl
from ra_bench.specs import (
    CollectionSpec,
    DatasetSpec,
    FilmSet,
    FitTask,
    Fitted,
    ImageNetWeights,
    LauncherSpec,
    MetricSpec,
    ModelSpec,
    Observers,
    Progress,
    ProtocolSpec,
    RendererSpec,
    Stateful,
    TrainerSpec,
)
from ra_bench.values import (
    SVH_HANDS,
    Augmentation,
    Board,
    BoardFiles,
    BoardRow,
    Cohort,
    Column,
    DrawnFilm,
    DrawnSite,
    Ensemble,
    EpochReport,
    Failure,
    FindingSample,
    FindingSet,
    GivenWeights,
    Job,
    Loss,
    Member,
    MetricValue,
    Optimiser,
    Predictions,
    Pretraining,
    Protocol,
    RunRecord,
    Sample,
    Scale,
    Split,
    SplitRule,
    Uncertainty,
)

if TYPE_CHECKING:
    from ra_bench.notebook import read_board, run

__version__ = "0.1.0"

__all__ = [
    "SVH_HANDS",
    "Augmentation",
    "Board",
    "BoardFiles",
    "BoardRow",
    "Cohort",
    "CohortError",
    "CollectionSpec",
    "Column",
    "DatasetSpec",
    "DrawnFilm",
    "DrawnSite",
    "Ensemble",
    "EpochReport",
    "Failure",
    "FilmSet",
    "FindingSample",
    "FindingSet",
    "FitTask",
    "Fitted",
    "GivenWeights",
    "ImageNetWeights",
    "Job",
    "LauncherSpec",
    "Loss",
    "Member",
    "MetricSpec",
    "MetricValue",
    "ModelSpec",
    "Observers",
    "Optimiser",
    "PluginError",
    "Predictions",
    "Pretraining",
    "Progress",
    "Protocol",
    "ProtocolSpec",
    "RaBenchError",
    "RendererSpec",
    "RunRecord",
    "Sample",
    "Scale",
    "Split",
    "SplitRule",
    "Stateful",
    "TrainerSpec",
    "TrainingError",
    "Uncertainty",
    "hookimpl",
    "read_board",
    "run",
]

#: Looked up when first asked for.
_LATER = {"read_board": "ra_bench.notebook", "run": "ra_bench.notebook"}

if not TYPE_CHECKING:  # a type checker would take any name for one that is there
    __getattr__ = moved_names(__name__, {}, later=_LATER)


def __dir__() -> list[str]:
    return __all__
