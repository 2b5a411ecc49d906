"""timm's loader, optimiser, scheduler, meter and saver in the loop of timm's own training script.

timm turns nothing by quarters; it flips upside down instead. Its loader leaves the last batch out where it is not full.
"""

from __future__ import annotations

import torch
from films import BATCH, MEAN, RATE, SCALE, SD, SIDE, WEIGHT_DECAY, Films, arguments, network
from timm.data import create_loader
from timm.optim import create_optimizer_v2
from timm.scheduler import create_scheduler_v2
from timm.utils import AverageMeter, CheckpointSaver
from torch import nn

given = arguments()
torch.manual_seed(0)

train, validation = Films(given.folder, "training"), Films(given.folder, "validation")  # create_loader gives transforms
shared = {
    "input_size": (3, SIDE, SIDE),
    "batch_size": BATCH,
    "mean": (MEAN,) * 3,
    "std": (SD,) * 3,
    "num_workers": given.workers,
    "use_prefetcher": False,  # it is for GPUs
    "device": torch.device("cpu"),
}
train_loader = create_loader(
    train, is_training=True, scale=SCALE, ratio=(1.0, 1.0), vflip=0.5, color_jitter=(0.1, 0.1, 0.0), **shared
)
validation_loader = create_loader(validation, crop_pct=1.0, **shared)

model = network(given.network).to(memory_format=torch.channels_last)
optimiser = create_optimizer_v2(model, opt="adamw", lr=RATE, weight_decay=WEIGHT_DECAY)
schedule, _ = create_scheduler_v2(
    optimiser,
    sched="cosine",
    num_epochs=given.epochs,
    warmup_epochs=1,
    warmup_lr=RATE / 25,
    warmup_prefix=False,
    step_on_epochs=False,
    updates_per_epoch=len(train_loader),
)
loss_of = nn.MSELoss()
saver = CheckpointSaver(
    model, optimiser, checkpoint_dir=given.out, recovery_dir=given.out, decreasing=True, max_history=1
)

updates = 0
for epoch in range(1, given.epochs + 1):
    model.train()
    losses = AverageMeter()
    for films, scores in train_loader:
        loss = loss_of(model(films.to(memory_format=torch.channels_last))[:, 0], scores)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        updates += 1
        schedule.step_update(updates)
        losses.update(loss.item(), len(films))

    model.eval()
    errors = AverageMeter()
    with torch.inference_mode():
        for films, scores in validation_loader:
            errors.update(loss_of(model(films.to(memory_format=torch.channels_last))[:, 0], scores).item(), len(films))
    rmse = train.sd * errors.avg**0.5
    saver.save_checkpoint(epoch, metric=rmse)
    print(f"epoch {epoch}/{given.epochs}, loss {losses.avg:.3f}, validation RMSE {rmse:.1f}", flush=True)
