"""Boards for others: checked against their records, put together to serve, exported, and those of others verified."""
