"""A transfer variant trains its body once, keeps it by content, and says what it was pretrained on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ra_bench.errors import CohortError
from ra_bench.runs.datasets import find_dataset, load_findings
from ra_bench.runs.pretraining import _drawn
from ra_bench.suite import plan, run

pytestmark = pytest.mark.slow  # whole runs in processes of their own


@pytest.fixture(scope="module")
def ran(tmp_path_factory, tiny_suite, tiny_protocol, new_observer):
    folder = tmp_path_factory.mktemp("transfer")
    suite, seen = tiny_suite(folder), new_observer()
    wanted = plan(suite, models=["tiny-net-transfer"], dataset="tiny", protocol=str(tiny_protocol))
    return folder, suite, wanted, seen, run(suite, wanted, observers=seen)


def weights(folder):
    return {file.name: file.stat().st_mtime_ns for file in folder.glob("data/pretrained/*.safetensors")}


def test_the_stages_are_told_one_after_the_other(ran):
    _, _, _, seen, _ = ran
    assert [report.stage for _, report in seen.epochs] == ["pretraining", "training"]


def test_the_board_says_what_a_model_was_pretrained_on_and_what_it_changes(ran):
    row = next(row for row in ran[4].board.rows if row.name == "tiny-net-transfer")
    assert row.pretrained_on == "tiny-findings"
    assert "Changes the protocol: optimiser.learning_rate = 0.02." in row.remark


def test_the_record_holds_the_protocol_with_the_overrides_of_the_model(ran, tiny_protocol):
    _, suite, *_ = ran
    (planned,) = plan(suite, models=["tiny-net-transfer"], dataset="tiny", protocol=str(tiny_protocol)).jobs
    assert planned.record is not None
    assert planned.record.protocol["optimiser"]["learning_rate"] == 0.02
    assert planned.record.job.pretraining_version == "one"


def test_kept_weights_are_used_again(ran, new_observer, tiny_protocol):
    folder, suite, *_ = ran
    before, seen = weights(folder), new_observer()
    again = plan(suite, models=["tiny-net-transfer"], dataset="tiny", protocol=str(tiny_protocol), afresh=True)
    run(suite, again, observers=seen)
    assert [report.stage for _, report in seen.epochs] == ["training"]
    assert weights(folder) == before
    assert len(before) == 1


def test_another_pretraining_protocol_trains_another_body(ran, new_observer, tiny_protocol):
    folder, suite, *_ = ran
    longer = folder / "longer.toml"
    text = tiny_protocol.read_text().replace('name = "tiny"', 'name = "longer"')
    longer.write_text(text.replace("[pretraining]\nepochs = 1", "[pretraining]\nepochs = 2"))
    wanted = plan(suite, models=["tiny-net-transfer"], dataset="tiny", protocol=str(longer))
    seen = new_observer()
    run(suite, wanted, observers=seen)
    assert [report.stage for _, report in seen.epochs] == ["pretraining", "pretraining", "training"]
    assert len(weights(folder)) == 2


def test_a_changed_pretraining_set_makes_the_record_stale(ran, monkeypatch, tiny_protocol):
    _, suite, *_ = ran
    monkeypatch.setenv("TINY_FINDINGS", "two")
    (planned,) = plan(suite, models=["tiny-net-transfer"], dataset="tiny", protocol=str(tiny_protocol)).jobs
    assert planned.record is None
    assert planned.reason == "runs: version of the pretraining set was one, is two"


def test_a_pretraining_set_that_changes_during_the_run_fails_the_job(ran, new_observer, tiny_protocol):
    _, suite, *_ = ran
    wanted = plan(suite, models=["tiny-net-transfer"], dataset="tiny", protocol=str(tiny_protocol), afresh=True)
    job = replace(wanted.jobs[0].job, pretraining_version="another", key="another")
    planned = replace(wanted.jobs[0], job=job)
    (failure,) = run(suite, replace(wanted, jobs=(planned,)), observers=new_observer()).failures
    assert failure.reason == (
        "The pretraining set 'tiny-findings' changed while the run was going on. Start the run again."
    )


def test_films_for_a_short_pretraining_are_drawn_by_seed_and_not_the_first_of_the_table():
    ids = tuple(f"film-{number:03d}" for number in range(100))
    drawn = _drawn(ids, 10, seed=0)
    assert len(set(drawn)) == 10
    assert set(drawn) <= set(ids)
    assert drawn == _drawn(ids[::-1], 10, seed=0)
    assert set(drawn) != set(_drawn(ids, 10, seed=1))
    assert set(drawn) != set(ids[:10])
    assert set(_drawn(ids, None, seed=0)) == set(ids)


def test_a_cohort_with_scores_has_no_findings(ran):
    _, suite, *_ = ran
    with pytest.raises(CohortError, match="'tiny' has no findings, so no body can be pretrained on it"):
        load_findings(find_dataset(suite.registry, "tiny"), suite.data)
