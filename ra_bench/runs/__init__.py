"""Jobs: what they are, which are due, how one is done, how its record is kept."""
