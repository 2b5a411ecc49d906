"""A simulated cohort whose patients come twice: what gets worse in a year, who reads it, and the second film.

A folder of its own: the version of `synthetic-hands` hashes the files beside it, and must not know of these.
"""
