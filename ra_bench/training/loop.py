"""The standard trainer: one function from films and scores to predictions.

To train differently, copy `fit` into a plugin, change it there and register it as a trainer.
"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

import torch

from ra_bench.errors import TrainingError
from ra_bench.specs import FilmSet, FitTask, Fitted
from ra_bench.training.ahead import made_ahead
from ra_bench.training.arithmetic import cast, compiled, loss_scaler, take_step
from ra_bench.training.augment import training_batch
from ra_bench.training.batches import Losses, epoch_batches, steps_per_epoch
from ra_bench.training.build import build_model
from ra_bench.training.checkpoint import Best, load_body, save
from ra_bench.training.cost import count_madds, count_parameters
from ra_bench.training.device import moved, reproducible, resolve
from ra_bench.training.distributed import synchronised, team, waiting
from ra_bench.training.loss import loss_function
from ra_bench.training.optimise import learning_rate, make_optimiser, set_learning_rate
from ra_bench.training.parts import cut, parts_that_fit, scale_gradients
from ra_bench.training.predict import outputs, predict, rmse
from ra_bench.training.progress_file import CHECKPOINT
from ra_bench.training.protocol import base_size
from ra_bench.training.standard import spread_of_films, spread_of_scores
from ra_bench.values import EpochReport, Protocol

if TYPE_CHECKING:
    from collections.abc import Generator

    from ra_bench.specs import Stateful


def fit(task: FitTask) -> Generator[EpochReport, None, Fitted]:  # noqa: PLR0915 - to be read in one piece
    """Train a model as its protocol says; a report an epoch, predictions at the end.

    A report's `train_loss` is on z-scores, its `validation_rmse` on the cohort's scale, its `seconds` those of the
    training without the validation. The kept weights are written to `checkpoint.pt` in the task's folder. Of a task
    whose progress was kept by an earlier try only the epochs that are left are trained and reported.

    Raises
    ------
    TrainingError
        The task or the model does not fit; NonFiniteLossError where the loss is nan or infinite.
    """
    protocol, name, device, crew = task.protocol, task.model.name, resolve(task.device), team()
    check_task(task)
    greys, scores = spread_of_films(task.train.films), spread_of_scores(task.train_scores)
    targets = torch.tensor((task.train_scores - scores.mean) / scores.sd, dtype=torch.float32)  # (n,)

    with reproducible(task.seed, device, tf32=protocol.compute.tf32):
        model = build_model(task.model, protocol)
        if task.pretrained is not None:
            load_body(model, task.model.head, task.pretrained)
        model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs miss it
        counted = count_madds(model, height=protocol.height, width=protocol.width)
        model = compiled(synchronised(model, protocol.compute, crew, device), protocol.compute, device)
        optimiser = make_optimiser(protocol.optimiser, model.parameters())
        scaler = loss_scaler(protocol.compute, device)
        loss_of = loss_function(protocol.loss)
        shown_alone = partial(outputs, model, columns=1, name=name)
        batch_parts = crew.most(
            parts_that_fit(model, protocol, crew.largest_share(protocol.batch_size), device, shown_alone)
        )
        network = crew.together(model, device)
        forward = partial(outputs, network, columns=1, name=name)
        scored = partial(
            predict, model, protocol=protocol, greys=greys, scores=scores, device=device, name=name, team=crew
        )  # films to scores, shape (n,)
        steps = steps_per_epoch(len(task.train.ids), protocol.batch_size)
        best = Best(last=protocol.epochs if protocol.keep == "last" else None)
        states: dict[str, Stateful] = {"model": model, "optimiser": optimiser, "scaler": scaler, "best": best}
        done = task.progress.restore(states)  # epochs of an earlier try that was stopped

        for epoch in range(done + 1, protocol.epochs + 1):
            started = time.perf_counter()
            batches = epoch_batches(len(task.train.ids), protocol.batch_size, seed=task.seed, epoch=epoch)
            losses = Losses(epoch=epoch, epochs=protocol.epochs, films=task.train, batches=batches)
            model.train()
            crew.draw_apart(task.seed, epoch)
            shares = [crew.share(batch) for batch in batches]  # of each batch, what this process sees
            prepared = partial(
                training_batch, task.train, protocol=protocol, greys=greys, seed=task.seed, epoch=epoch, device=device
            )  # places of films to a batch of them
            with closing(made_ahead(prepared, [share.places for share in shares], device)) as shown:
                for step, (share, films) in enumerate(zip(shares, shown, strict=True), start=(epoch - 1) * steps):
                    rate = learning_rate(protocol.optimiser, step, protocol.epochs * steps)
                    set_learning_rate(optimiser, rate)
                    wanted, parts = moved(targets[share.places], device), cut(len(films), batch_parts)
                    whole = crew.alone and len(parts) == 1  # nearly always
                    mean = torch.zeros((), device=device)
                    optimiser.zero_grad()
                    for part in parts:
                        with waiting(network, last=part is parts[-1]):
                            with cast(protocol.compute, device):
                                predicted = forward(films[part])[:, 0]
                            part_mean = share.counts * loss_of.errors(predicted.float(), wanted[part]).sum() / share.of
                            scaler.scale(loss_of.of_mean(part_mean) if whole else part_mean).backward()  # type: ignore[no-untyped-call]
                        mean += part_mean.detach()
                    if not whole:  # the chain rule's last factor, known only now; of all processes' gradients, the sum
                        scale_gradients(model, loss_of.slope(crew.sum(mean)) * crew.size)
                    take_step(optimiser, scaler, protocol.optimiser.clip)
                    losses.add(loss_of.of_mean(mean))
            crew.agree(model)
            train_loss = losses.mean()
            seconds = time.perf_counter() - started

            error = rmse(task.validation_scores, scored(task.validation))
            best.offer(model, epoch=epoch, error=error)
            report = EpochReport(
                stage="training",
                epoch=epoch,
                epochs=protocol.epochs,
                train_loss=train_loss,
                validation_rmse=error,
                learning_rate=rate,
                seconds=seconds,
                films=sum(len(batch) for batch in batches),
            )
            task.progress.keep(report, states)
            yield report

        best.put_back(
            model,
            otherwise=f"The model '{name}' predicted no finite score for the validation films in any of "
            f"{protocol.epochs} epochs. Lower optimiser.learning_rate in the protocol or in the model's overrides.",
        )
        if crew.first:
            save(
                {
                    "model": name,
                    "epoch": best.epoch,
                    "weights": best.weights,
                    "greys": asdict(greys),
                    "scores": asdict(scores),
                },
                task.folder / CHECKPOINT,
            )
        return Fitted(
            validation=scored(task.validation),
            test=scored(task.test),
            parameters=count_parameters(model),
            madds=counted.madds,
            uncounted=counted.uncounted,
            kept_epoch=best.epoch,
            batch_parts=batch_parts,
        )


def check_task(task: FitTask) -> None:
    """Refuse a task on which training cannot work.

    Raises
    ------
    TrainingError
        Films of another size than the protocol's, another number of scores than films, or too few films.
    """
    for part, films, scores in (
        ("training", task.train, task.train_scores),
        ("validation", task.validation, task.validation_scores),
    ):
        check_films(films, task.protocol, part)
        if scores.shape != (len(films.ids),):
            raise TrainingError(f"{len(films.ids)} {part} films have scores of shape {scores.shape}; give one a film.")
    check_films(task.test, task.protocol, "test")
    if len(task.train.ids) < 2 or not task.validation.ids:
        raise TrainingError(
            f"There are {len(task.train.ids)} training and {len(task.validation.ids)} validation films; training needs "
            "at least 2 and 1. Add films, or raise max_films in the protocol."
        )


def check_films(films: FilmSet, protocol: Protocol, part: str) -> None:
    """Refuse films that are not of the protocol's base size.

    Raises
    ------
    TrainingError
        Another size, or another number of films than ids.
    """
    wanted = (len(films.ids), *base_size(protocol))
    if films.films.shape != wanted:
        raise TrainingError(
            f"The {part} films are of shape {films.films.shape}; the protocol '{protocol.name}' needs {wanted} "
            "(films, height, width). Store them at `base_size(protocol)`."
        )
