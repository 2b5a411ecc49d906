"""A plain PyTorch loop over PNG files, with torchvision's transforms."""

from __future__ import annotations

import torch
from films import BATCH, MEAN, RATE, SCALE, SD, SIDE, WEIGHT_DECAY, Films, arguments, network
from torch.nn.functional import mse_loss
from torch.utils.data import DataLoader
from torchvision.transforms import v2

given = arguments()
torch.manual_seed(0)

last = [v2.ToImage(), v2.ToDtype(torch.float32, scale=True), v2.Normalize([MEAN] * 3, [SD] * 3)]
augmented = v2.Compose(
    [
        v2.RandomResizedCrop(SIDE, scale=SCALE, ratio=(1, 1)),
        v2.RandomHorizontalFlip(),
        v2.RandomChoice([v2.RandomRotation((angle, angle)) for angle in (0, 90, 180, 270)]),
        v2.ColorJitter(brightness=0.1, contrast=0.1),
        *last,
    ]
)
train = Films(given.folder, "training", augmented)
validation = Films(given.folder, "validation", v2.Compose([v2.Resize(SIDE), *last]))
workers = {"num_workers": given.workers, "persistent_workers": given.workers > 0}
train_loader = DataLoader(train, BATCH, shuffle=True, **workers)
validation_loader = DataLoader(validation, BATCH, **workers)

model = network(given.network).to(memory_format=torch.channels_last)
optimiser = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY)
steps = given.epochs * len(train_loader)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=RATE, total_steps=steps, pct_start=0.2)
best = float("inf")

for epoch in range(1, given.epochs + 1):
    model.train()
    losses = 0.0
    for films, scores in train_loader:
        loss = mse_loss(model(films.to(memory_format=torch.channels_last))[:, 0], scores)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses += loss.item() * len(films)

    model.eval()
    squares = 0.0
    with torch.inference_mode():
        for films, scores in validation_loader:
            predicted = model(films.to(memory_format=torch.channels_last))[:, 0]
            squares += mse_loss(predicted, scores, reduction="sum").item()
    rmse = train.sd * (squares / len(validation)) ** 0.5
    if rmse < best:
        best = rmse
        torch.save(model.state_dict(), given.out / "best.pt")
    print(f"epoch {epoch}/{given.epochs}, loss {losses / len(train):.3f}, validation RMSE {rmse:.1f}", flush=True)
