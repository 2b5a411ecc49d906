from __future__ import annotations

import numpy as np

from ra_bench.boards.facts import record_facts, setting_facts, without_record_facts
from ra_bench.boards.held_out import held_out
from ra_bench.values import SVH_HANDS, Cohort, Loss, Optimiser, Pretraining, Protocol, Sample, Split, SplitRule


def setting():
    samples = tuple(
        Sample(
            sample_id=f"film{k}",
            patient_id=f"patient{k // 2}",
            visit="",
            film=lambda: np.zeros((2, 2), np.uint8),
            readings={"reader1": 1.0, "reader2": 2.0},
        )
        for k in range(8)
    )
    cohort = Cohort(
        name="hands",
        version="abc",
        scale=SVH_HANDS,
        samples=samples,
        citation="Someone 2020.",
        licence="CC BY 4.0",
        simulated=True,
        remarks=("Made up.",),
    )
    ids = tuple(sample.sample_id for sample in samples)
    split = Split(train=ids[:4], validation=ids[4:6], test=ids[6:], origin="by patient, seed 0")
    optimiser = Optimiser(name="sgd", learning_rate=0.001)
    protocol = Protocol(
        name="quick",
        summary="A short run.",
        height=64,
        width=64,
        split=SplitRule(train=2, validation=1, test=1),
        epochs=1,
        batch_size=4,
        loss=Loss(name="mse"),
        optimiser=optimiser,
        pretraining=Pretraining(epochs=1, batch_size=4, optimiser=optimiser),
        ours={"epochs": "100: the paper gives none"},
    )
    return cohort, split, protocol


def test_facts_say_cohort_split_and_protocol():
    facts = dict(setting_facts(*setting(), command="ra-bench run"))
    assert facts["cohort"] == "hands, version abc, simulated"
    assert facts["scale"] == "SvH, both hands, 0 to 280 SvH units"
    assert facts["readers"] == "2: reader1, reader2"
    assert facts["training"] == "4 films of 2 patients"
    assert facts["test"] == "2 films of 1 patients"
    assert facts["protocol"] == "quick: A short run."
    assert facts["our choice where the paper is silent"] == "epochs: 100: the paper gives none"
    assert facts["note on the cohort"] == "Made up."
    assert facts["command"] == "ra-bench run"


def test_an_empty_fact_is_left_out():
    assert "command" not in dict(setting_facts(*setting()))


def test_facts_of_records_can_be_taken_off_again(made):
    records = made.board_records()
    given = setting_facts(*setting())
    assert without_record_facts((*given, *record_facts(records, held_out(records)))) == given
