"""From a table and a folder of films to a cohort, a split and a store of decoded films."""
