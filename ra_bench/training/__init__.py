"""Protocol, augmentation, loss and the standard training loop."""
