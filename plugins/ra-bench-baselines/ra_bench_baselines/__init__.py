"""The rows that every model must beat, fitted in closed form with numpy alone; see `plugin`."""
