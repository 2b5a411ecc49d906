"""The embedded simulated cohort: two simulated readers and the films that they read."""

from ra_bench.cohorts.synthetic.film import gross_severity, joint_positions, render_film
from ra_bench.cohorts.synthetic.readers import SITES, SimulatedReadings, Site, simulate_readings

__all__ = [
    "SITES",
    "SimulatedReadings",
    "Site",
    "gross_severity",
    "joint_positions",
    "render_film",
    "simulate_readings",
]
