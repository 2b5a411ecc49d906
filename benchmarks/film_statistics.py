"""Grey values and power spectra of simulated films beside those of real ones.

Run with ``python benchmarks/film_statistics.py FOLDER``: FOLDER holds real two-hand films. ``--films`` simulated ones
(20) are drawn ``--width`` (1024) pixels wide from ``--seed``, and the real ones are fitted to the same size. Prints a
table: each real film's figure, and the median and range of the simulated ones.

Grey values count from 0, black, to 1, white. The spectrum is that of the film under a Hann window, in cycles a pixel,
averaged over directions; its slope is that of log power over log frequency, and a real radiograph's is near -3.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.cohorts.greys import white_of
from ra_bench.cohorts.images import read_film
from ra_bench.cohorts.store import fit_film
from ra_bench.cohorts.synthetic import render_film, simulate_readings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

PERCENTILES = (1, 25, 50, 75, 99)
#: Bands of the spectrum in cycles a pixel; 0.5 is the finest that pixels can show.
BANDS = ((0.01, 0.05), (0.05, 0.2), (0.2, 0.45))


def statistics(film: NDArray[np.uint8 | np.uint16]) -> dict[str, float]:
    """What is told of one film."""
    grey = film / white_of(film)
    found = {f"percentile {p} of the grey values": float(np.percentile(grey, p)) for p in PERCENTILES}
    found["share of black (below 0.02)"] = float((grey < 0.02).mean())
    found["share of white (above 0.98)"] = float((grey > 0.98).mean())
    frequency, power = radial_spectrum(grey)
    for low, high in BANDS:
        found[f"slope from {low:g} to {high:g} cycles a pixel"] = slope(frequency, power, low, high)
    return found


def radial_spectrum(grey: Floats) -> tuple[Floats, Floats]:
    """Frequency in cycles a pixel, and the power averaged over all directions at it."""
    height, width = grey.shape
    window = np.hanning(height)[:, None] * np.hanning(width)
    power = np.abs(np.fft.rfft2((grey - grey.mean()) * window)) ** 2
    radius = np.hypot(np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)).ravel()
    ring = np.rint(radius * width).astype(np.int64)
    count = np.maximum(np.bincount(ring), 1)
    return np.bincount(ring, radius) / count, np.bincount(ring, power.ravel()) / count


def slope(frequency: Floats, power: Floats, low: float, high: float) -> float:
    """Of log power over log frequency in a band, by least squares; a power law f^-3 has -3."""
    band = (frequency >= low) & (frequency < high)
    return float(np.polyfit(np.log(frequency[band]), np.log(power[band]), 1)[0])


def main() -> None:
    """Print the table as markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--films", type=int, default=20)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    damage = simulate_readings(given.films, seed=given.seed).damage
    simulated = [
        statistics(render_film(row, seed=given.seed * 100_000 + film, width=given.width))
        for film, row in enumerate(damage)
    ]
    real = [statistics(_fitted(file, given.width)) for file in sorted(given.folder.iterdir()) if file.suffix == ".png"]
    print(f"| | {' | '.join(f'real {number}' for number in range(1, len(real) + 1))} | simulated: median (range) |")
    print("|---|" + "---|" * (len(real) + 1))
    for name in real[0]:
        values = [film[name] for film in simulated]
        own = " | ".join(f"{film[name]:.2f}" for film in real)
        print(f"| {name} | {own} | {np.median(values):.2f} ({min(values):.2f} to {max(values):.2f}) |")


def _fitted(file: Path, width: int) -> NDArray[np.uint8 | np.uint16]:
    film = read_film(file)
    return fit_film(film, round(film.shape[0] * width / film.shape[1]), width)


if __name__ == "__main__":
    main()
