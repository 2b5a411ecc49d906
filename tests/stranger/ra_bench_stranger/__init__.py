"""A model and a metric by somebody else."""
