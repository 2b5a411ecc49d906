"""What the standard trainer is made of, for trainers of your own: `from ra_bench import parts`. Imports torch.

In the order of their use in `ra_bench.training.loop.fit`, which is what to copy and change. A trainer that is made of
them says `uses_parts=True` in its TrainerSpec: when they change, its models are trained again.
"""

from ra_bench.training.ahead import made_ahead
from ra_bench.training.augment import training_batch
from ra_bench.training.batches import Losses, epoch_batches, steps_per_epoch
from ra_bench.training.build import build_model
from ra_bench.training.checkpoint import load_body, save, snapshot
from ra_bench.training.cost import count_madds, count_parameters
from ra_bench.training.device import moved, reproducible, resolve
from ra_bench.training.loop import check_task
from ra_bench.training.loss import loss_function
from ra_bench.training.optimise import learning_rate, make_optimiser, set_learning_rate
from ra_bench.training.predict import outputs, predict, rmse
from ra_bench.training.progress_file import CHECKPOINT
from ra_bench.training.protocol import base_size
from ra_bench.training.standard import spread_of_films, spread_of_scores

__all__ = [  # noqa: RUF022 - in the order of their use
    "resolve",
    "check_task",
    "base_size",
    "spread_of_films",
    "spread_of_scores",
    "reproducible",
    "build_model",
    "load_body",
    "count_madds",
    "count_parameters",
    "make_optimiser",
    "loss_function",
    "predict",
    "steps_per_epoch",
    "epoch_batches",
    "Losses",
    "training_batch",
    "made_ahead",
    "learning_rate",
    "set_learning_rate",
    "outputs",
    "moved",
    "rmse",
    "snapshot",
    "CHECKPOINT",
    "save",
]
