"""Lightning's Trainer, with its checkpoints, over the films and transforms of the plain loop."""

from __future__ import annotations

import lightning
import torch
from films import BATCH, MEAN, RATE, SCALE, SD, SIDE, WEIGHT_DECAY, Films, arguments, network
from lightning.pytorch.callbacks import ModelCheckpoint
from torch.nn.functional import mse_loss
from torch.utils.data import DataLoader
from torchvision.transforms import v2


class Scorer(lightning.LightningModule):
    def __init__(self, name: str, sd: float) -> None:
        super().__init__()
        self.model = network(name).to(memory_format=torch.channels_last)
        self.sd = sd

    def loss(self, batch: list[torch.Tensor]) -> torch.Tensor:
        films, scores = batch
        return mse_loss(self.model(films.to(memory_format=torch.channels_last))[:, 0], scores)

    def training_step(self, batch: list[torch.Tensor], _: int) -> torch.Tensor:
        loss = self.loss(batch)
        self.log("loss", loss, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch: list[torch.Tensor], _: int) -> None:
        self.log("validation_mse", self.loss(batch))

    def on_train_epoch_end(self) -> None:
        told = self.trainer.callback_metrics
        rmse = self.sd * told["validation_mse"].item() ** 0.5
        epoch = f"epoch {self.current_epoch + 1}/{self.trainer.max_epochs}"
        print(f"{epoch}, loss {told['loss'].item():.3f}, validation RMSE {rmse:.1f}", flush=True)

    def configure_optimizers(self) -> dict[str, object]:
        optimiser = torch.optim.AdamW(self.parameters(), lr=RATE, weight_decay=WEIGHT_DECAY)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=RATE, total_steps=steps, pct_start=0.2)
        return {"optimizer": optimiser, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}


if __name__ == "__main__":
    given = arguments()
    lightning.seed_everything(0)
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
    trainer = lightning.Trainer(
        max_epochs=given.epochs,
        accelerator="cpu",
        devices=1,
        default_root_dir=given.out,
        callbacks=[ModelCheckpoint(monitor="validation_mse")],
        enable_progress_bar=False,
    )
    trainer.fit(
        Scorer(given.network, train.sd),
        DataLoader(train, BATCH, shuffle=True, **workers),
        DataLoader(validation, BATCH, **workers),
    )
