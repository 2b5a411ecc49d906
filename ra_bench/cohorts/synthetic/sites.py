"""Where the scored sites of a simulated film lie, what damage is drawn there, and where the hands are.

None of it decides what a film shows, so this file is no part of the cohort's version.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ra_bench.cohorts.synthetic.film import gross_severity
from ra_bench.cohorts.synthetic.layout import build_scene
from ra_bench.cohorts.synthetic.readers import SITES
from ra_bench.cohorts.synthetic.soft_tissue import flesh_map, thickness
from ra_bench.values import DrawnFilm, DrawnSite

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ra_bench.cohorts.synthetic.layout import Scene
    from ra_bench.cohorts.synthetic.soft_tissue import Flesh

#: Radius of a site in mm of an average hand: what damage changes on a film lies within it, all but a twentieth.
RADIUS = 10.0
SIDES = ("left", "right")


def drawn_film(damage: NDArray[np.float64], *, seed: int, width: int) -> DrawnFilm:
    """What `render_film` of the same arguments draws, and where.

    Parameters
    ----------
    damage : array of shape (2, 31)
        True damage of the left and the right hand, in SvH units.
    seed : int
        The film's seed.
    width : int
        Of the film in pixels.

    Returns
    -------
    DrawnFilm
        62 sites, those of the left hand first; positions in pixels of the film.
    """
    scene = build_scene(damage, seed, gross_severity(damage, seed=seed))
    return drawn_in(scene, flesh_map(scene.flesh, scene.film, np.random.default_rng([seed, 8])), damage, width=width)


def drawn_in(scene: Scene, flesh: Flesh, damage: NDArray[np.float64], *, width: int) -> DrawnFilm:
    """What a scene shows at `width` pixels, and where."""
    height, scale = round(width * 3 / 4), width / scene.film[0]  # scale: pixels a mm
    sites = tuple(
        DrawnSite(
            name=f"{side} {site.name} ({site.kind})",
            x=float(joint[0]) * scale,
            y=float(joint[1]) * scale,
            radius=RADIUS * scale,
            damage=float(there),
        )
        for side, hand, damaged in zip(SIDES, scene.hands, damage, strict=True)
        for site, joint, there in zip(SITES, hand.joints, damaged, strict=True)
    )
    return DrawnFilm(sites=sites, hands=thickness(flesh, height, width) > 0)
