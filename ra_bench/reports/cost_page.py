"""What models cost on this machine, as a page: measured, as shares of resnet50, and what the paper printed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ra_bench.boards.published_file import seconds_of
from ra_bench.boards.render.numbers import UNDEFINED, duration, fixed, three_digits
from ra_bench.costs.values import Measured, NotMeasured
from ra_bench.reports.pages import Page
from ra_bench.reports.paper.models import ABLATION, NETWORKS
from ra_bench.reports.rows_file import read_rows
from ra_bench.reports.sections import Column, Section

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from ra_bench.costs.values import Bench, Cost

#: What all others are compared with, as in the paper.
BASE = "resnet50"
#: Training films of the paper, which make an epoch here.
EPOCH_FILMS = 2700

#: Our models by the paper's rows.
_ROWS = {one.printed: one.model for one in (*ABLATION, *NETWORKS)}
_NOT_MEASURED = "not measured"
#: Processes of one model that are further apart than this were not alone on the machine.
_MUCH = 0.2
_RESTLESS = "something else ran here. Let the machine rest and measure again before you trust a time."
_PUBLISHED = "PUBLISHED epoch (Wang et al. 2022)"
_THEIRS = (
    "The column headed PUBLISHED was printed by Wang et al. 2022 (two Tesla P4, 1024 x 1024, batch 4), as epoch times: "
    "{times}. It was not measured here, and ratios of times depend on machine, film size and batch."
)


def published_shares() -> dict[str, float]:
    """Epoch time as a share of ResNet-50's, by our names of the models, as the paper printed it."""
    seconds = {name: seconds_of(text) for name, text in _epochs().items()}
    return {name: value / seconds[BASE] for name, value in seconds.items()}


def cost_page(found: Sequence[Measured | NotMeasured], bench: Bench) -> Page:
    """What was measured, what it is as a share of `BASE`, and what could not be measured."""
    there = [one for one in found if isinstance(one, Measured)]
    failed = [one for one in found if isinstance(one, NotMeasured)]
    costs = [one.cost for one in there]
    sections = [_measured(there, bench), _shares(costs)] if there else []
    if failed:
        lines = tuple(f"{one.model}: {one.reason}" for one in failed)
        sections.append(Section(heading="Not measured", lines=lines))
    return Page(title="What models cost on this machine", sections=tuple(sections))


def cost_values(found: Sequence[Measured | NotMeasured], bench: Bench) -> Mapping[str, object]:
    """The same as plain values: what was measured under `measured`, what the paper printed under `published`."""
    there = [one for one in found if isinstance(one, Measured)]
    shares = _all_shares([one.cost for one in there])
    protocol = bench.protocol
    return {
        "base": BASE,
        "protocol": {"name": protocol.name, "height": protocol.height, "width": protocol.width},
        "machine": there[0].cost.environment if there else {},
        "measured": [_entry(one) | {"share_of_base": shares.get(one.cost.model)} for one in there],
        "not_measured": [one for one in found if isinstance(one, NotMeasured)],
        "published": {
            "source": "Wang et al. 2022, Complexity, 5485606: two Tesla P4, 1024 x 1024, batch 4",
            "epoch_share_of_resnet50": published_shares(),
        },
    }


def _entry(one: Measured) -> dict[str, object]:
    cost = one.cost
    names = [name for name in type(cost).__dataclass_fields__ if name != "environment"]
    return {name: getattr(cost, name) for name in names} | {
        "training_films_per_second": cost.training_films_per_second,
        "inference_films_per_second": cost.inference_films_per_second,
        "epoch_films": EPOCH_FILMS,
        "epoch_seconds": _epoch(cost),
        "rounds": one.rounds,
        "slowest_round": one.spread.slower,
        "fastest_round": -one.spread.faster,
    }


def _measured(there: Sequence[Measured], bench: Bench) -> Section:
    costs = [one.cost for one in there]
    columns = [
        _column("Parameters (M)", costs, lambda cost: three_digits(cost.parameters / 1e6)),
        _column("MAdds (G)", costs, _madds),
        _column("Training step", costs, lambda cost: _short(cost.step_seconds)),
        _column("Films/s, training", costs, lambda cost: three_digits(cost.training_films_per_second)),
        _column(f"Epoch of {EPOCH_FILMS:,} films", costs, lambda cost: duration(_epoch(cost))),
        _column("Latency, one film", costs, lambda cost: _short(cost.latency)),
        _column("Films/s, inference", costs, lambda cost: three_digits(cost.inference_films_per_second)),
        _column("Peak host memory, training (GiB)", costs, lambda cost: _gibibytes(cost.training_host_memory)),
        _column("Peak host memory, inference (GiB)", costs, lambda cost: _gibibytes(cost.inference_host_memory)),
        _column("Peak device memory, training (GiB)", costs, lambda cost: _gibibytes(cost.training_device_memory)),
        _column("Peak device memory, inference (GiB)", costs, lambda cost: _gibibytes(cost.inference_device_memory)),
        _column("Energy a film, training (J)", costs, lambda cost: _joules(cost.training_joules)),
        _column("Energy a film, inference (J)", costs, lambda cost: _joules(cost.inference_joules)),
    ]
    if len({cost.batch_size for cost in costs}) > 1:
        columns.insert(2, _column("Batch", costs, lambda cost: str(cost.batch_size)))
    return Section(
        heading="Measured here", lines=_setting(there, bench), columns=(_names(costs), *columns), notes=_notes(costs)
    )


def _setting(there: Sequence[Measured], bench: Bench) -> tuple[str, ...]:
    """What the numbers depend on."""
    cost, protocol = there[0].cost, bench.protocol
    machine = cost.environment
    apart = max(max(one.spread.slower, one.spread.faster) for one in there)
    batches = ", ".join(str(size) for size in sorted({one.cost.batch_size for one in there}))
    where = machine.get("gpu", machine.get("processor", ""))
    return (
        (
            f"Protocol {protocol.name}: films of {protocol.height} x {protocol.width}, batch {batches}. Device "
            f"{cost.device} ({where}), threads: {machine.get('threads', '?')}, torch {machine.get('torch', '?')}."
        ),
        (
            f"Medians over {there[0].rounds} processes a model, one at a time, model after model in each round. "
            f"A training step was up to {apart:.0%} off its median in one of them."
            + (f" That is much: {_RESTLESS}" if apart > _MUCH else "")
        ),
    )


def _notes(costs: Sequence[Cost]) -> tuple[str, ...]:
    notes = [
        (
            "A training step makes its batch from stored films, as a training does. Latency and inference are those of "
            "the network alone. Memory is that of the whole process, Python and torch included."
        )
    ]
    notes += [
        f"{cost.model}: MAdds not counted: {', '.join(cost.uncounted)}. There are more than said."
        for cost in costs
        if cost.uncounted
    ]
    notes += [
        f"{cost.model} is trained by '{cost.trainer}'; its step was measured as that of 'standard'."
        for cost in costs
        if cost.trainer != "standard"
    ]
    if costs[0].energy_unknown:
        notes.append(f"Energy is {_NOT_MEASURED}: {costs[0].energy_unknown}.")
    if costs[0].training_device_memory is None:
        notes.append(f"Device memory is {_NOT_MEASURED}: only CUDA devices tell it.")
    return tuple(notes)


def _shares(costs: Sequence[Cost]) -> Section:
    """Measured shares, and beside them, under its own heading, the published one."""
    shares, published = _all_shares(costs), published_shares()
    if not shares:
        return Section(
            heading=f"As shares of {BASE}", lines=(f"{BASE} could not be measured, so there is nothing to divide by.",)
        )
    columns = [
        Column(
            heading=heading,
            cells=tuple(fixed(shares[cost.model][key], 2) if key in shares[cost.model] else "" for cost in costs),
        )
        for key, heading in (
            ("parameters", "Parameters"),
            ("madds", "MAdds"),
            ("epoch", "Epoch"),
            ("latency", "Latency"),
            ("inference", "Inference, a film"),
            ("memory", "Peak memory, training"),
        )
    ]
    theirs = tuple(fixed(published[cost.model], 2) if cost.model in published else UNDEFINED for cost in costs)
    times = ", ".join(f"{name} {text}" for name, text in _epochs().items())
    return Section(
        heading=f"As shares of {BASE}: less than 1 costs less",
        columns=(_names(costs), *columns, Column(heading=_PUBLISHED, cells=theirs)),
        notes=(_THEIRS.format(times=times),),
    )


def _all_shares(costs: Sequence[Cost]) -> dict[str, dict[str, float]]:
    """Each model's costs as shares of the base's; nothing where that was not measured."""
    base = next((cost for cost in costs if cost.model == BASE), None)
    return {} if base is None else {cost.model: _share(cost, base) for cost in costs}


def _share(cost: Cost, base: Cost) -> dict[str, float]:
    memory: dict[str, float] = {}
    if cost.training_device_memory and base.training_device_memory:
        memory = {"memory": cost.training_device_memory / base.training_device_memory}
    elif cost.training_device_memory is None:
        memory = {"memory": cost.training_host_memory / base.training_host_memory}
    return {
        "parameters": cost.parameters / base.parameters,
        "madds": cost.madds / base.madds,
        "epoch": _epoch(cost) / _epoch(base),
        "latency": cost.latency / base.latency,
        "inference": base.inference_films_per_second / cost.inference_films_per_second,
    } | memory


def _epochs() -> dict[str, str]:
    """Minutes and seconds an epoch as printed, by our names."""
    return {_ROWS[row.name]: row.epoch for row in read_rows().rows if row.name in _ROWS and row.epoch}


def _epoch(cost: Cost) -> float:
    return EPOCH_FILMS / cost.training_films_per_second


def _names(costs: Sequence[Cost]) -> Column:
    return Column(heading="Model", cells=tuple(cost.model for cost in costs), right=False)


def _column(heading: str, costs: Sequence[Cost], cell: Callable[[Any], str]) -> Column:
    return Column(heading=heading, cells=tuple(cell(cost) for cost in costs))


def _madds(cost: Cost) -> str:
    text = three_digits(cost.madds / 1e9)
    return f"more than {text}" if cost.uncounted else text


def _short(seconds: float) -> str:
    """Milliseconds below a second."""
    return f"{three_digits(seconds * 1000)} ms" if seconds < 1 else f"{three_digits(seconds)} s"


def _gibibytes(size: int | None) -> str:
    return _NOT_MEASURED if size is None else three_digits(size / 2**30)


def _joules(energy: float | None) -> str:
    return _NOT_MEASURED if energy is None else three_digits(energy)
