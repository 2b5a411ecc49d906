"""One file for each layout that is known by name."""
