"""Tables 2 to 6 of Wang et al. 2022 for a run on any cohort, and what the paper printed where it may stand beside."""
