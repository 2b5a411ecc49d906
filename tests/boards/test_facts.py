from __future__ import annotations

from dataclasses import replace

import numpy as np

from ra_bench.boards.facts import record_facts, setting_facts, without_record_facts
from ra_bench.boards.held_out import held_out
from ra_bench.values import (
    SVH_HANDS,
    Cohort,
    Loss,
    Optimiser,
    Pretraining,
    Protocol,
    Sample,
    Split,
    SplitPlan,
    SplitRule,
)


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
    return cohort, SplitPlan(splits=(split,), origin=split.origin), protocol


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


def test_films_visits_and_patients_are_counted_separately():
    cohort, plan, protocol = setting()
    visits = ("0", "0", "0", "1", "0", "1", "0", "1")
    samples = tuple(replace(sample, visit=visit) for sample, visit in zip(cohort.samples, visits, strict=True))
    facts = dict(setting_facts(replace(cohort, samples=samples), plan, protocol))
    assert facts["training"] == "4 films of 3 visits of 2 patients"
    assert facts["test"] == "2 films of 2 visits of 1 patients"


def test_of_folds_the_least_and_the_largest_are_told_and_what_all_have():
    cohort, plan, protocol = setting()
    (split,) = plan.splits
    other = replace(split, train=split.validation, validation=split.train)
    facts = dict(setting_facts(cohort, replace(plan, splits=(split, other)), protocol))
    assert facts["training"] == "2 to 4 films in each of 2 folds; 6 films of 3 patients in all"


def test_an_empty_fact_is_left_out():
    assert "command" not in dict(setting_facts(*setting()))


def test_facts_of_records_can_be_taken_off_again(made):
    records = made.board_records()
    given = setting_facts(*setting())
    assert without_record_facts((*given, *record_facts(records, held_out(records)))) == given
