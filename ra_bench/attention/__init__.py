"""Where a trained model looks: Grad-CAM maps by captum, their share on drawn damage, and pictures of them."""
