"""Every promise of a model's spec, a dataset, a renderer and a protocol, broken by one that breaks just this."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from html import escape

import numpy as np
import pytest

from ra_bench import DatasetSpec, FindingSample, FindingSet, ModelSpec, ProtocolSpec, RendererSpec
from ra_bench.builtin import register_protocols, register_renderers
from ra_bench.errors import RaBenchError
from ra_bench.plugins import load_plugins
from ra_bench.testing import of_datasets, of_models, of_protocols, of_renderers
from ra_bench.testing.tiny import TINY_NET, tiny_cohort

COUNTER = itertools.count()


@pytest.fixture(scope="module")
def registry():
    return load_plugins(("ra_bench.builtin",))


def model(**facts):
    return ModelSpec(**{"name": "net", "build": TINY_NET.build, "citation": "-", **facts})


@pytest.mark.parametrize(
    ("name", "facts", "said"),
    [
        ("spec", {"name": "my net"}, "The model name 'my net' cannot stand in a command or name a folder"),
        ("spec", {"name": "one,two"}, "cannot stand in a command"),
        (
            "spec",
            {"citation": " "},
            "The model 'net' has no citation. Say in its ModelSpec whose work it is: citation=\"",
        ),
        (
            "spec",
            {"trainer": "standart"},
            "names a trainer that is not there. No trainer named 'standart'. Did you mean",
        ),
        (
            "spec",
            {"overrides": {"optimiser.rate": 1}},
            "the overrides of protocol 'tiny': there is no key 'optimiser.rate'.",
        ),
        ("pretraining", {"pretraining": "chests"}, "pretrained on what is not there. No dataset named 'chests'"),
        (
            "pretraining",
            {"pretraining": "synthetic-hands"},
            "which has scores and no findings. Name a dataset with task=",
        ),
        (
            "trains",
            {"build": dict},
            "`build` of the model 'net' gives a dict; the trainer 'standard' trains torch.nn.Mod",
        ),
        ("trains", {"build": dict, "trainer": "closed-form"}, "The trainer 'closed-form' needs `fit` and `predict`"),
    ],
)
def test_a_model_that_breaks_one_promise_is_told_what_and_how_to_mend_it(registry, name, facts, said):
    with pytest.raises(RaBenchError, match=re.escape(said)):
        getattr(of_models, name)(model(**facts), registry)


@pytest.mark.parametrize("promise", [*of_models.MODEL, *of_models.TRAINING], ids=lambda promise: promise.__name__)
def test_a_small_network_is_a_model_that_keeps(promise, registry):
    promise(TINY_NET, registry)


def test_a_model_that_brings_weights_is_asked_what_they_saw(registry):
    said = of_models.pretraining(model(overrides={"initialisation": "model"}), registry)
    assert said == 'initialisation="model": say in the citation what its weights were trained on'


def dataset(load=tiny_cohort, **facts):
    told = {"name": "tiny", "load": lambda data: load(), "obtain": "-", "citation": "-", "licence": "-"}
    return DatasetSpec(**{**told, **facts})


def changed(**facts):
    """A cohort whose second film is otherwise."""
    cohort = tiny_cohort()
    first, second, *rest = cohort.samples
    return replace(cohort, samples=(first, replace(second, **facts), *rest))


def film(pixels):
    return dataset(lambda: changed(film=lambda: pixels() if callable(pixels) else pixels))


def findings(*values, names=("effusion",)):
    samples = tuple(
        FindingSample(sample_id=f"film{place}", patient_id="p", film=tiny_cohort().samples[0].film, findings=each)
        for place, each in enumerate(values)
    )
    return FindingSet(name="tiny", version="1", findings=names, samples=samples, citation="-", licence="-")


def noise():
    return np.random.default_rng(next(COUNTER)).integers(0, 255, (9, 9), dtype=np.uint8)


DATASETS = [
    ("spec", dataset(licence=""), "has no licence. Say in its DatasetSpec what may be done with them."),
    ("spec", dataset(obtain=""), "has no obtain. Say in its DatasetSpec how a person gets the data."),
    ("task", dataset(task="findings"), "of the task 'findings' loads a Cohort where a FindingSet is wanted"),
    ("task", dataset(name="other"), "loads a cohort of the name 'tiny'. Give both the same"),
    ("task", dataset(lambda: replace(tiny_cohort(), samples=())), "loads no films"),
    ("loads_again", dataset(lambda: replace(tiny_cohort(), version=str(next(COUNTER)))), "and, loaded again, "),
    (
        "loads_again",
        dataset(lambda: changed(patient_id=f"p{next(COUNTER)}")),
        "tells otherwise of film 'film1' when it",
    ),
    ("loads_again", dataset(lambda: tiny_cohort(8 + 2 * (next(COUNTER) % 2))), "films and, loaded again, "),
    ("people", dataset(lambda: changed(sample_id="film0")), "has several films with the id 'film0'"),
    ("people", dataset(lambda: changed(patient_id="")), "names no patient for film 'film1'"),
    ("said_of_films", dataset(lambda: changed(readings={})), "film 'film1' has no reading. Leave such films out"),
    (
        "said_of_films",
        dataset(lambda: changed(readings={"first": 281.0})),
        "has the reading 281 by 'first', and the scale",
    ),
    ("said_of_films", dataset(lambda: findings((1.0, 0.0))), "film 'film0' has 2 values for 1 findings"),
    ("said_of_films", dataset(lambda: findings((0.5,))), "has the finding 0.5. Use 1 present"),
    (
        "pixels",
        film(np.zeros((9, 9, 3), np.uint8)),
        "decodes to uint8 of shape (9, 9, 3). Give an array (height, width)",
    ),
    ("pixels", film(np.eye(9)), "decodes to float64 of shape (9, 9)"),
    ("pixels", film([[1]]), "decodes to a list"),
    ("pixels", film(np.full((9, 9), 7, np.uint8)), "shows nothing: its 81 pixels are all alike"),
    ("pixels", film(noise), "decodes to other pixels the second time"),
]


@pytest.mark.parametrize(
    ("name", "broken", "said"), DATASETS, ids=[f"{name}-{said[:20]}" for name, _, said in DATASETS]
)
def test_a_dataset_that_breaks_one_promise_is_told_what_and_how_to_mend_it(name, broken, said, tmp_path, monkeypatch):
    monkeypatch.setattr(of_datasets, "_LOOKED_AT", 99)
    with pytest.raises(RaBenchError, match=re.escape(said)):
        getattr(of_datasets, name)(broken, tmp_path)


@pytest.mark.parametrize("promise", of_datasets.DATASET, ids=lambda promise: promise.__name__)
def test_a_tiny_cohort_keeps(promise, tmp_path):
    promise(dataset(), tmp_path)


@pytest.mark.parametrize("promise", of_datasets.DATASET, ids=lambda promise: promise.__name__)
def test_a_set_of_findings_keeps(promise, tmp_path):
    promise(dataset(lambda: findings((1.0,), (None,), (-1.0,)), task="findings"), tmp_path)


def test_every_promise_of_a_dataset_and_a_renderer_is_broken_by_something_here():
    assert {name for name, _, _ in DATASETS} == {promise.__name__ for promise in of_datasets.DATASET}
    assert {name for name, _, _ in RENDERERS} == {promise.__name__ for promise in of_renderers.RENDERER}


def renderer(render, **facts):
    return RendererSpec(**{"name": "mine", "suffix": ".html", "render": render, **facts})


def names(board):
    return "".join(f"<p>{row.name}</p>" for row in board.rows)


RENDERERS = [
    ("spec", renderer(names, suffix="html"), "has the suffix 'html'. Let it begin with a point"),
    ("spec", renderer(names, stem="../board"), "The file name '../board' cannot stand in a command"),
    ("text", renderer(lambda board: names(board).encode()), "gives a bytes for a board. Return a str"),
    ("text", renderer(lambda board: ""), "gives nothing for a board with rows"),
    (
        "same_bytes",
        renderer(lambda board: f"{next(COUNTER):03}"),
        "gives other text for the same board, from character 2",
    ),
    ("hostile_text", renderer(names), "copies a name of a guest with its markup: '<p><script>alert(1)</script>"),
    ("hostile_text", renderer(lambda b: f'{{"name": "{b.rows[0].name}"}}', suffix=".json"), "Write it with json.dumps"),
]


@pytest.mark.parametrize(
    ("name", "broken", "said"), RENDERERS, ids=[f"{name}-{said[:20]}" for name, _, said in RENDERERS]
)
def test_a_renderer_that_breaks_one_promise_is_told_what_and_how_to_mend_it(name, broken, said):
    with pytest.raises(RaBenchError, match=re.escape(said)):
        getattr(of_renderers, name)(broken)


def test_a_renderer_that_changes_its_board_is_found_out():
    def render(board):
        board.rows[0].metrics.clear()
        return board.name

    with pytest.raises(RaBenchError, match="changes the board that it is given"):
        of_renderers.same_bytes(renderer(render))


@pytest.mark.parametrize("promise", of_renderers.RENDERER, ids=lambda promise: promise.__name__)
@pytest.mark.parametrize(
    "spec", [*register_renderers(), renderer(lambda board: escape(names(board)))], ids=lambda s: s.name
)
def test_the_suites_own_renderers_keep(spec, promise):
    if not (spec.name == "mine" and promise is of_renderers.text):  # it gives nothing for a board without rows
        promise(spec)


@pytest.mark.parametrize("spec", register_protocols(), ids=lambda spec: spec.name)
def test_the_suites_own_protocols_keep_their_promise(spec):
    of_protocols.file(spec)


def test_a_protocol_under_another_name_is_told(tmp_path):
    (tmp_path / "mine.toml").write_text(register_protocols()[0].file.read_text())
    with pytest.raises(
        RaBenchError, match=r"The protocol 'mine' has name = \"smoke\" in mine\.toml\. Give both the same"
    ):
        of_protocols.file(ProtocolSpec(name="mine", file=tmp_path / "mine.toml"))
