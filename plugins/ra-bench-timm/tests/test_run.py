"""A model of timm from its name to the board, through the installed entry point."""

from pathlib import Path

import pytest
import timm
import torch
from torch.utils.flop_counter import FlopCounterMode

from ra_bench.suite import open_suite, plan, run


class Quiet:
    """Hears nothing."""

    def on_job_start(self, **_: object) -> None: ...
    def on_epoch_end(self, **_: object) -> None: ...
    def on_job_end(self, **_: object) -> None: ...


@pytest.mark.slow
def test_a_model_of_timm_is_trained_and_its_row_has_parameters_and_multiply_adds(tmp_path: Path) -> None:
    suite = open_suite(runs=tmp_path / "runs", boards=tmp_path / "boards", data=tmp_path / "data")
    wanted = plan(suite, models=["mean", "timm/mobilenetv3_small_050"], protocol="smoke", device="cpu")
    outcome = run(suite, wanted, observers=Quiet())
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        timm.create_model("mobilenetv3_small_050", num_classes=1).eval()(torch.empty(1, 3, 48, 64))
    row = next(row for row in outcome.board.rows if row.name == "timm/mobilenetv3_small_050")

    assert outcome.trained == 2
    assert (row.kind, row.parameters) == ("model", 569_249)  # timm publishes 1.59 million with 999 classes more
    assert row.madds == counter.get_total_flops() // 2
    assert "Changes the protocol: initialisation = model." in row.remark
    assert sorted(file.name for file in (tmp_path / "boards" / wanted.board / "records").iterdir()) == [
        "mean-seed0",
        "timm--mobilenetv3_small_050-seed0",
    ]
    assert plan(suite, models=["timm/mobilenetv3_small_050"], protocol="smoke", device="cpu").jobs[0].record is not None
