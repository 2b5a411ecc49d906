import numpy as np
import pytest
import torch
from torch import nn

from ra_bench.errors import TrainingError
from ra_bench.training.predict import outputs, predict, rmse
from ra_bench.training.protocol import with_overrides
from ra_bench.training.standard import Spread

CPU = torch.device("cpu")


class Brightness(nn.Module):
    """Gives each film's mean z-score: a network whose output is known."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(3)

    def forward(self, films: torch.Tensor) -> torch.Tensor:
        return self.norm(films).mean(dim=(2, 3))[:, :1]


@pytest.fixture
def given(protocol):
    greys, scores = Spread(mean=100.0, sd=50.0), Spread(mean=40.0, sd=10.0)
    return {"protocol": protocol, "greys": greys, "scores": scores, "device": CPU, "name": "brightness"}


def test_predictions_are_mapped_back_to_the_scale(given, make_films):
    films, _ = make_films(5, given["protocol"], name="f", seed=0)
    expected = (films.films.mean(axis=(1, 2)) - 100) / 50 * 10 + 40
    assert predict(Brightness(), films, **given) == pytest.approx(expected, rel=1e-4)


def test_predictions_do_not_depend_on_the_batches(given, make_films, model):
    torch.manual_seed(0)
    films, _ = make_films(11, given["protocol"], name="f", seed=0)
    net = model.build()
    by_eight = predict(net, films, **given)
    by_three = predict(net, films, **given | {"protocol": with_overrides(given["protocol"], {"batch_size": 3})})
    assert by_eight == pytest.approx(by_three, rel=1e-5)


def test_predicting_leaves_the_statistics_of_the_network_alone(given, make_films):
    net = Brightness()
    films, _ = make_films(3, given["protocol"], name="f", seed=0)
    predict(net, films, **given)
    assert torch.equal(net.norm.running_mean, torch.zeros(3))


def test_no_films_give_no_predictions(given, make_films):
    films, _ = make_films(0, given["protocol"], name="f", seed=0)
    assert predict(Brightness(), films, **given).shape == (0,)


@pytest.mark.parametrize(
    ("layer", "found"),
    [
        (nn.Identity(), r"a tensor of shape \(2, 3, 4, 4\)"),
        (nn.Flatten(), r"a tensor of shape \(2, 48\)"),
        (nn.AdaptiveAvgPool2d(1), r"a tensor of shape \(2, 3, 1, 1\)"),
    ],
)
def test_an_output_of_the_wrong_shape_says_what_to_change(layer, found):
    message = rf"'odd' gives {found} for films of shape \(2, 3, 4, 4\); it must give a tensor of shape \(2, 1\)"
    with pytest.raises(TrainingError, match=message) as error:
        outputs(layer, torch.zeros(2, 3, 4, 4), columns=1, name="odd")
    assert "num_classes=1" in str(error.value)


def test_an_output_that_is_no_tensor_is_named():
    class Pair(nn.Module):
        def forward(self, films: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
            return films, films

    with pytest.raises(TrainingError, match="gives a tuple"):
        outputs(Pair(), torch.zeros(2, 3, 4, 4), columns=1, name="odd")


def test_rmse_of_errors_three_and_four():
    assert rmse(np.array([0.0, 0.0]), np.array([3.0, -4.0])) == pytest.approx(np.sqrt(12.5))


def test_rmse_of_nothing_is_nan():
    assert np.isnan(rmse(np.empty(0), np.empty(0)))


def test_rmse_of_a_diverged_model_warns_of_nothing():
    assert np.isinf(rmse(np.zeros(1), np.array([1e200])))
