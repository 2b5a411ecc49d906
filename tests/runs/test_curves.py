"""Curves for TensorBoard, as TensorBoard's own reader finds them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from ra_bench.errors import StorageError, TrainingError
from ra_bench.runs.curves import Curves
from ra_bench.runs.plan import PlannedJob
from ra_bench.values import EpochReport, Fold

pytest.importorskip("tensorboard", reason="the extra tensorboard is not installed")

FOLDER = Path("hands/net/seed2-0123456789ab")


def report(epoch, *, stage="training", loss=0.5, error=20.0, seconds=2.0):
    return EpochReport(
        stage=stage,
        epoch=epoch,
        epochs=5,
        train_loss=loss,
        validation_rmse=error,
        learning_rate=0.125,
        seconds=seconds,
        films=8,
    )


def read(folder):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(folder))
    found.Reload()
    return found


def points(folder, tag):
    return [(each.step, each.value) for each in read(folder).Scalars(tag)]


@pytest.fixture
def tell(job):
    """One try of a job."""

    def told(folder, *reports, earlier=()):
        curves = Curves(folder)
        curves.expect([PlannedJob(job=job, record=None, reason="", due=True, earlier=tuple(earlier))])
        curves.on_job_start(job=job)
        for each in reports:
            curves.on_epoch_end(job=job, report=each)
        curves.on_job_end(job=job, record=None)

    return told


def test_every_quantity_of_an_epoch_is_a_curve(tmp_path, tell):
    tell(tmp_path, report(1), report(2, loss=0.25, error=10.0, seconds=4.0))
    assert read(tmp_path / FOLDER).Tags()["scalars"] == [
        "training/loss",
        "training/validation_rmse",
        "training/learning_rate",
        "training/seconds",
        "training/films_per_second",
    ]
    assert points(tmp_path / FOLDER, "training/loss") == [(1, 0.5), (2, 0.25)]
    assert points(tmp_path / FOLDER, "training/validation_rmse") == [(1, 20.0), (2, 10.0)]
    assert points(tmp_path / FOLDER, "training/learning_rate") == [(1, 0.125), (2, 0.125)]
    assert points(tmp_path / FOLDER, "training/seconds") == [(1, 2.0), (2, 4.0)]
    assert points(tmp_path / FOLDER, "training/films_per_second") == [(1, 4.0), (2, 2.0)]


def test_a_point_is_there_as_soon_as_its_epoch_is_over(tmp_path, job):
    curves = Curves(tmp_path)
    curves.on_epoch_end(job=job, report=report(1))
    assert points(tmp_path / FOLDER, "training/loss") == [(1, 0.5)]


def test_what_is_not_known_is_no_point(tmp_path, tell):
    tell(tmp_path, report(1, error=float("nan"), seconds=0.0))
    tags = read(tmp_path / FOLDER).Tags()["scalars"]
    assert "training/validation_rmse" not in tags
    assert "training/films_per_second" not in tags


def test_pretraining_has_curves_of_its_own_beside_those_of_the_training(tmp_path, tell):
    tell(tmp_path, report(1, stage="pretraining"), report(2, stage="pretraining"), report(1, loss=0.25))
    assert points(tmp_path / FOLDER / "pretraining", "pretraining/loss") == [(1, 0.5), (2, 0.5)]
    assert points(tmp_path / FOLDER, "training/loss") == [(1, 0.25)]


def test_the_job_is_told_as_a_text_with_its_key(tmp_path, job):
    curves = Curves(tmp_path)
    curves.on_epoch_end(job=replace(job, fold=Fold(number=3, of=5, site="north")), report=report(1))
    (event,) = read(tmp_path / "hands/net/seed2-fold3-0123456789ab").Tensors("job/text_summary")
    text = event.tensor_proto.string_val[0].decode()
    assert text.startswith("| job | |\n|---|---|\n| model | net |\n| seed | 2 |\n| fold | 3 of 5 north |\n")
    assert text.endswith("| key | 0123456789abcdef |")


def test_a_job_that_goes_on_has_every_epoch_once(tmp_path, tell):
    first = [report(1), report(2), report(3, loss=9.0)]
    tell(tmp_path, *first)
    tell(tmp_path, report(3), report(4), earlier=first[:2])  # epoch 3 was lost, and is done again
    assert points(tmp_path / FOLDER, "training/loss") == [(1, 0.5), (2, 0.5), (3, 0.5), (4, 0.5)]
    assert len(read(tmp_path / FOLDER).Tensors("job/text_summary")) == 1


def test_epochs_of_a_try_that_drew_nothing_are_there_too(tmp_path, tell):
    tell(tmp_path, report(3), earlier=[report(1), report(2)])
    found = read(tmp_path / FOLDER).Scalars("training/loss")
    assert [each.step for each in found] == [1, 2, 3]
    assert found[1].wall_time - found[0].wall_time == pytest.approx(2.0, abs=1e-3)


def test_a_pretraining_that_goes_on_keeps_the_points_before(tmp_path, tell):
    tell(tmp_path, *(report(epoch, stage="pretraining", loss=9.0) for epoch in (1, 2, 3)))
    tell(tmp_path, report(3, stage="pretraining"))
    assert points(tmp_path / FOLDER / "pretraining", "pretraining/loss") == [(1, 9.0), (2, 9.0), (3, 0.5)]


def test_a_job_that_starts_again_within_a_run_has_every_epoch_once(tmp_path, tell):
    tell(tmp_path, report(1, loss=9.0), report(2, loss=9.0), report(1), report(2))
    assert points(tmp_path / FOLDER, "training/loss") == [(1, 0.5), (2, 0.5)]


@pytest.fixture
def standing(job):
    record = SimpleNamespace(history=(report(1), report(2)), finished="2022-03-01T12:00:00+00:00")
    return PlannedJob(job=job, record=record, reason="", due=False)


def test_a_job_that_stands_is_drawn_from_its_record_at_the_time_at_which_it_ended(tmp_path, standing):
    Curves(tmp_path).expect([standing])
    assert points(tmp_path / FOLDER, "training/loss") == [(1, 0.5), (2, 0.5)]
    assert [each.wall_time for each in read(tmp_path / FOLDER).Scalars("training/loss")] == [
        1646135998.0,
        1646136000.0,
    ]


def test_a_job_that_stands_is_drawn_once(tmp_path, standing, tell):
    tell(tmp_path, report(1, loss=9.0))
    Curves(tmp_path).expect([standing])
    assert points(tmp_path / FOLDER, "training/loss") == [(1, 9.0)]


def test_without_tensorboard_the_error_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard.summary.writer.record_writer", None)
    with pytest.raises(TrainingError, match=r"pip install 'ra-bench\[tensorboard\]'"):
        Curves(tmp_path)


def test_a_folder_that_cannot_be_is_refused_before_anything_is_trained(tmp_path, job):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file"):
        Curves(tmp_path / "file").expect([PlannedJob(job=job, record=None, reason="", due=True)])


def test_a_file_that_cannot_be_written_is_an_error_that_names_it(tmp_path, job):
    curves = Curves(tmp_path)
    curves.on_epoch_end(job=job, report=report(1))
    (file,) = (tmp_path / FOLDER).iterdir()
    file.unlink()
    file.mkdir()
    with pytest.raises(StorageError, match="name another folder"):
        curves.on_epoch_end(job=job, report=report(2))


def test_torch_is_not_imported_to_write_curves(tmp_path):
    code = "import sys; from pathlib import Path; from ra_bench.runs.curves import Curves; Curves(Path()).expect([])"
    subprocess.run([sys.executable, "-c", f"{code}; assert 'torch' not in sys.modules"], check=True, cwd=tmp_path)
