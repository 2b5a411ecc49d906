"""Two films with one hand each become one film with both."""

import pickle
from functools import partial

import numpy as np
import pytest
from PIL import Image

from ra_bench.cohorts.compose import read_two_hands, side_by_side
from ra_bench.errors import FilmError


@pytest.fixture
def hands(tmp_path):
    """A left hand's film (grey 50) that is taller than the right hand's (grey 90)."""
    left, right = tmp_path / "L.png", tmp_path / "R.png"
    Image.fromarray(np.full((8, 5), 50, np.uint8)).save(left)
    Image.fromarray(np.full((6, 3), 90, np.uint8)).save(right)
    return left, right


def test_the_left_hand_lies_on_the_left_and_nothing_is_resampled(hands):
    film = read_two_hands(*hands)
    assert film.shape == (8, 8)
    assert (film[:, :5] == 50).all()
    assert (film[1:7, 5:] == 90).all()


def test_the_lower_film_is_padded_with_black(hands):
    film = read_two_hands(*hands)
    assert (film[[0, 7], 5:] == 0).all()


def test_a_composed_film_is_decoded_when_called_and_survives_pickling(hands):
    film = partial(read_two_hands, *hands)
    sent = pickle.loads(pickle.dumps(film))
    Image.fromarray(np.full((8, 5), 51, np.uint8)).save(hands[0])
    assert sent()[0, 0] == 51


def test_a_hand_that_cannot_be_read_is_told(hands):
    hands[1].write_bytes(b"")
    with pytest.raises(FilmError, match=r"R\.png: the file is empty"):
        read_two_hands(*hands)


def test_of_films_of_two_depths_both_get_sixteen_bits_and_white_stays_white():
    both = side_by_side(np.array([[0, 255]], np.uint8), np.array([[7, 65535]], np.uint16))
    assert both.dtype == np.uint16
    assert both.tolist() == [[0, 65535, 7, 65535]]
