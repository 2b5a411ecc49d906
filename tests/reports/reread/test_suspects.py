"""Which films most models contradict."""

from __future__ import annotations

import numpy as np
import pytest

from ra_bench.boards.held_out import HeldOut
from ra_bench.errors import RecordError
from ra_bench.reports.reread.suspects import audit_labels, errors_beyond_shrinkage, reader_margin
from ra_bench.values import Board, BoardRow

#: 24 films, reference 10, 20, ..., 240; two readers who differ by 2 to either side in turn.
REFERENCE = np.arange(1, 25) * 10.0
HALF = np.where(np.arange(24) % 2, 1.0, -1.0)
READINGS = {"A": REFERENCE - HALF, "B": REFERENCE + HALF}
#: SD (n - 1) of 12 times -2 and 12 times 2 is 2 sqrt(24 / 23).
MARGIN = 1.959964 * 2 * np.sqrt(24 / 23)


def films(predicted, readings=None):
    readings = READINGS if readings is None else readings
    return HeldOut(
        ids=tuple(f"film{n:02d}" for n in range(24)),
        patients=np.arange(24),
        readings=readings,
        reference=np.mean(list(readings.values()), axis=0),
        predicted={name: np.atleast_2d(np.asarray(values, float)) for name, values in predicted.items()},
        seeds=dict.fromkeys(predicted, (0,)),
    )


def board(*names, unranked=()):
    rows = [BoardRow(kind="model", name=name, rank=1) for name in names]
    return Board(name="b", title="b", columns=(), rows=(*rows, *(BoardRow(kind="model", name=n) for n in unranked)))


def off_at(*places, by=50.0, slope=1.0):
    values = REFERENCE * slope
    values[list(places)] += by
    return values


def test_the_margin_is_half_the_width_of_the_limits_of_agreement():
    assert reader_margin(list(READINGS.values())) == pytest.approx(MARGIN, rel=1e-6)


def test_the_margin_of_three_readers_is_over_all_pairs():
    # SDs of the pairs: s, s and 2 s with s = MARGIN / 1.96, so the root of the mean square is sqrt(2) s
    three = [REFERENCE, REFERENCE + 2 * HALF, REFERENCE - 2 * HALF]
    assert reader_margin(three) == pytest.approx(np.sqrt(2) * MARGIN, rel=1e-6)


def test_readers_without_two_common_films_give_no_margin():
    first, second = np.full(4, np.nan), np.ones(4)
    first[0] = 1.0
    assert reader_margin([first, second]) is None
    assert reader_margin([second]) is None


def test_a_film_that_three_models_read_alike_against_the_reference_is_suspect():
    names = "a", "b", "c"
    found = audit_labels(board(*names), films({name: off_at(11) for name in names}))
    (one,) = found.suspects
    assert (one.film, one.reference, one.same_side, one.beyond) == ("film11", 120.0, 3, 3)
    # the middle film moves the mean error by 50 / 24 and hardly the slope
    assert one.off == pytest.approx(50 - 50 / 24, abs=0.5)
    assert (len(found.others), found.margin_given) == (23, False)
    assert found.margin == pytest.approx(MARGIN, rel=1e-6)


def test_models_that_err_to_both_sides_accuse_nobody():
    predicted = {"a": off_at(11), "b": off_at(11), "c": off_at(11, by=-50.0), "d": off_at(11, by=-50.0)}
    assert audit_labels(board(*predicted), films(predicted)).suspects == ()


def test_three_of_four_are_most_and_two_of_three_are_not():
    four = {"a": off_at(11), "b": off_at(11), "c": off_at(11), "d": off_at(11, by=-50.0)}
    (one,) = audit_labels(board(*four), films(four)).suspects
    assert (one.same_side, one.beyond) == (3, 3)
    three = {"a": off_at(11), "b": off_at(11), "c": off_at(11, by=-50.0)}
    assert audit_labels(board(*three), films(three)).suspects == ()


def test_models_that_shrink_the_scale_accuse_no_severe_film():
    predicted = dict.fromkeys("abc", 40 + 0.5 * REFERENCE)
    assert audit_labels(board(*"abc"), films(predicted)).suspects == ()


def test_a_model_that_answers_the_same_for_all_has_no_voice():
    assert errors_beyond_shrinkage(REFERENCE, np.full((1, 24), 40.0)) == pytest.approx(np.zeros(24), abs=1e-9)
    predicted = {"a": off_at(11), "b": off_at(11), "c": np.full(24, 40.0)}
    assert audit_labels(board(*predicted), films(predicted)).suspects == ()


def test_several_seeds_of_a_model_are_one_voice():
    errors = errors_beyond_shrinkage(REFERENCE, np.stack([off_at(11, by=100.0), off_at(11, by=0.0)]))
    assert errors == pytest.approx(errors_beyond_shrinkage(REFERENCE, off_at(11)[None]))


def test_baselines_and_models_without_a_rank_have_no_voice():
    predicted = {name: off_at(11) for name in "abcd"}
    found = audit_labels(board("a", "b", "c", unranked=("d",)), films(predicted))
    assert found.models == ("a", "b", "c")


def test_the_most_consistent_comes_first_then_the_furthest_off():
    predicted = {"a": off_at(5, 11, 17), "b": off_at(5, 11, 17), "c": off_at(5, 11, 17)}
    predicted["a"][11] = REFERENCE[11] + 1.0
    predicted["b"][17] += 10.0
    predicted["c"][17] += 10.0
    predicted["a"][17] += 10.0
    found = audit_labels(board(*predicted), films(predicted), margin=30.0)
    assert [one.film for one in found.suspects][:2] == ["film17", "film05"]
    assert found.suspects[0].beyond == 3


def test_films_without_a_reference_are_neither_suspect_nor_control():
    readings = {name: np.where(np.arange(24) == 3, np.nan, scores) for name, scores in READINGS.items()}
    found = audit_labels(board(*"abc"), films({name: off_at(11) for name in "abc"}, readings))
    assert len(found.suspects) + len(found.others) == 23


def test_two_models_are_too_few():
    with pytest.raises(RecordError, match=r"has 2 ranked models, .* it takes 3 or more"):
        audit_labels(board("a", "b"), films({name: off_at(11) for name in "ab"}))


def test_one_reader_is_no_yardstick_but_a_margin_is():
    alone = films({name: off_at(11) for name in "abc"}, {"score": REFERENCE})
    with pytest.raises(RecordError, match=r"knows no two readers .* Say with --margin"):
        audit_labels(board(*"abc"), alone)
    found = audit_labels(board(*"abc"), alone, margin=20.0)
    assert ([one.film for one in found.suspects], found.margin_given) == (["film11"], True)


@pytest.mark.parametrize("margin", [0.0, float("nan"), float("inf"), -1.0])
def test_a_margin_that_is_no_yardstick_is_refused(margin):
    with pytest.raises(RecordError, match="that is no yardstick"):
        audit_labels(board(*"abc"), films({name: off_at(11) for name in "abc"}), margin=margin)


def test_readers_who_never_differ_are_no_yardstick():
    with pytest.raises(RecordError, match="off by more than 0: that is no yardstick"):
        audit_labels(board(*"abc"), films({n: off_at(11) for n in "abc"}, {"A": REFERENCE, "B": REFERENCE}))


def test_fewer_than_three_films_with_a_reference_are_refused():
    readings = {name: np.where(np.arange(24) < 2, scores, np.nan) for name, scores in READINGS.items()}
    with pytest.raises(RecordError, match="Only 2 films of the board 'b' have a reference"):
        audit_labels(board(*"abc"), films({name: off_at(1) for name in "abc"}, readings))
