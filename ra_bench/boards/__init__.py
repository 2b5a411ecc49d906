"""From run records to boards: measure, rank, describe, render, keep."""
