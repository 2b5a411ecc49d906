"""What models cost on this machine, and where they look."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ra_bench.errors import (
    AttentionError,
)
from ra_bench.plugins import BUILTINS
from ra_bench.runs.plan import cheapest_first
from ra_bench.runs.protocols import find_protocol
from ra_bench.runs.records import job_folder
from ra_bench.runs.work import films_of
from ra_bench.suite.opening import DEFAULT_DATASET, DEFAULT_PROTOCOL, Suite
from ra_bench.suite.planning import plan
from ra_bench.suite.running import check_device
from ra_bench.training.protocol import with_overrides

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from ra_bench.attention.look import FilmLook
    from ra_bench.attention.values import Attention
    from ra_bench.cohorts.store import OnFilms
    from ra_bench.costs.values import Bench, Measured, NotMeasured
    from ra_bench.plugins import Registry
    from ra_bench.values import Job


def measure_costs(
    suite: Suite,
    models: Sequence[str] = (),
    *,
    protocol: str = DEFAULT_PROTOCOL,
    device: str = "auto",
    threads: int | None = None,
    batch_size: int | None = None,
    seconds: float = 3.0,
    rounds: int = 3,
    say: Callable[[str], None] = lambda _: None,
) -> tuple[Bench, list[Measured | NotMeasured]]:
    """Measure what models cost on this machine, the networks of `all` if none is named; resnet50 always, as the base.

    Parameters
    ----------
    seconds
        What a quantity may take in one process, once its least number of calls is done.
    rounds
        Processes a model.
    say
        Gets a sentence on what is going on.

    Raises
    ------
    UnknownNameError, ProtocolError, TrainingError
        A model, a protocol or a device that is not there.
    """
    from ra_bench.costs.rounds import measure_all
    from ra_bench.costs.values import Bench
    from ra_bench.reports.cost_page import BASE

    rules = find_protocol(suite.registry, protocol)
    names = list(cheapest_first(suite.registry, models or networks(suite.registry)))
    check_device(device)
    if BASE not in names and BASE in suite.registry.names("model"):
        say(f"{BASE} is measured too: it is what the others are compared with.")
        names.append(BASE)
    bench = Bench(
        protocol=rules,
        device=device,
        threads=threads,
        batch_size=batch_size,
        seconds=seconds,
        builtins=BUILTINS,
        plugin_files=suite.plugin_files,
        without=suite.without,
    )
    return bench, measure_all(names, bench, rounds=rounds, say=say)


def networks(registry: Registry) -> list[str]:
    """Models of `all` that may have a network of their own: no baselines, and no transfer variants of another."""
    specs = [registry.get("model", name) for name in registry.names("model")]
    return [spec.name for spec in specs if spec.in_all and not spec.baseline and spec.pretraining is None]


def look_where(
    suite: Suite,
    model: str,
    *,
    dataset: str = DEFAULT_DATASET,
    protocol: str = DEFAULT_PROTOCOL,
    seed: int | None = None,
    layer: str | None = None,
    shown: int = 12,
    device: str = "auto",
    out: Path | None = None,
    on_films: OnFilms | None = None,
) -> tuple[Attention, tuple[FilmLook, ...]]:
    """Find where a trained model looks on its test films; trains nothing and writes nothing.

    Parameters
    ----------
    seed
        The protocol's first one, if not given.
    layer
        Dotted name of a layer for Grad-CAM, if not the model's own attention or its last feature map.
    shown
        Films whose maps are wanted, from the lowest score to the highest; none without a place to write them to.
    out
        Where the caller is going to write; checked before anything is computed.

    Raises
    ------
    UnknownNameError, ProtocolError, CohortError, TrainingError
        A name that nobody registered, or a protocol, a cohort or a device that cannot be used.
    AttentionError
        No finished run, no network, no feature map or no attention, no library, or a place where overlays must not be.
    """
    from ra_bench.attention.look import look
    from ra_bench.cohorts.contact_sheet import spread

    _check_place(suite, out)
    rules = find_protocol(suite.registry, protocol)
    seeds = [rules.seeds[0] if seed is None else seed]
    planned = plan(
        suite, models=[model], dataset=dataset, protocol=protocol, seeds=seeds, device=device, on_films=on_films
    )
    (wanted,) = planned.jobs
    if wanted.record is None:
        raise AttentionError(
            f"There is no finished run of '{model}', seed {seeds[0]}, on '{planned.cohort.name}' under "
            f"'{rules.name}' in {suite.runs}: {wanted.reason.partition(': ')[2]}.\n"
            f"Train it first: {_training_command(suite, wanted.job, dataset, protocol)}"
        )
    check_device(device)
    test = planned.splits.splits[0].test
    by_id = {sample.sample_id: sample for sample in planned.cohort.samples}
    samples = [by_id[name] for name in test]
    if out is None and any(sample.drawn is None for sample in samples):
        raise AttentionError(
            f"Where the damage is on the films of '{planned.cohort.name}' is not known, so there is no share to "
            "print, only overlays: name a folder for them with --out."
        )
    spec = suite.registry.get("model", model)
    own = with_overrides(planned.protocol, spec.overrides)
    return look(
        spec,
        wanted.record,
        job_folder(suite.runs, wanted.job),
        protocol=own,
        films=films_of(
            planned.cohort,
            replace(planned.splits.splits[0], train=(), validation=()),
            own,
            suite.data,
            on_films,
        ),
        samples=samples,
        shown=[sample.sample_id for sample in spread(replace(planned.cohort, samples=tuple(samples)), shown)]
        if out is not None
        else [],
        simulated=planned.cohort.simulated,
        layer=layer,
        device=device,
        on_films=on_films,
    )


def _check_place(suite: Suite, out: Path | None) -> None:
    """Overlays show films, and boards are given away: they never stand together."""
    if out is not None and out.resolve().is_relative_to(suite.boards.resolve()):
        raise AttentionError(
            f"--out {out} lies within {suite.boards}, where boards are that anybody may see; overlays show films. "
            "Name a folder elsewhere."
        )


def _training_command(suite: Suite, job: Job, dataset: str, protocol: str) -> str:
    named = (("--dataset", dataset, DEFAULT_DATASET), ("--protocol", protocol, DEFAULT_PROTOCOL))
    options = [f" {option} {name}" for option, name, usual in named if name != usual]
    files = [f" -p {file}" for file in suite.plugin_files]
    return f"ra-bench run --models {job.model}{''.join(options)} --seeds {job.seed}{''.join(files)}"
