"""The film of a later visit: the same hands with the damage of that day, laid down anew and exposed anew.

The film of a first visit is that of `render_film`. What is put together here is what that function puts together; its
file must stay as it is, to the letter, since it decides the version of `synthetic-hands`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from ra_bench.cohorts.synthetic.anatomy import build_hand
from ra_bench.cohorts.synthetic.exposure import develop, draw_exposure
from ra_bench.cohorts.synthetic.film import FINE_WIDTH, _absorbed, _average, gross_severity
from ra_bench.cohorts.synthetic.layout import Scene, _extent, _fit
from ra_bench.cohorts.synthetic.markers import add_marker, draw_markers
from ra_bench.cohorts.synthetic.pose import DIGITS, Pose, draw_person, draw_pose
from ra_bench.cohorts.synthetic.skeleton import Placement, skeleton
from ra_bench.cohorts.synthetic.soft_tissue import capsules, flesh_map, place

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ra_bench.cohorts.synthetic.soft_tissue import Flesh

SIDES = (1, -1)


def render_later_film(damage: NDArray[np.float64], *, seed: int, visit_seed: int, width: int) -> NDArray[np.uint8]:
    """Render the film of a later visit.

    Parameters
    ----------
    damage : array of shape (2, 31)
        True damage on that day, in SvH units.
    seed : int
        That of the first film: person, shape of the hands, where damage sits and what it looks like.
    visit_seed : int
        What is new: how the hands lie, film, exposure, noise and markers.
    width : int
        Of the film in pixels, at least 32.

    Returns
    -------
    uint8 array of shape (round(width * 3 / 4), width)
        Grey values, as `render_film` gives them.
    """
    scene = later_scene(damage, seed=seed, visit_seed=visit_seed)
    flesh = later_flesh(scene, visit_seed)
    height, factor = round(width * 3 / 4), max(1 if width > FINE_WIDTH else 2, -(-FINE_WIDTH // width))
    absorbed = _absorbed(scene, flesh, height * factor, width * factor, np.random.default_rng([seed, 4]))
    for marker in draw_markers(np.random.default_rng([visit_seed, 5]), flesh, scene.film):
        add_marker(absorbed, scene.film[0] / (width * factor), marker)
    light = np.exp(-absorbed)
    if factor > 1:
        light = _average(light, factor)
    exposure = draw_exposure(np.random.default_rng([visit_seed, 3]))
    return develop(light, scene, flesh, exposure, np.random.default_rng([visit_seed, 6]))


def later_scene(damage: NDArray[np.float64], *, seed: int, visit_seed: int) -> Scene:
    """The hands of the first film of `seed` with this damage, on another film and laid down otherwise."""
    first, new = np.random.default_rng([seed, 1]), np.random.default_rng([visit_seed, 1])
    person = draw_person(first, gross_severity(damage, seed=seed))
    poses = [laid_down_again(draw_pose(first, person), new) for _ in SIDES]
    soft = [capsules(skeleton(person, pose), person, pose) for pose in poses]
    boxes = [
        _extent(place(flesh, Placement(origin=(0.0, 0.0), turn=pose.turn, side=side)))
        for pose, side, flesh in zip(poses, SIDES, soft, strict=True)
    ]
    film, origins = _fit(new, boxes)
    placements = [
        Placement(origin=origin, turn=pose.turn, side=side)
        for origin, pose, side in zip(origins, poses, SIDES, strict=True)
    ]
    hands = [
        build_hand(own, person, pose, placement, np.random.default_rng([seed, 2, number]))
        for number, (own, pose, placement) in enumerate(zip(damage, poses, placements, strict=True))
    ]
    left, right = (place(flesh, placement) for flesh, placement in zip(soft, placements, strict=True))
    return Scene(film=film, person=person, hands=(hands[0], hands[1]), flesh=(left, right))


def later_flesh(scene: Scene, visit_seed: int) -> Flesh:
    """Soft tissue of the scene."""
    return flesh_map(scene.flesh, scene.film, np.random.default_rng([visit_seed, 8]))


def laid_down_again(pose: Pose, rng: np.random.Generator) -> Pose:
    """Another day's pose of a hand. Its shape, drift, slips and thin bone are its own, and stay."""
    spread = rng.normal(0, 0.35) * np.array([5.0, 4.5, 0.8, -3.0, -7.0])  # the fingers open or close together
    return replace(
        pose,
        turn=float(np.clip(rng.normal(0, 8.0), -18.0, 18.0)),
        forearm=float(rng.normal(0, 5.0)),
        metacarpals=pose.metacarpals + 0.3 * spread + rng.normal(0, 0.6, DIGITS),
        fingers=pose.fingers + spread + rng.normal(0, 1.2, DIGITS),
        foreshortening=1 - np.abs(rng.normal(0, 0.02, pose.foreshortening.shape)),
        carpals=pose.carpals + 0.4 * rng.normal(0, 1, pose.carpals.shape),
    )
