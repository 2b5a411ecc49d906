import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from ra_bench.errors import TrainingError
from ra_bench.training.findings import aurocs, finding_loss, finding_targets, mean_auroc, probability_rmse

FOUR = np.array([[1.0, 0.0, -1.0, np.nan]])


@pytest.mark.parametrize(
    ("policy", "targets", "weights"),
    [
        ("ones", [1, 0, 1, 0], [1, 1, 1, 1]),
        ("zeros", [1, 0, 0, 0], [1, 1, 1, 1]),
        ("ignore", [1, 0, 0, 0], [1, 1, 0, 1]),
    ],
)
def test_uncertain_findings_follow_the_policy_and_blank_ones_are_absent(policy, targets, weights):
    given_targets, given_weights = finding_targets(FOUR, policy)
    assert (given_targets[0].tolist(), given_weights[0].tolist()) == (targets, weights)


def test_another_value_is_refused():
    with pytest.raises(TrainingError, match=r"Finding 1 of film 0 is 3\. Use 1 present, 0 absent, -1 uncertain"):
        finding_targets(np.array([[0.0, 3.0]]), "ones")


def test_findings_of_which_none_counts_are_refused():
    with pytest.raises(TrainingError, match=r"Every finding is uncertain.* Set pretraining\.uncertain"):
        finding_targets(np.array([[-1.0, -1.0]]), "ignore")


def test_loss_is_the_mean_over_findings_that_count():
    logits, targets = torch.tensor([[0.0, 2.0]]), torch.tensor([[1.0, 0.0]])
    weights = torch.tensor([[1.0, 1.0]]), torch.tensor([[1.0, 0.0]])
    both, first = (finding_loss(logits, targets, each, counted=each.sum()).item() for each in weights)
    assert first == pytest.approx(math.log(2))
    assert both == pytest.approx((math.log(2) + math.log(1 + math.exp(2))) / 2)


def test_a_batch_in_which_nothing_counts_has_no_loss():
    zero = torch.zeros(1, 2)
    assert finding_loss(zero, zero, zero, counted=zero.sum()).item() == 0


def test_parts_of_a_batch_add_up_to_its_loss():
    logits, targets = torch.randn(6, 3), torch.randint(2, (6, 3)).float()
    weights = torch.randint(2, (6, 3)).float()
    whole, first, rest = (
        finding_loss(logits[part], targets[part], weights[part], counted=weights.sum())
        for part in (slice(6), slice(2), slice(2, 6))
    )
    assert (first + rest).item() == pytest.approx(whole.item())


def test_probability_rmse_of_an_undecided_model_is_a_half():
    assert probability_rmse(np.array([[1.0, 0.0]]), np.ones((1, 2)), np.zeros((1, 2))) == 0.5


def test_probability_rmse_of_a_sure_and_right_model_is_nothing():
    assert probability_rmse(np.array([[1.0, 0.0]]), np.ones((1, 2)), np.array([[1e4, -1e4]])) == 0


def test_nothing_to_measure_is_nan():
    none = np.zeros((1, 2))
    assert math.isnan(probability_rmse(none, none, none))
    assert math.isnan(mean_auroc(aurocs(none, np.ones((1, 2)), none)))


@given(st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), min_size=2, max_size=15))
def test_auroc_counts_the_pairs_in_the_right_order(cases):
    present = [score for truth, score in cases if truth]
    absent = [score for truth, score in cases if not truth]
    targets = np.array([[float(truth)] for truth, _ in cases])
    scores = np.array([[float(score)] for _, score in cases])
    (found,) = aurocs(targets, np.ones_like(targets), scores)
    assert (found.present, found.absent) == (len(present), len(absent))
    if not present or not absent:
        assert math.isnan(found.area)
    else:
        pairs = [1.0 if p > a else 0.5 if p == a else 0.0 for p in present for a in absent]
        assert found.area == pytest.approx(np.mean(pairs))
        assert found.area == pytest.approx(mannwhitneyu(present, absent).statistic / len(present) / len(absent))


def test_mean_auroc_leaves_out_ignored_films_and_findings_without_both_sides():
    targets = np.array([[1.0, 1.0], [0.0, 1.0], [0.0, 1.0]])
    weights = np.array([[1.0, 1.0], [1.0, 1.0], [0.0, 1.0]])
    areas = aurocs(targets, weights, np.array([[2.0, 0], [1.0, 0], [9.0, 0]]))
    assert [(each.present, each.absent) for each in areas] == [(1, 1), (3, 0)]
    assert mean_auroc(areas) == 1
