"""The trainer "weight-averaging": the suite's own loop, and a mean of the weights that it passes through at its end.

Three places differ from `ra_bench.training.loop.fit`; each is marked with "averaging".
"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch.optim.swa_utils import AveragedModel, update_bn

from ra_bench import EpochReport, Fitted, TrainingError, parts

if TYPE_CHECKING:
    from collections.abc import Generator

    from ra_bench import FitTask


def first_averaged(epochs: int) -> int:
    """The epoch, counted from 1, from which on weights are averaged: the last quarter, and at least the last epoch.

    Examples
    --------
    >>> [first_averaged(epochs) for epochs in (1, 6, 30, 100)]
    [1, 6, 24, 76]
    """
    return epochs - max(1, epochs // 4) + 1


def fit(task: FitTask) -> Generator[EpochReport, None, Fitted]:
    """Train as the standard trainer does, and answer with the mean of the weights after each step of the last quarter.

    The mean is an unweighted one (Polyak and Juditsky 1992; Izmailov et al. 2018 over epochs, here over steps). Batch
    normalisation gets statistics of its own: those of the epoch's training films, shown to the averaged weights.

    A report's `validation_rmse` is that of the plain weights until the averaging begins, then that of the mean. Only
    means are kept: the one with the least validation RMSE, or the last, as the protocol says. `seconds` hold the pass
    that makes the statistics. A training that was stopped starts anew: nothing is kept of it.

    Raises
    ------
    TrainingError
        The task or the model does not fit; NonFiniteLossError where the loss is nan or infinite.
    """
    protocol, name, device = task.protocol, task.model.name, parts.resolve(task.device)
    parts.check_task(task)
    greys, scores = parts.spread_of_films(task.train.films), parts.spread_of_scores(task.train_scores)
    targets = torch.tensor((task.train_scores - scores.mean) / scores.sd, dtype=torch.float32)  # (n,)

    with parts.reproducible(task.seed, device):
        model = parts.build_model(task.model, protocol)
        if task.pretrained is not None:
            parts.load_body(model, task.model.head, task.pretrained)
        model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stubs miss it
        counted = parts.count_madds(model, height=protocol.height, width=protocol.width)
        optimiser = parts.make_optimiser(protocol.optimiser, model.parameters())
        loss_of = parts.loss_function(protocol.loss)
        predict = partial(parts.predict, protocol=protocol, greys=greys, scores=scores, device=device, name=name)
        steps = parts.steps_per_epoch(len(task.train.ids), protocol.batch_size)
        averaged = AveragedModel(model)  # averaging: a second network, which the optimiser does not know
        weights: dict[str, torch.Tensor] = {}
        least, kept = float("inf"), 0

        for epoch in range(1, protocol.epochs + 1):
            averaging = epoch >= first_averaged(protocol.epochs)
            started = time.perf_counter()
            batches = parts.epoch_batches(len(task.train.ids), protocol.batch_size, seed=task.seed, epoch=epoch)
            losses = parts.Losses(epoch=epoch, epochs=protocol.epochs, films=task.train, batches=batches)
            model.train()
            prepared = partial(
                parts.training_batch,
                task.train,
                protocol=protocol,
                greys=greys,
                seed=task.seed,
                epoch=epoch,
                device=device,
            )  # places of films to a batch of them
            with closing(parts.made_ahead(prepared, batches, device)) as shown:
                for step, (chosen, films) in enumerate(zip(batches, shown, strict=True), start=(epoch - 1) * steps):
                    rate = parts.learning_rate(protocol.optimiser, step, protocol.epochs * steps)
                    parts.set_learning_rate(optimiser, rate)
                    predicted = parts.outputs(model, films, columns=1, name=name)[:, 0]
                    loss = loss_of(predicted, parts.moved(targets[chosen], device))
                    optimiser.zero_grad()
                    loss.backward()  # type: ignore[no-untyped-call]
                    optimiser.step()
                    if averaging:  # averaging: the mean of all weights since it began
                        averaged.update_parameters(model)
                    losses.add(loss)
            if averaging:  # averaging: statistics of the films as this epoch showed them, for weights that saw none
                with closing(parts.made_ahead(prepared, batches, device)) as again:
                    update_bn(again, averaged.module)
            train_loss = losses.mean()
            seconds = time.perf_counter() - started

            error = parts.rmse(
                task.validation_scores, predict(averaged.module if averaging else model, task.validation)
            )
            if averaging and (epoch == protocol.epochs if protocol.keep == "last" else error < least):
                least, kept, weights = error, epoch, parts.snapshot(averaged.module)
            yield EpochReport(
                stage="training",
                epoch=epoch,
                epochs=protocol.epochs,
                train_loss=train_loss,
                validation_rmse=error,
                learning_rate=rate,
                seconds=seconds,
                films=sum(len(batch) for batch in batches),
            )

        if not kept:
            raise TrainingError(
                f"The averaged weights of '{name}' predicted no finite score for the validation films in any epoch. "
                "Lower optimiser.learning_rate in the protocol or in the model's overrides."
            )
        model.load_state_dict(weights)
        parts.save(
            {"model": name, "epoch": kept, "weights": weights, "greys": asdict(greys), "scores": asdict(scores)},
            task.folder / parts.CHECKPOINT,
        )
        return Fitted(
            validation=predict(model, task.validation),
            test=predict(model, task.test),
            parameters=parts.count_parameters(model),
            madds=counted.madds,
            uncounted=counted.uncounted,
            kept_epoch=kept,
        )
