"""A paragraph of methods, made of what records and board say was done, and of nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ra_bench.boards.columns import MEASURED_ON
from ra_bench.boards.ensembles import ensemble_text
from ra_bench.boards.facts import COHORT, READERS
from ra_bench.boards.render.escape import one_line
from ra_bench.errors import RecordError
from ra_bench.publishing.about import by_model, measured
from ra_bench.runs.records import SCORED, is_trained

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from ra_bench.values import Board, RunRecord

_METHODS = {"bca": "the BCa bootstrap", "percentile": "the percentile bootstrap", "t": "t"}
_OPTIMISERS = {"adamw": "AdamW", "sgd": "SGD with momentum {momentum:g}"}
_LOSSES = {
    "mse": "the mean squared error",
    "l1": "the mean absolute error",
    "huber": "the Huber loss",
    "wang2022": "the loss of Wang et al. 2022 (eqs. 9-10)",
}
_SCHEDULES = {
    "constant": "a constant learning rate of {rate:g}",
    "cosine": "a learning rate that fell from {rate:g} to 0 along a cosine",
    "one-cycle": "a learning rate that rose to {rate:g} and fell to 0 (one cycle)",
}


def methods(board: Board, records: Sequence[RunRecord]) -> str:
    """The paragraph as plain text, on one line.

    Raises
    ------
    RecordError
        The board has no records: nothing says what was done.
    """
    if not records:
        raise RecordError(
            f"The board '{board.name}' has no records, and a paragraph of methods is made of nothing else. Where the "
            "cohort is private, or rows are published ones, write it yourself."
        )
    facts = dict(board.facts)
    said = [
        _cohort(board, facts, records),
        *_trainings(records),
        *_statistics(board, facts),
        _software(records),
    ]
    return " ".join(one_line(sentence) for sentence in said if sentence) + "\n"


def _cohort(board: Board, facts: Mapping[str, str], records: Sequence[RunRecord]) -> str:
    job = records[0].job
    name = facts.get(COHORT, f"{job.dataset}, version {job.cohort}").removesuffix(", simulated")
    said = [f"Models were measured on the cohort {name}."]
    if board.simulated:
        said.append("Its films and readings are simulated.")
    if "training" in facts and "test" in facts:
        held = f", {facts['validation']} for validation" if "validation" in facts else ""
        how = f" (split {facts['split']})" if "split" in facts else ""
        said.append(f"There were {facts['training']} for training{held} and {facts['test']} for testing{how}.")
    readers = facts.get(READERS, "").partition(":")[0]
    if readers:
        said.append(f"The reference was {_reference(readers)}.")
    return " ".join(said)


def _reference(readers: str) -> str:
    return "the score of one reader" if readers == "1" else f"the mean of the readings of {readers} readers"


def _trainings(records: Sequence[RunRecord]) -> list[str]:
    """Sentences on networks, what differs among them, other trainers, and what was made elsewhere."""
    standard = [record for record in records if record.job.trainer == "standard" and record.protocol]
    said = []
    plain = [record for record in standard if not record.overrides]
    if plain:
        said.append(f"{_names(plain)} {_were(plain)} trained {_protocol(plain[0])}")
    for model, found in by_model([record for record in standard if record.overrides]).items():
        changes = ", ".join(f"{key} = {value}" for key, value in found[0].overrides.items())
        said.append(f"{model} was trained {_protocol(found[0])} It changes the protocol ({changes}).")
    for source in sorted({record.pretrained_on for record in records if record.pretrained_on}):
        found = [record for record in records if record.pretrained_on == source]
        said.append(
            f"Before, the {'body' if len(by_model(found)) == 1 else 'bodies'} of {_names(found)} "
            f"{_were(found)} pretrained on {source}."
        )
    started = {record.job.model: record.weights.file for record in records if record.weights is not None}
    said += [f"{model} started from the weights {file}." for model, file in started.items()]
    others = sorted({r.job.trainer for r in records if is_trained(r.job)} - {"standard"})
    for trainer in others:
        found = [record for record in records if record.job.trainer == trainer]
        said.append(f"{_names(found)} {_were(found)} fitted by the trainer '{trainer}' of {_packages(found)}.")
    for model, found in by_model([record for record in records if record.ensemble is not None]).items():
        said.append(f"{model} was not trained: {ensemble_text(found)}")
    elsewhere = [record for record in records if record.job.trainer == SCORED]
    if elsewhere:
        said.append(f"The predictions of {_names(elsewhere)} were made elsewhere and only measured here.")
    return said


def _protocol(record: RunRecord) -> str:
    """How one record was trained, by the protocol that it holds and the epochs that it did."""
    rules = record.protocol
    done = sum(report.stage == "training" for report in record.history) or rules["epochs"]
    optimiser, schedule = rules["optimiser"], _SCHEDULES.get(rules["optimiser"]["schedule"], "")
    rate = schedule.format(rate=optimiser["learning_rate"])
    name = _OPTIMISERS.get(optimiser["name"], optimiser["name"]).format(momentum=optimiser["momentum"])
    kept = {"best-validation-rmse": "the epoch with the least RMSE on the validation films", "last": "the last epoch"}
    return (
        f"by the protocol {record.job.protocol} on films of {rules['height']} x {rules['width']} pixels for {done} "
        f"{'epoch' if done == 1 else 'epochs'} with batches of {rules['batch_size']}, {name}, {rate}, weight decay "
        f"{optimiser['weight_decay']:g} and {_LOSSES.get(rules['loss']['name'], rules['loss']['name'])} on "
        f"standardised scores{_augmented(rules['augmentation'])}; {kept.get(rules['keep'], rules['keep'])} was kept."
    )


def _augmented(rules: Mapping[str, object]) -> str:
    done = []
    if rules["smallest_scale"] != 1.0:
        done.append(f"scaling down to {rules['smallest_scale']:g} with random crops")
    if rules["flip"]:
        done.append("random flips")
    turns = rules["turns"]
    if isinstance(turns, (list, tuple)) and list(turns) != [0]:
        done.append(f"turns by {', '.join(map(str, turns))} degrees")
    done += [f"random {name} (± {rules[name]:g})" for name in ("brightness", "contrast") if rules[name]]
    return f", with {_listed(done)}" if done else ", without augmentation"


def _statistics(board: Board, facts: Mapping[str, str]) -> list[str]:
    rows = [*measured(board), *(row for row in board.rows if row.kind == "reader")]
    used: dict[str, list[str]] = {}
    for column in board.columns:
        for method in sorted({row.metrics[column.metric].method for row in rows if column.metric in row.metrics}):
            if method in _METHODS:
                used.setdefault(_METHODS[method], []).append(column.label)
    said = []
    if MEASURED_ON in facts:
        said.append(f"Measures are over {facts[MEASURED_ON]}.")
    if used:
        how = "; ".join(f"{', '.join(labels)}: {method}" for method, labels in used.items())
        said.append(f"Intervals are 95 % intervals {facts.get('intervals', 'from resamples of patients')} ({how}).")
    if sum(row.rank is not None for row in board.rows) > 1:
        said.append("Models were ranked by RMSE; those that the films do not tell apart share a rank.")
    if any(len(row.seeds) > 1 for row in measured(board)):
        said.append("Models of several seeds are measured by the mean of their seeds' metrics.")
    return said


def _software(records: Sequence[RunRecord]) -> str:
    versions = sorted({f"{name} {value}" for record in records for name, value in record.environment.items()})
    devices = sorted({record.device for record in records if is_trained(record.job)})
    said = [f"Software and machine: {', '.join(versions)}."] if versions else []
    said += [f"Models were trained on: {', '.join(devices)}."] if devices else []
    return " ".join([*said, f"Packages of the models: {_packages(records)}."])


def _packages(records: Sequence[RunRecord]) -> str:
    return ", ".join(sorted({f"{r.job.plugin} {r.job.plugin_version}" for r in records if is_trained(r.job)}))


def _names(records: Sequence[RunRecord]) -> str:
    return _listed([f"{model}{_seeds(found)}" for model, found in by_model(records).items()])


def _seeds(records: Sequence[RunRecord]) -> str:
    seeds = sorted({record.job.seed for record in records})
    return "" if len(seeds) < 2 else f" (seeds {', '.join(map(str, seeds))})"


def _were(records: Sequence[RunRecord]) -> str:
    return "was" if len(by_model(records)) == 1 else "were"


def _listed(names: Iterable[str]) -> str:
    *most, last = list(names)
    return f"{', '.join(most)} and {last}" if most else last
