"""The HTML page as text: what is in it, what is not, and that it is the same again. In a browser: test_html_browser."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from ra_bench.boards.board import build_board
from ra_bench.boards.leaderboard import rebuild, save_board
from ra_bench.boards.render.html import render
from ra_bench.boards.render.html_figures import MOST as MOST_OF_CHARTS
from ra_bench.specs import RendererSpec
from ra_bench.values import Board, BoardFiles, BoardRow, Column, MetricValue

HTML = RendererSpec(name="html", suffix=".html", render=render, stem="index", takes_files=True)
PUBLISHED = Path(__file__).parents[2] / "leaderboards" / "wang2022" / "published.toml"
NASTY = "<script>alert('a')</script>|\"b\"\n\u202eend & {{ 7*7 }}"
SEEN = "<script>alert('a')</script>|\"b\" (U+202E)end & {{ 7*7 }}"
#: The 3 MB that a page may have without thumbnails.
MOST = 3_000_000


class Page(HTMLParser):
    """Links, ids and tags of a page."""

    def __init__(self, text):
        super().__init__()
        self.links, self.ids, self.tags = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append(tag)
        self.links += [given["href"]] if tag == "a" else []
        self.ids += [given["id"]] if "id" in given else []


def built(made, records, **given):
    return build_board("made-up", records=records, metrics=made.metrics, baselines=("mean", "statistics"), **given)


@pytest.fixture(scope="module")
def records(made):
    return made.board_records()


@pytest.fixture(scope="module")
def board(made, records):
    return built(made, records, failures=[made.failure("resnet50", "The loss became nan in epoch 3.")])


@pytest.fixture(scope="module")
def page(board, records):
    return render(board, BoardFiles(records=tuple(records)))


def test_the_order_of_the_records_changes_no_byte(board, records, page):
    assert render(board, BoardFiles(records=tuple(reversed(records)))) == page


def test_rebuilding_changes_no_byte_of_the_page(made, board, records, tmp_path):
    save_board(board, records, tmp_path, (HTML,))
    before = (tmp_path / "index.html").read_bytes()
    rebuild(tmp_path, made.metrics, (HTML,))
    assert (tmp_path / "index.html").read_bytes() == before


def test_every_link_leads_to_a_file_beside_the_page_or_into_it(made, records, tmp_path):
    (tmp_path / "published.toml").write_bytes(PUBLISHED.read_bytes())
    more = [*records, made.record("best", made.predictions(9, 33), seed=1)]
    save_board(built(made, more), more, tmp_path, (HTML,))
    found = Page((tmp_path / "index.html").read_text())
    assert {"published.toml", "#runs-1", "records/best-seed1/record.json"} <= set(found.links)
    assert [link for link in found.links if link[0] == "#" and link[1:] not in found.ids] == []
    assert [link for link in found.links if link[0] != "#" and not (tmp_path / link).is_file()] == []


def test_figures_beside_the_page_are_linked_by_what_they_show(board, records):
    drawn = replace(board, figures=(("ranks", "Ranks & intervals"), ("a b", "Another")))
    text = render(drawn, BoardFiles(records=tuple(records)))
    assert {"figures/ranks.svg", "figures/a%20b.svg"} <= set(Page(text).links)
    assert "Ranks &amp; intervals" in text


def test_no_text_in_a_figure_ends_its_script(board, records):
    drawn = replace(board, figures=(("ranks", "Ranks"),))
    text = render(drawn, BoardFiles(charts={"ranks": json.dumps({"title": NASTY})}))
    held = re.findall(r'class="chart-of" data-chart="chart-ranks">(.*?)</script>', text)
    assert [json.loads(one) for one in held] == [{"title": NASTY}]
    assert Page(text).tags.count("script") == 3  # the specification, Vega and ours


def test_a_page_without_figures_brings_no_library_along(page):
    assert "vega" not in page.split("<script>")[0]
    assert len(page.encode()) < 100_000


def test_ids_are_used_once(page):
    ids = Page(page).ids
    assert len(ids) == len(set(ids))


def test_a_measured_number_leads_to_its_predictions_and_a_cost_to_its_record(page):
    row = re.search(r"<tr><th scope=\"row\"[^>]*><a href=\"([^\"]+)\"><bdi>best</bdi>.*?</tr>", page, re.DOTALL)
    assert row is not None
    assert row.group(1) == "records/best-seed0/record.json"
    cells = re.findall(r"<td[^>]*>(.*?)</td>", row.group())
    links = [re.search(r'href="records/best-seed0/([^"]+)"', cell) for cell in cells if cell]
    names = [link.group(1) for link in links if link]
    assert len(names) == len(links)
    assert sorted(set(names)) == ["predictions.csv", "record.json"]


def test_names_with_markup_are_read_as_they_were_written(made):
    def renamed(record):
        given = record.predictions
        readings = dict(zip((NASTY, "second"), given.readings.values(), strict=True))
        return replace(record, predictions=replace(given, readings=readings, ids=(NASTY, *given.ids[1:])))

    records = [renamed(record) for record in made.board_records()]
    board = replace(
        built(made, records, failures=[made.failure(NASTY, NASTY)], facts=((NASTY, NASTY),)),
        title=NASTY,
        remarks=(NASTY,),
    )
    text = render(board, BoardFiles(records=tuple(records)))
    assert Page(text).tags.count("script") == 2
    assert "alert('a')" not in text
    assert "\u202e" not in text
    assert unescape(text).count(SEEN) >= 8


def test_a_private_board_shows_nothing_film_by_film_even_where_it_is_given_records(board, records):
    private = replace(board, private=True)
    text = render(private, BoardFiles(records=tuple(records), thumbnails={"film000": b"a"}))
    assert "<strong>Private cohort.</strong>" in text
    assert [name for name in ("film0", "records/", "<svg", "data:image", "patient0") if name in text] == []


def test_a_renderer_of_a_private_board_is_given_no_records(made, records, tmp_path):
    given = []
    spy = RendererSpec(
        name="spy", suffix=".txt", takes_files=True, render=lambda board, files: given.append(files) or ""
    )
    save_board(built(made, records, private=True), records, tmp_path, (spy,))
    rebuild(tmp_path, made.metrics, (spy,))
    assert given == [BoardFiles(), BoardFiles()]


def test_a_renderer_is_given_patients_by_number_only(made, records, tmp_path):
    given = []
    spy = RendererSpec(
        name="spy", suffix=".txt", takes_files=True, render=lambda board, files: given.append(files) or ""
    )
    save_board(built(made, records), records, tmp_path, (spy,))
    rebuild(tmp_path, made.metrics, (spy,))
    assert [files.records[0].predictions.patients[0] for files in given] == ["p0001", "p0001"]


def test_simulated_data_are_called_simulated_before_anything_else(made, records):
    text = render(built(made, records, simulated=True), BoardFiles(records=tuple(records)))
    first = text.split("<main>")[1].strip().splitlines()[:2]
    assert first[0] == "<h1>made-up, simulated cohort</h1>"
    assert "<strong>Simulated films, simulated readers.</strong> Nothing here says how well" in first[1]


def test_the_worst_films_are_those_on_which_any_ranked_model_is_farthest_off(board, records, page):
    ranked = [record for record in records if record.job.model not in {"mean", "statistics"}]
    reference = np.mean(list(records[0].predictions.readings.values()), axis=0)
    errors = np.abs([np.array(record.predictions.predicted) - reference for record in ranked]).max(axis=0)
    expected = [records[0].predictions.ids[place] for place in np.argsort(-errors)[:12]]
    section = page.split('id="worst-heading"')[1].split("</section>")[0]
    assert re.findall(r'<th scope="row"><bdi>(film\d+)</bdi>', section) == expected
    assert f"{errors.max():.1f}" in section


def test_a_thumbnail_stands_beside_its_film_only(board, records):
    plain = render(board, BoardFiles(records=tuple(records)))
    film = re.findall(r'<th scope="row"><bdi>(film\d+)</bdi>', plain)[0]
    text = render(board, BoardFiles(records=tuple(records), thumbnails={film: b"\xff\xd8jpeg", "no-such": b"b"}))
    assert "data:image" not in plain
    assert re.findall(r'<img src="([^"]+)" alt="([^"]+)">', text) == [
        ("data:image/jpeg;base64,/9hqcGVn", f"Thumbnail of film {film}")
    ]


def test_a_board_without_records_has_its_table_only(board):
    found = Page(render(board, BoardFiles()))
    assert "svg" not in found.tags
    assert found.links == []


def test_what_a_paper_prints_is_not_rounded_again(made, records, tmp_path):
    (tmp_path / "published.toml").write_bytes(PUBLISHED.read_bytes())
    save_board(built(made, records), records, tmp_path, (HTML,))
    text = (tmp_path / "index.html").read_text()
    published = text.split('<tbody class="published">')[1].split("</tbody>")[0]
    assert ">28.95</td>" in published
    assert published.count('<span class="mark">published</span>') == 8
    assert "28.95" not in text.split('<tbody class="published">')[0]


def big_board(models):
    """A board as large as one may be, without measuring it."""
    rows = tuple(
        BoardRow(kind="model", name=f"model-{place}", rank=place + 1, metrics={"rmse": MetricValue(value=10.0 + place)})
        for place in range(models)
    )
    columns = (Column(metric="rmse", label="RMSE", unit="", best="low", digits=1),)
    return Board(name="big", title="big", columns=columns, rows=rows)


def largest_chart(size):
    """A specification of so many characters."""
    return json.dumps({"name": "x" * (size - len('{"name": ""}'))})


@pytest.mark.parametrize(("models", "films"), [(1, 60_000), (40, 6_000)])
def test_a_page_stays_below_three_megabytes_and_says_what_it_leaves_out(made, models, films):
    given = [made.predictions(10, place, films) for place in range(models)]
    records = tuple(made.record(f"model-{place}", own) for place, own in enumerate(given))
    board = replace(big_board(models), figures=(("ranks", "Ranks"), ("cost", "Cost"), ("films", "Films")))
    charts = {"ranks": largest_chart(MOST_OF_CHARTS - 20), "cost": largest_chart(21), "films": largest_chart(20)}
    text = render(board, BoardFiles(records=records, charts=charts))
    assert len(text.encode()) < MOST
    assert re.findall(r'class="chart-of" data-chart="([^"]+)"', text) == ["chart-ranks", "chart-films"]
    assert text.count("not drawn here, for want of room") == 1
    drawn, left_out = re.findall(r"([\d,]+) films, evenly chosen by id; ([\d,]+) more are not drawn", text)[0]
    assert int(drawn.replace(",", "")) + int(left_out.replace(",", "")) == films


def test_a_page_of_one_film_without_an_answer_can_be_drawn(made):
    given = made.predictions(10, 1, 1)
    record = made.record("model-0", replace(given, predicted=(float("nan"),)))
    text = render(big_board(1), BoardFiles(records=(record,)))
    assert '"predicted":[null]' in text
    assert "worst-heading" not in text


def test_a_prediction_far_outside_is_drawn_at_the_edge(made):
    given = made.predictions(10, 1)
    record = made.record("model-0", replace(given, predicted=(1e9, *given.predicted[1:])))
    text = render(big_board(1), BoardFiles(records=(record,)))
    path = re.search(r'id="dots" class="dots" d="M[\d.]+ ([\d.]+)h0', text)
    assert path is not None
    assert float(path.group(1)) == 10.0
