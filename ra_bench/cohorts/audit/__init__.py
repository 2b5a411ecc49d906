"""What is wrong with a cohort, or must be known of it: the same findings when it is loaded and when it is checked."""
