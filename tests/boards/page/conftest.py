"""A board's page opened in a real browser, in which nothing may be fetched and nothing complained of."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from ra_bench.boards.board import build_board
from ra_bench.boards.leaderboard import save_board
from ra_bench.boards.render import markdown
from ra_bench.boards.render.html import render
from ra_bench.specs import RendererSpec

CHROMIUM = shutil.which("chromium")
HTML = RendererSpec(name="html", suffix=".html", render=render, stem="index", takes_files=True)
MARKDOWN = RendererSpec(name="markdown", suffix=".md", render=markdown.render)
PUBLISHED = Path(__file__).parents[3] / "leaderboards" / "wang2022" / "published.toml"
HARM = "<img src=x onerror=alert(1)><script>alert(2)</script>"
SWITCHES = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@pytest.fixture(scope="package")
def browser():
    # For these tests and no longer: its event loop stands in the way of tests that start one of their own.
    if CHROMIUM is None:
        pytest.skip("there is no chromium: apt-get install chromium")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as made:
        started = made.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield started
        started.close()


@pytest.fixture
def opened(browser):
    """Open a page file as a person does."""
    contexts, said, asked = [], [], []

    def call(file, **wishes):
        context = browser.new_context(**{"viewport": {"width": 1280, "height": 900}, **wishes})
        contexts.append(context)
        context.on("request", lambda request: asked.append(request.url))
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.goto(file.as_uri())
        return page

    yield call
    for context in contexts:
        context.close()
    assert said == []
    assert [url for url in asked if not (url.startswith("file://") and url.endswith(".html"))] == []


@dataclass(frozen=True, kw_only=True)
class Written:
    """A board's folder, and the records that it was made of."""

    folder: Path
    records: list

    @property
    def file(self):
        return self.folder / "index.html"

    @property
    def reference(self):
        return np.mean(list(self.records[0].predictions.readings.values()), axis=0)

    def predicted(self, model):
        """Mean over the seeds of a model."""
        own = [record.predictions.predicted for record in self.records if record.job.model == model]
        return np.mean(own, axis=0)


@pytest.fixture(scope="package")
def written(made, tmp_path_factory):
    """A board with every kind of row, a model of two seeds, and names that would do harm."""
    target = tmp_path_factory.mktemp("board")
    (target / "published.toml").write_bytes(PUBLISHED.read_bytes())
    records = [*made.board_records(), made.record("best", made.predictions(9, 33), seed=1)]
    board = build_board(
        "made-up",
        records=records,
        metrics=made.metrics,
        baselines=("mean", "statistics"),
        failures=[made.failure(HARM, HARM)],
        facts=((HARM, HARM),),
    )
    save_board(replace(board, title=HARM), records, target, (HTML, MARKDOWN))
    return Written(folder=target, records=records)
