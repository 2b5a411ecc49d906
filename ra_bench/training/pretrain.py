"""Pretraining of a body on findings, before a `*-transfer` model is trained on scores.

The loop is that of loop.py with another head, another loss and another end.
"""

from __future__ import annotations

import logging
import time
from contextlib import closing
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import torch

from ra_bench.errors import TrainingError
from ra_bench.specs import NoProgress
from ra_bench.training.ahead import made_ahead
from ra_bench.training.arithmetic import cast, compiled, loss_scaler, take_step
from ra_bench.training.augment import training_batch
from ra_bench.training.batches import Losses, epoch_batches, steps_per_epoch
from ra_bench.training.build import build_model, replace_head
from ra_bench.training.checkpoint import Best, save_body
from ra_bench.training.device import moved, reproducible, resolve
from ra_bench.training.distributed import synchronised, team, waiting
from ra_bench.training.findings import auroc_text, aurocs, finding_loss, finding_targets, mean_auroc, probability_rmse
from ra_bench.training.loop import check_films
from ra_bench.training.optimise import learning_rate, make_optimiser, set_learning_rate
from ra_bench.training.parts import cut, parts_that_fit, scale_gradients
from ra_bench.training.predict import outputs, predict_all
from ra_bench.training.standard import spread_of_films
from ra_bench.values import EpochReport

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from ra_bench.specs import FilmSet, ModelSpec, Progress, Stateful
    from ra_bench.values import Protocol

log = logging.getLogger(__name__)


def pretrain(  # noqa: PLR0915 - to be read in one piece
    model: ModelSpec,
    protocol: Protocol,
    films: FilmSet,
    findings: NDArray[np.float64],
    validation: FilmSet,
    validation_findings: NDArray[np.float64],
    *,
    seed: int,
    device: str,
    file: Path,
    about: Mapping[str, str] | None = None,
    progress: Progress = NoProgress(),  # noqa: B008 - it is frozen
) -> Generator[EpochReport, None, None]:
    """Train a model's body to tell findings, then write it, without the head, to `file`.

    Parameters
    ----------
    findings, validation_findings : arrays of shape (n, k) and (m, k)
        1 present, 0 absent, -1 uncertain, nan not mentioned (counts as absent).
    about
        What the file is to say of itself; its epoch and the AUROC of each finding are added.
    films, validation
        At `base_size(protocol)`; `pretraining.max_films` is for the caller, who need not decode more. There may be no
        validation films: the last epoch is kept then.

    Yields
    ------
    EpochReport
        `train_loss` is the binary cross-entropy, `validation_rmse` the root mean squared difference of predicted
        probability and finding (0 to 1, nan without validation films).

    Raises
    ------
    TrainingError
        The films, the findings or the model do not fit; NonFiniteLossError where the loss is nan or infinite.
    """
    check_findings(protocol, films, findings, validation, validation_findings)
    rule, where, crew = protocol.pretraining, resolve(device), team()
    as_trained = replace(protocol, batch_size=rule.batch_size)
    targets, weights = finding_targets(findings, rule.uncertain)
    wanted = torch.tensor(targets, dtype=torch.float32), torch.tensor(weights, dtype=torch.float32)  # (n, k) each
    known = finding_targets(validation_findings, rule.uncertain)
    greys, columns, count = spread_of_films(films.films), findings.shape[1], len(films.ids)

    with reproducible(seed, where, tf32=protocol.compute.tf32):
        network = build_model(model, protocol)
        head = replace_head(network, model, columns)
        network.to(where, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs miss it
        network = compiled(synchronised(network, protocol.compute, crew, where), protocol.compute, where)
        optimiser = make_optimiser(rule.optimiser, network.parameters())
        scaler = loss_scaler(protocol.compute, where)
        tell = partial(
            predict_all,
            network,
            validation,
            columns=columns,
            protocol=as_trained,
            greys=greys,
            device=where,
            name=model.name,
            team=crew,
        )  # outputs for the validation films, shape (m, k)
        shown_alone = partial(outputs, network, columns=columns, name=model.name)
        batch_parts = crew.most(
            parts_that_fit(network, protocol, crew.largest_share(rule.batch_size), where, shown_alone)
        )
        shared = crew.together(network, where)
        forward = partial(outputs, shared, columns=columns, name=model.name)
        steps = steps_per_epoch(count, rule.batch_size)
        best = Best(last=rule.epochs if protocol.keep == "last" or not validation.ids else None)
        states: dict[str, Stateful] = {"model": network, "optimiser": optimiser, "scaler": scaler, "best": best}
        done = progress.restore(states)  # epochs of an earlier try that was stopped

        for epoch in range(done + 1, rule.epochs + 1):
            started = time.perf_counter()
            batches = epoch_batches(count, rule.batch_size, seed=seed, epoch=epoch)
            losses = Losses(epoch=epoch, epochs=rule.epochs, films=films, batches=batches)
            network.train()
            crew.draw_apart(seed, epoch)
            shares = [crew.share(batch) for batch in batches]  # of each batch, what this process sees
            prepared = partial(
                training_batch, films, protocol=protocol, greys=greys, seed=seed, epoch=epoch, device=where
            )  # places of films to a batch of them
            with closing(made_ahead(prepared, [share.places for share in shares], where)) as shown:
                for step, (share, batch) in enumerate(zip(shares, shown, strict=True), start=(epoch - 1) * steps):
                    rate = learning_rate(rule.optimiser, step, rule.epochs * steps)
                    set_learning_rate(optimiser, rate)
                    target, weight = (moved(values[share.places], where) for values in wanted)
                    counted = crew.sum(weight.sum() * share.counts)
                    optimiser.zero_grad()
                    total = torch.zeros((), device=where)
                    parts = cut(len(batch), batch_parts)  # nearly always one
                    for part in parts:
                        with waiting(shared, last=part is parts[-1]):
                            with cast(protocol.compute, where):
                                logits = forward(batch[part])
                            loss = finding_loss(logits.float(), target[part], weight[part], counted=counted)
                            scaler.scale(loss * share.counts).backward()  # type: ignore[no-untyped-call]
                        total += loss.detach() * share.counts
                    if not crew.alone:
                        scale_gradients(network, torch.tensor(float(crew.size), device=where))  # to their sum
                    take_step(optimiser, scaler, rule.optimiser.clip)
                    losses.add(crew.sum(total))
            crew.agree(network)
            train_loss = losses.mean()
            seconds = time.perf_counter() - started

            told = tell()
            error = probability_rmse(*known, told)
            log.info("pretraining epoch %d: mean AUROC %.3f", epoch, mean_auroc(aurocs(*known, told)))
            best.offer(network, epoch=epoch, error=error)
            report = EpochReport(
                stage="pretraining",
                epoch=epoch,
                epochs=rule.epochs,
                train_loss=train_loss,
                validation_rmse=error,
                learning_rate=rate,
                seconds=seconds,
                films=sum(len(batch) for batch in batches),
            )
            progress.keep(report, states)
            yield report

        best.put_back(
            network,
            otherwise=f"The model '{model.name}' gave no finite output for the validation films of its pretraining. "
            "Lower pretraining.optimiser.learning_rate in the protocol or in the model's overrides.",
        )
        about = {**(about or {}), "epoch": str(best.epoch), "auroc": auroc_text(*known, tell())}
        if crew.first:
            save_body(network, head, file, about)


def check_findings(
    protocol: Protocol,
    films: FilmSet,
    findings: NDArray[np.float64],
    validation: FilmSet,
    validation_findings: NDArray[np.float64],
) -> None:
    """Refuse films and findings on which pretraining cannot work.

    Raises
    ------
    TrainingError
        Films of another size than the protocol's, another number of findings than films, or too few films.
    """
    check_films(films, protocol, "pretraining")
    check_films(validation, protocol, "pretraining validation")
    columns = findings.shape[1] if findings.ndim == 2 else 0
    if findings.shape != (len(films.ids), columns) or validation_findings.shape != (len(validation.ids), columns):
        raise TrainingError(
            f"{len(films.ids)} and {len(validation.ids)} films have findings of shapes {findings.shape} and "
            f"{validation_findings.shape}; give a row a film, and the same columns."
        )
    if len(films.ids) < 2 or not columns:
        raise TrainingError(
            f"There are {len(films.ids)} films with {columns} findings; pretraining needs at least 2 and 1."
        )
