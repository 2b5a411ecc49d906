"""Where a trained model looks, by itself or by captum's Grad-CAM: maps, their share on drawn damage, and pictures."""
