"""From a table of predictions or readings to a report: what was read, every quantity, what may be said."""
