"""`ra-bench run` with what cannot be run: one clear message, the right exit code, and nothing written."""

from __future__ import annotations

import pytest

#: What two machines need that are never started.
MEETING = ["--nodes", "2", "--rdzv-endpoint", "node1"]


@pytest.fixture
def refused(cli, tmp_path, tiny_file, tiny_protocol):
    """Exit code and message of a run that must not start; {TINY} is the tiny protocol."""

    def call(*arguments):
        before = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*") if file.is_file()}
        said = cli(
            "run", "-q", "-p", tiny_file, *(str(tiny_protocol) if word == "TINY" else word for word in arguments)
        )
        after = {file: file.stat().st_mtime_ns for file in tmp_path.rglob("*") if file.is_file()}
        assert after == before
        assert said.out == ""
        assert "Traceback" not in said.err
        return said.code, said.err.removeprefix("Looking up the cohort and what stands already\n")

    return call


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--models", "resnet5"], "Error: No model named 'resnet5'. Did you mean 'resnet50'? Known: "),
        (["--dataset", "tinny"], "Error: No dataset named 'tinny'. Did you mean 'tiny'? Known: "),
        (["--dataset", "tiny", "--protocol", "smok"], "Error: No protocol named 'smok'. Did you mean 'smoke'? Known: "),
        (["--dataset", "none.toml"], "Error: "),
        (["--dataset", "tiny-findings"], "Error: 'tiny-findings' is a pretraining set and has no scores. Choose a coh"),
        (
            ["--dataset", "tiny", "--protocol", "none.toml"],
            "Error: Cannot read the protocol none.toml: No such file or",
        ),
        (["-p", "none.py"], "Error: No plugin file none.py. Give the path of a Python file after -p."),
        (["--without", "resnet5"], "Error: No plugin named 'resnet5'. Did you mean 'resnet50'?"),
        (
            ["--models", "tiny-net", "--dataset", "tiny", "--protocol", "TINY", "--device", "mps"],
            "Error: The device 'mps' ",
        ),
    ],
)
def test_what_is_not_there_is_said_with_what_is(refused, arguments, message):
    code, said = refused(*arguments)
    assert code == 1
    assert message in said
    assert said.count("Error:") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--models", " , "], "Invalid value for --models: name at least one model, or all"),
        (["--seeds", "one"], "Invalid value for --seeds: 'one' is no list of whole numbers such as 0,1,2"),
        (["--seeds", "-1"], "Invalid value for --seeds: '-1' is no list of whole numbers such as 0,1,2"),
        (["--timeout", "0"], "Invalid value for --timeout: '0' is no time such as 2h, 90m, 1h30m or 3600 (seconds)"),
        (["--timeout", "-5"], "Invalid value for --timeout: '-5' is no time such as"),
        (["--timeout", ""], "Invalid value for --timeout: '' is no time such as"),
        (["--timeout", "soon"], "Invalid value for --timeout: 'soon' is no time such as"),
        (["--timeout", "2 hours"], "Invalid value for --timeout: '2 hours' is no time such as"),
        (["--timeout", "1.5h"], "Invalid value for --timeout: '1.5h' is no time such as"),
        (["--timeout", "30m1h"], "Invalid value for --timeout: '30m1h' is no time such as"),
        (["--timeout", "9" * 30], "9' is no time such as"),
        (["--jobs", "0"], "Invalid value for '--jobs': 0 is not in the range x>=1."),
        (["--afresh", "--retry-failed"], "--afresh trains everything and --retry-failed only what failed: give one"),
        (["--nodes", "0"], "Invalid value for '--nodes': 0 is not in the range x>=1."),
        (["--nodes", "2"], "--nodes 2 needs a place where the machines meet: --rdzv-endpoint HOST, the first machine"),
        (["--rdzv-endpoint", "node1"], "--rdzv-endpoint is where several machines meet: say with --nodes how many."),
        ([*MEETING, "--jobs", "2"], "With --nodes one job runs at a time, on all machines. Leave out --jobs 2."),
        ([*MEETING, "--launcher", "ray"], "--nodes 2 is for the launcher 'local'; a job of 'ray' has one machine."),
        ([*MEETING, "--rdzv-timeout", "soon"], "Invalid value for --rdzv-timeout: 'soon' is no time such as 2h, 90m"),
        (
            ["--nodes", "2", "--rdzv-endpoint", "a:99999"],
            "--rdzv-endpoint: 'a:99999' is no address such as node1:29400",
        ),
        (["--nodes", "2", "--rdzv-endpoint", ":1"], "--rdzv-endpoint: ':1' is no address such as node1:29400"),
        (["--device", "tpu"], "Invalid value for '--device': 'tpu' is not one of 'auto', 'cpu', 'cuda', 'mps'."),
    ],
)
def test_wrong_usage_exits_with_2(refused, arguments, message):
    code, said = refused("--dataset", "tiny", "--protocol", "TINY", *arguments)
    assert code == 2
    assert message in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--device", "mps"], "Error: The device 'mps' is not there"),
        (
            ["--device", "cpu", "--devices", "3"],
            "Error: A batch of 4 films is too small for 2 machines with 3 devices ",
        ),
        (
            ["--device", "cpu", "--rdzv-timeout", "1s"],
            "Error: Nobody answered at nowhere.invalid:29400 in 1 seconds: Name or service not known.",
        ),
    ],
)
def test_machines_that_cannot_do_a_job_together_say_why_and_write_nothing(refused, arguments, message):
    models = ["--models", "tiny-net", "--dataset", "tiny", "--protocol", "TINY"]
    code, said = refused(*models, "--nodes", "2", "--rdzv-endpoint", "nowhere.invalid", *arguments)
    assert code == 1
    assert message in said
    assert said.count("Error:") == 1


def test_a_folder_is_no_dataset_and_the_message_says_how_to_describe_it(refused, tmp_path):
    (tmp_path / "films").mkdir()
    code, said = refused("--dataset", "films")
    assert code == 1
    assert (
        "Error: films is a folder. Write 'ra-bench cohort init films' to describe it, then '--dataset films/coh" in said
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("epochs = = 3", "mine.toml is not valid TOML: "),
        ("epocs = 3", "mine.toml: there is no key 'epocs'. Did you mean 'epochs'?"),
        ('name = "mine"\nbatch_size = "many"', "mine.toml: 'batch_size' is 'many'; allowed: a valid integer."),
    ],
)
def test_a_malformed_protocol_names_file_and_key(refused, tmp_path, text, message):
    (tmp_path / "mine.toml").write_text(text)
    code, said = refused("--dataset", "tiny", "--protocol", "mine.toml")
    assert code == 1
    assert message in said


def test_a_malformed_cohort_file_names_the_file(refused, tmp_path):
    (tmp_path / "cohort.toml").write_text("name = ")
    code, said = refused("--dataset", "cohort.toml")
    assert code == 1
    assert "cohort.toml" in said


def test_a_model_that_needs_a_missing_trainer_names_the_package_to_leave_out(refused, tmp_path):
    (tmp_path / "lost.py").write_text(
        "from ra_bench import ModelSpec, hookimpl\n@hookimpl\ndef register_models():\n"
        "    return [ModelSpec(name='lost', build=None, citation='', trainer='gone')]\n"
    )
    code, said = refused("-p", "lost.py", "--models", "lost", "--dataset", "tiny", "--protocol", "TINY")
    assert code == 1
    assert "Error: Model 'lost' of lost.py needs the trainer 'gone', which no plugin registers." in said


@pytest.mark.parametrize("pretraining", ["tiny", "gone"])
def test_a_model_that_needs_another_pretraining_set_is_refused(refused, tmp_path, pretraining):
    (tmp_path / "lost.py").write_text(
        "from ra_bench import ModelSpec, hookimpl\n@hookimpl\ndef register_models():\n"
        f"    return [ModelSpec(name='lost', build=None, citation='', pretraining='{pretraining}')]\n"
    )
    code, said = refused("-p", "lost.py", "--models", "lost", "--dataset", "tiny", "--protocol", "TINY")
    assert code == 1
    messages = {
        "tiny": "Error: Model 'lost' is to be pretrained on 'tiny', which has scores, not findings.",
        "gone": "Error: Model 'lost' of lost.py needs the dataset 'gone', which no plugin registers.",
    }
    assert messages[pretraining] in said
