"""What plugin authors and the suite itself test with."""
