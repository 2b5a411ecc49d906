"""A plugin in one file for the tests: films that are dark but for one square, whose place is known, and two models.

The network answers with how bright a film is, and so slowly does it learn that it still does after its training. One of
the models says itself where it looks; both fail where the environment says so.
"""

from __future__ import annotations

import os
from functools import partial
from typing import Any

import numpy as np

from ra_bench import SVH_HANDS, Cohort, DatasetSpec, DrawnFilm, DrawnSite, ModelSpec, Sample, hookimpl

FILMS, HEIGHT, WIDTH = 20, 32, 48
#: Middles of two sites, x and y; the even films have their square at the first, the odd ones at the second.
SITES = ((8.0, 8.0), (36.0, 20.0))
RADIUS, BACKGROUND, BRIGHT = 6.0, 20, 250


@hookimpl
def register_datasets() -> list[DatasetSpec]:
    return [
        DatasetSpec(
            name="bright", load=partial(load, private=False), obtain="Made up.", citation="-", licence="CC0-1.0"
        ),
        DatasetSpec(
            name="unseen", load=partial(load, private=True), obtain="Made up.", citation="-", licence="CC0-1.0"
        ),
    ]


def load(data: Any, *, private: bool) -> Cohort:
    """Twenty films; of the private ones nobody knows where the damage is."""
    samples = tuple(
        Sample(
            sample_id=f"film/{number:02d}",
            patient_id=f"patient{number:02d}",
            visit="",
            film=partial(draw, number),
            readings={"first": 10.0 * number, "second": 10.0 * number},
            drawn=None if private else partial(what_is_drawn, number),
        )
        for number in range(FILMS)
    )
    return Cohort(
        name="unseen" if private else "bright",
        version="one",
        scale=SVH_HANDS,
        samples=samples,
        citation="-",
        licence="CC0-1.0",
        simulated=not private,
        private=private,
    )


def draw(number: int) -> Any:
    film = np.full((HEIGHT, WIDTH), BACKGROUND, np.uint8)
    x, y = map(int, SITES[number % 2])
    film[y - 4 : y + 4, x - 4 : x + 4] = BRIGHT - number
    return film


def what_is_drawn(number: int) -> DrawnFilm:
    sites = tuple(
        DrawnSite(name=str(place), x=x, y=y, radius=RADIUS, damage=3.0 if place == number % 2 else 0.2)
        for place, (x, y) in enumerate(SITES)
    )
    return DrawnFilm(sites=sites, hands=np.ones((HEIGHT, WIDTH), np.bool_))


def fail_at(what: str) -> None:
    if os.environ.get("BRIGHT_FAILS") == what:
        raise KeyError(f"weights of {what}")


def build() -> Any:
    import torch
    from torch import nn

    class Checked(nn.ReLU):
        def forward(self, films: Any) -> Any:
            fail_at("forward")
            return super().forward(films)

    fail_at("build")
    cells = nn.Conv2d(3, 1, kernel_size=4, stride=4, bias=False)
    head = nn.Linear(1, 1)
    with torch.no_grad():
        cells.weight.fill_(1 / 48)
        head.weight.fill_(1.0)
        head.bias.zero_()
    return nn.Sequential(cells, Checked(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(), head)


def attention(model: Any, films: Any) -> Any:
    """How bright each cell is, of those that are brighter than the mean."""
    fail_at("attention")
    return model[1](model[0](films))[:, 0]


@hookimpl
def register_models() -> list[ModelSpec]:
    slow = {"initialisation": "model", "optimiser.learning_rate": 1e-9}
    return [
        ModelSpec(name="bright-net", build=build, citation="-", overrides=slow),
        ModelSpec(name="bright-own", build=build, citation="-", overrides=slow, attention=attention),
    ]
