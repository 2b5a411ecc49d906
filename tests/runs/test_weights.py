"""Weights made elsewhere: who gets them, what is refused, and what the record and the board say of them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from torch import nn

from ra_bench.errors import WeightsError
from ra_bench.launchers.errand import do_errand, errand_of
from ra_bench.runs.plan import make_job, registered_model
from ra_bench.runs.records import job_data, read_record, record_json, standing_records
from ra_bench.runs.weights import check_weights, digest_of, find_weights, weights_text
from ra_bench.suite import about_weights, open_suite, plan, rebuild_boards, run
from ra_bench.suite.running import work_of
from ra_bench.training.weights import write_weights
from ra_bench.values import RunRecord

pytestmark = pytest.mark.slow  # whole runs in processes of their own

PLUGINS = [Path(__file__).parent.parent / "plugin_files" / name for name in ("tiny.py", "imagenet.py")]


def opened(folder):
    return open_suite(plugin_files=PLUGINS, runs=folder / "runs", boards=folder / "boards", data=folder / "data")


def written(file, **changes):
    """The weights of a tiny-net, with changes, as a stranger would save them."""
    torch.manual_seed(5)
    body = nn.Sequential(nn.Conv2d(3, 4, 3, stride=4), nn.BatchNorm2d(4), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
    state = nn.Sequential(body, nn.Flatten(), nn.Linear(4, 1)).state_dict() | changes
    torch.save({name: value for name, value in state.items() if value is not None}, file)
    return file


@pytest.fixture
def suite(tmp_path):
    return opened(tmp_path)


@pytest.fixture
def given(tmp_path):
    return lambda name="body.pt", **changes: written(tmp_path / name, **changes)


@pytest.fixture
def planned(suite, tiny_protocol):
    def make(*weights, models=("tiny-net",), **options):
        return plan(suite, models=models, dataset="tiny", protocol=str(tiny_protocol), weights=weights, **options)

    return make


@pytest.fixture(scope="module")
def ran(tmp_path_factory, tiny_protocol, new_observer):
    """A transfer variant by itself, then with one file of weights, then with another: suite, files, last outcome."""
    folder = tmp_path_factory.mktemp("weights")
    suite, seen = opened(folder), new_observer()
    files = [written(folder / "one.pt"), written(folder / "other.pt", **{"0.0.bias": torch.ones(4)})]
    for weights in ([], [str(files[0])], [f"tiny-net-transfer={files[1]}"]):
        wanted = plan(suite, models=["tiny-net-transfer"], dataset="tiny", protocol=str(tiny_protocol), weights=weights)
        outcome = run(suite, wanted, observers=seen)
    return suite, files, seen, outcome


def refused(suite, *texts, models=("tiny-net",)):
    with pytest.raises(WeightsError) as caught:
        find_weights(suite.registry, texts, models, suite.data)
    return str(caught.value)


def test_a_model_stands_on_the_board_beside_itself_with_weights(ran):
    _, (one, other), _, outcome = ran
    rows = {row.name: row for row in outcome.board.rows if row.kind == "model"}
    first, second = (f"tiny-net-transfer+{digest_of(file)[:8]}" for file in (one, other))
    assert rows.keys() == {"tiny-net-transfer", first, second}
    assert {row.seeds for row in rows.values()} == {(0,)}
    assert rows["tiny-net-transfer"].pretrained_on == "tiny-findings"
    assert rows[first].pretrained_on == "one.pt"
    assert f"Starts from one.pt (sha256 {digest_of(one)[:8]}): 7 of 7 tensors loaded." in rows[first].remark
    assert "The file does not say on what it was trained: it may have seen the test films." in rows[first].remark
    assert "Starts from" not in rows["tiny-net-transfer"].remark


def test_a_transfer_variant_that_gets_weights_is_not_pretrained(ran):
    _, _, seen, _ = ran
    assert [report.stage for _, report in seen.epochs] == ["pretraining", "training", "training", "training"]


def test_the_weights_are_loaded_and_the_record_keeps_what_fitted(ran):
    suite, (one, other), _, _ = ran
    records = {record.job.weights: record for record in standing_records(suite.runs)[0]}
    assert records.keys() == {None, digest_of(one), digest_of(other)}
    assert records[digest_of(one)].weights == check_weights(suite.registry.get("model", "tiny-net"), one)
    assert records[digest_of(one)].job.pretraining is None
    assert records[None].weights is None
    predicted = {records[key].predictions.predicted for key in records}
    assert len(predicted) == 3
    (log,) = suite.runs.glob(f"**/*+{digest_of(one)[:8]}/**/log.txt")
    assert "pretrained body: 7 of 7 tensors loaded" in log.read_text()


def test_the_board_is_made_anew_from_records_with_weights(ran):
    suite, _, _, outcome = ran
    before = (outcome.folder / "board.md").read_text()
    assert "+" in before
    list(rebuild_boards(suite))
    assert (outcome.folder / "board.md").read_text() == before


def test_a_model_with_weights_trains_on_two_devices(suite, given, planned, new_observer):
    outcome = run(suite, planned(f"tiny-net={given()}"), observers=new_observer(), devices=2)
    assert not outcome.failures
    ((record,), _) = standing_records(suite.runs)
    assert (record.devices, record.job.weights) == (2, digest_of(given()))


def test_a_machine_of_a_cluster_knows_the_model_of_a_job_with_weights(suite, given, planned):
    wanted = planned(f"tiny-net={given()}")
    record, _ = do_errand(errand_of(work_of(suite, wanted), "ray"), wanted.jobs[0].job, print)
    assert isinstance(record, RunRecord), record.reason
    assert record.weights is not None


def test_other_weights_are_another_job_and_the_same_are_not(given, planned, tmp_path):
    first = planned(f"tiny-net={given()}").jobs[0].job
    same = planned(f"tiny-net={shutil.copy(given(), tmp_path / 'renamed.pt')}").jobs[0].job
    other = planned(f"tiny-net={given('other.pt', **{'0.0.bias': torch.ones(4)})}").jobs[0].job
    assert first.key == same.key
    assert first.key != other.key
    assert registered_model(first) == registered_model(other) == "tiny-net"


def test_a_job_without_weights_says_nothing_of_them(planned):
    job = planned().jobs[0].job
    assert "weights" not in job_data(job)
    assert job.model == registered_model(job) == "tiny-net"


def test_the_key_of_a_job_without_weights_is_what_it_was(suite):
    """The key that the release before `--weights` gave this job."""
    facts = {"board": "b", "dataset": "d", "cohort": "c", "split": "s", "protocol": "p", "protocol_hash": "h"}
    job = make_job(suite.registry, "forty", seed=0, **facts)
    before = {
        "model": "forty", "seed": 0, "cohort": "c", "split": "s", "protocol_hash": "h", "plugin": job.plugin,
        "plugin_version": job.plugin_version, "plugin_source": job.plugin_source, "trainer": "no-torch",
        "trainer_source": job.trainer_source, "pretraining": None, "pretraining_version": None,
    }  # fmt: skip
    assert {name: value for name, value in job_data(job).items() if name in before} == before
    assert job_data(job).keys() - before.keys() == {"key", "board", "dataset", "protocol"}


def test_a_record_without_weights_is_written_as_before(suite, planned, new_observer):
    run(suite, planned(models=["forty"]), observers=new_observer())
    (folder,) = [file.parent for file in suite.runs.glob("**/record.json")]
    assert '"weights"' not in (folder / "record.json").read_text()
    assert record_json(read_record(folder)) == (folder / "record.json").read_text()


def test_a_file_that_changes_during_the_run_fails_the_job(suite, given, planned, new_observer):
    file = given()
    wanted = planned(f"tiny-net={file}")
    given(**{"0.0.bias": torch.ones(4)})
    (failure,) = run(suite, wanted, observers=new_observer()).failures
    assert failure.reason == "body.pt is gone or changed while the run was going on. Start the run again."


def test_what_did_not_load_is_said_and_kept(suite, given):
    file = given(**{"0.0.bias": None, "0.1.weight": torch.ones(9), "more": torch.ones(1)})
    found = check_weights(suite.registry.get("model", "tiny-net"), file)
    assert (found.loaded, found.wanted) == (5, 7)
    assert (found.missing, found.other_shape, found.unexpected) == (("0.0.bias",), ("0.1.weight",), ("more",))
    text = weights_text(found)
    assert "5 of 7 tensors loaded. Not in the file: 0.0.bias. Of another shape or kind: 0.1.weight. " in text
    assert "Not in the model: more." in text


def test_a_long_list_is_cut_in_a_sentence_and_not_in_the_record(suite, given):
    found = check_weights(
        suite.registry.get("model", "tiny-net"), given(**{f"more{number}": torch.ones(1) for number in range(9)})
    )
    assert "Not in the model: more0, more1, more2, more3 and 5 more." in weights_text(found)
    assert len(found.unexpected) == 9


def test_weights_of_another_network_are_refused(suite, tmp_path):
    torch.save({"conv.weight": torch.ones(2)}, tmp_path / "w.pt")
    message = refused(suite, f"tiny-net={tmp_path / 'w.pt'}")
    assert "w.pt: not one of its 1 tensors fits the model 'tiny-net'. It has conv.weight; the model has 0.0" in message
    assert message.endswith("They are weights of another network.")


def test_weights_that_fit_only_in_part_must_be_of_the_model_that_they_name(suite, tmp_path):
    state = suite.registry.get("model", "tiny-net").build().state_dict()
    whole = {name: value for name, value in state.items() if not name.startswith("2.")}
    part = {name: value for name, value in whole.items() if name != "0.0.bias"}
    write_weights(whole, {"model": "other", "dataset": "chests"}, tmp_path / "whole.safetensors")
    write_weights(part, {"model": "other"}, tmp_path / "part.safetensors")
    write_weights(part, {"model": "tiny-net"}, tmp_path / "own.safetensors")
    spec = suite.registry.get("model", "tiny-net")
    assert check_weights(spec, tmp_path / "whole.safetensors").trained_on == "chests"
    assert check_weights(spec, tmp_path / "own.safetensors").missing == ("0.0.bias",)
    message = refused(suite, f"tiny-net={tmp_path / 'part.safetensors'}")
    assert (
        "The file says that it was made with the model 'other'. 1 of 7 tensors of 'tiny-net' are not in it" in message
    )
    assert message.endswith("Give it to 'other', or make one with 'ra-bench pretrain tiny-net'.")


def test_a_model_that_is_not_of_the_run_gets_no_weights(suite, given):
    message = refused(suite, f"tiny-net={given()}", models=["forty", "fifty"])
    assert "'tiny-net' is not a model of this run, which has forty, fifty. Correct the name, or add it to" in message


def test_a_file_alone_needs_a_run_of_one_model(suite, given):
    file = given()
    assert find_weights(suite.registry, [str(file)], ["tiny-net"], suite.data).keys() == {"tiny-net"}
    message = refused(suite, str(file), models=["forty", "tiny-net"])
    assert f"the run has 2 models, forty, tiny-net. Say which one gets them: --weights MODEL={file}" in message


def test_a_path_may_have_an_equals_sign(suite, given, tmp_path):
    (tmp_path / "lr=1").mkdir()
    file = given().rename(tmp_path / "lr=1" / "w.pt")
    assert find_weights(suite.registry, [str(file)], ["tiny-net"], suite.data)["tiny-net"].file == file
    assert find_weights(suite.registry, [f"tiny-net={file}"], ["tiny-net"], suite.data)["tiny-net"].file == file


def test_a_model_gets_weights_once(suite, given):
    assert "'tiny-net' gets weights twice. Give them once" in refused(suite, f"tiny-net={given()}", str(given()))


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("no-head", "it names no head, the last layer, which is always learnt anew. Leave it out of --weights"),
        ("wrong-head", "its head 'fc' is no layer of what it builds, a Sequential. Correct ModelSpec.head"),
        ("no-network", "its head '2' is no layer of what it builds, a float. Correct ModelSpec.head"),
    ],
)
def test_a_model_without_a_body_and_a_head_takes_no_weights(suite, given, model, said):
    message = refused(suite, f"{model}={given()}", models=[model])
    assert message.startswith(f"The model '{model}' takes no weights: {said}")


def test_imagenet_weights_are_fetched_once_by_the_library_and_kept(suite, planned, monkeypatch):
    first = planned("near=imagenet", models=["near"])
    given = first.weights["near"].given
    assert (given.trained_on, given.loaded, given.wanted) == ("ImageNet", 7, 7)
    assert about_weights(first)[0].endswith("trained on ImageNet: 7 of 7 tensors loaded.")
    (file,) = suite.data.glob("pretrained/near-imagenet-*.safetensors")
    before = file.stat().st_mtime_ns
    again = planned("imagenet", models=["near"])
    assert again.jobs[0].job.key == first.jobs[0].job.key
    assert file.stat().st_mtime_ns == before


def test_imagenet_weights_without_a_network_say_what_to_fetch(suite):
    assert refused(suite, "far=imagenet", models=["far"]) == (
        "The ImageNet weights of 'far' could not be fetched (OSError: no route to the library).\n"
        "They are the library's: https://example.org/w.pt\n"
        "Without a network, fetch that file where there is one, bring it here and give it: --weights far=FILE"
    )
    assert not list(suite.data.glob("pretrained/*.safetensors"))


def test_a_model_without_imagenet_weights_says_which_have_them(suite, monkeypatch):
    message = refused(suite, "tiny-net=imagenet")
    assert message.startswith("There are no ImageNet weights for 'tiny-net'. Models that have them: ")
    assert "far" in message
    assert "near" in message
    assert message.endswith("Weights from elsewhere are given as a file: --weights tiny-net=FILE")
