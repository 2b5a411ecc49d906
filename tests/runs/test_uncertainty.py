"""What a trainer says of its error is checked before a job is committed."""

from __future__ import annotations

from math import nan

import numpy as np
import pytest

from ra_bench.errors import TrainingError
from ra_bench.runs.work import check_fitted
from ra_bench.specs import Fitted
from ra_bench.values import Split, Uncertainty

SPLIT = Split(train=("t1",), validation=("v1", "v2"), test=("f1", "f2"), origin="here")


def fitted(**said):
    return Fitted(validation=np.ones(2), test=np.ones(2), test_uncertainty=Uncertainty(**said))


@pytest.mark.parametrize("said", [{}, {"sd": (0.0, 1.0)}, {"lower": (0.0, 1.0), "upper": (0.0, 2.0), "level": 0.5}])
def test_what_makes_sense_passes(said):
    check_fitted(fitted(**said), SPLIT, "sure")


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"sd": (1.0,)}, r"'sure' gave test films 1 numbers as 'sd'\. Give one finite number a film, 2"),
        ({"sd": (1.0, nan)}, r"2 numbers as 'sd'\. Give one finite number a film, 2"),
        ({"sd": (1.0, -2.0)}, r"an SD below 0, on 'f2'"),
        ({"lower": (1.0, 2.0)}, r"one end of an interval\. Give both 'lower' and 'upper'"),
        ({"lower": (1.0, 2.0), "upper": (1.0, 1.0)}, r"lower end is above its upper, on 'f2'"),
        ({"lower": (1.0, 2.0), "upper": (2.0, 3.0), "level": 95}, r"an interval of level 95\. Give a share"),
    ],
)
def test_what_makes_none_is_refused(said, message):
    with pytest.raises(TrainingError, match=message):
        check_fitted(fitted(**said), SPLIT, "sure")
