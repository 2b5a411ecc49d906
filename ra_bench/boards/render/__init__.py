"""A board as text: pure functions of the board, the same bytes for the same board."""
