"""What every model promises, whoever trains it: a spec that is whole, and that it trains."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ra_bench.errors import PluginError, UnknownNameError
from ra_bench.testing.naming import check_name
from ra_bench.testing.of_trainers import fitted
from ra_bench.testing.tiny import TINY, tiny_task
from ra_bench.training.protocol import with_overrides

if TYPE_CHECKING:
    from ra_bench.plugins import Registry
    from ra_bench.specs import ModelSpec
    from ra_bench.testing.check import Promise


def spec(model: ModelSpec, registry: Registry) -> None:
    """It has a name for commands and folders, a citation, and a trainer and overrides that exist."""
    check_name("model", model.name)
    if not model.citation.strip():
        raise PluginError(
            f"The model '{model.name}' has no citation. Say in its ModelSpec whose work it is: "
            'citation="Unpublished." will do.'
        )
    try:
        registry.get("trainer", model.trainer)
    except UnknownNameError as error:
        raise PluginError(f"The model '{model.name}' names a trainer that is not there. {error}") from error
    with_overrides(TINY, model.overrides)


def pretraining(model: ModelSpec, registry: Registry) -> str:
    """The data that its body is pretrained on are declared, installed, and have findings."""
    if model.pretraining is None:
        brings = model.overrides.get("initialisation") == "model"
        return 'initialisation="model": say in the citation what its weights were trained on' if brings else ""
    try:
        task = registry.get("dataset", model.pretraining).task
    except UnknownNameError as error:
        raise PluginError(f"The model '{model.name}' is pretrained on what is not there. {error}") from error
    if task != "findings":
        raise PluginError(
            f"The model '{model.name}' is to be pretrained on '{model.pretraining}', which has scores and no findings. "
            "Name a dataset with task='findings' (see `ra-bench list datasets`), such as synthetic-chest."
        )
    return model.pretraining


def trains(model: ModelSpec, registry: Registry) -> None:
    """Its trainer fits it to tiny films and gives one finite prediction a film, as `ra-bench run` asks."""
    with TemporaryDirectory() as folder:
        task = tiny_task(Path(folder), model, overrides={**model.overrides, "epochs": 1})
        fitted(registry.get("trainer", model.trainer), task)


MODEL: tuple[Promise, ...] = (spec, pretraining)
TRAINING: tuple[Promise, ...] = (trains,)
