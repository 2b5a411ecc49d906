"""A label audit: films where most models agree against the reference, read again blindly."""
